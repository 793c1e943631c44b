"""Rules about code that no general scanner knows: each names the lines of a syntax tree that break it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from cdd.logs import ALLOWED

type Rule = Callable[[ast.AST], Iterator[int]]

ATOMIC = {"atomic", "tenant_scope"}
PROVIDERS = {"send", "send_batch", "look_up", "look_up_batch", "create_verification"}
HTTP = {"get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "Client", "AsyncClient"}
SESSION_SQL = re.compile(
    r"(^|;)\s*SET\s+(?!LOCAL|TRANSACTION|CONSTRAINTS)[\w. ]+(=|\bTO\b)|(^|;)\s*(?-i:(UN)?LISTEN)\s+\w"
    r"|pg_(try_)?advisory_lock\b"
    r"|set_config\([^)]*,\s*false\s*\)",
    re.IGNORECASE,
)
OTHER_RIGHTS = re.compile(r"\bSET\s+(SESSION\s+)?(ROLE|AUTHORIZATION)\b|BYPASSRLS|row_security\s*=")
SECRET = re.compile(r"(token|secret|signature|password|hmac|mac|code_hash)$", re.IGNORECASE)
HARMLESS = {
    "pk",
    "id",
    "account_id",
    "tries",
    "count",
    "len",
    "__name__",
    "code",
    "status",
    "seconds",
    "provider",
    "channel",
}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def name(node: ast.AST) -> str:
    """A dotted name, as far as it can be read."""
    if isinstance(node, ast.Attribute):
        return f"{name(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return name(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in the tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def provider_called_in_a_transaction(tree: ast.AST) -> Iterator[int]:
    """HTTP, SMTP or an adapter, while locks and a connection are held."""
    for node in ast.walk(tree):
        opened: list[ast.expr] = []
        if isinstance(node, ast.With | ast.AsyncWith):
            opened = [item.context_expr for item in node.items]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            opened = node.decorator_list
        else:
            continue
        if any(name(expression).rpartition(".")[2] in ATOMIC for expression in opened):
            for call in (call for statement in node.body for call in calls(statement)):
                owner, _, method = name(call.func).rpartition(".")
                root = owner.partition(".")[0]
                is_adapter = method in PROVIDERS and re.search(r"provider|adapter|printer|sender|vendor", owner)
                if root in {"httpx", "requests", "smtplib", "urllib"} or method == "urlopen" or is_adapter:
                    yield call.lineno


def walls_walked_around(tree: ast.AST) -> Iterator[int]:
    """Managers without a tenant, or another role's rights."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"all_tenants", "_base_manager"}:
            yield node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OTHER_RIGHTS.search(node.value):
            yield node.lineno


def left_on_the_session(tree: ast.AST) -> Iterator[int]:
    """Settings, locks and listeners that outlive a transaction: behind a pooler they are somebody else's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SESSION_SQL.search(node.value):
            yield node.lineno


def markup_taken_on_trust(tree: ast.AST) -> Iterator[int]:
    """Text declared to be HTML."""
    for call in calls(tree):
        if name(call.func).rpartition(".")[2] in {"mark_safe", "SafeString", "SafeText"}:
            yield call.lineno


def sql_put_together(tree: ast.AST) -> Iterator[int]:
    """Statements with values written into them."""
    for call in calls(tree):
        method = name(call.func).rpartition(".")[2]
        runs = method in {"execute", "executemany", "raw", "extra", "RawSQL", "RunSQL", "copy"}
        if runs and call.args and _is_put_together(call.args[0]):
            yield call.lineno


def _is_put_together(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        sides = (node.left, node.right)
        is_text = any(isinstance(side, ast.Constant | ast.JoinedStr) for side in sides) or isinstance(node.op, ast.Mod)
        return is_text and not all(isinstance(side, ast.Constant) for side in sides)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def time_kept_in_the_broker(tree: ast.AST) -> Iterator[int]:
    """A due time in a message is lost with it; ours are columns."""
    for call in calls(tree):
        if any(keyword.arg in {"eta", "countdown"} for keyword in call.keywords):
            yield call.lineno


def logged_by_value(tree: ast.AST) -> Iterator[int]:
    """Log lines with anything but an event's name and keys known to be harmless."""
    for call in calls(tree):
        owner, _, method = name(call.func).rpartition(".")
        if method not in LOG_METHODS or owner.rpartition(".")[2] not in {"log", "logger", "logging"}:
            continue
        is_plain = bool(call.args) and isinstance(call.args[0], ast.Constant)
        extra = [keyword for keyword in call.keywords if keyword.arg not in ALLOWED | {"exc_info", "extra"}]
        objects = [argument for argument in call.args[1:] if not _is_harmless(argument)]
        if not is_plain or extra or objects:
            yield call.lineno


def _is_harmless(node: ast.expr) -> bool:
    """A number, an id or a type's name; never an object that prints its row."""
    last = name(node).rpartition(".")[2]
    return isinstance(node, ast.Constant) or last in HARMLESS


def code_out_of_data(tree: ast.AST) -> Iterator[int]:
    """Formats and calls that run what they read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if {"pickle", "marshal", "shelve", "dill", "cloudpickle"} & set(modules):
                yield node.lineno
        if isinstance(node, ast.Call):
            called = name(node.func)
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            shell = keywords.get("shell")
            if called in {"yaml.load", "yaml.unsafe_load", "eval", "exec", "os.system", "os.popen"} or (
                isinstance(shell, ast.Constant) and shell.value is True
            ):
                yield node.lineno


def certificate_not_looked_at(tree: ast.AST) -> Iterator[int]:
    """TLS to anybody."""
    for call in calls(tree):
        for keyword in call.keywords:
            is_off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in {"verify", "check_hostname"} and is_off:
                yield call.lineno
        if name(call.func).endswith("_create_unverified_context"):
            yield call.lineno


def waits_for_ever(tree: ast.AST) -> Iterator[int]:
    """Calls over the network without a time limit."""
    for call in calls(tree):
        owner, _, method = name(call.func).rpartition(".")
        is_http = owner in {"httpx", "requests"} and method in HTTP
        is_socket = method in {"urlopen", "create_connection"} or (owner, method) in {
            ("smtplib", "SMTP"),
            ("smtplib", "SMTP_SSL"),
        }
        if (is_http or is_socket) and not any(keyword.arg in {"timeout", None} for keyword in call.keywords):
            yield call.lineno


def guessable(tree: ast.AST) -> Iterator[int]:
    """The generator for games, where nothing may be guessed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            yield node.lineno


def compared_in_telling_time(tree: ast.AST) -> Iterator[int]:
    """Secrets compared character by character until the first difference."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            named = any(SECRET.search(name(side).rpartition(".")[2]) for side in sides)
            if named and not any(isinstance(side, ast.Constant) for side in sides):
                yield node.lineno


def leads_anywhere(tree: ast.AST) -> Iterator[int]:
    """A redirect to an address out of the request, in a function that does not check it."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        names = {name(node) for node in ast.walk(function)}
        taken = set(_taken_from_request(function)) - {""}
        if any(found.endswith("url_has_allowed_host_and_scheme") for found in names):
            continue
        for call in calls(function):
            is_redirect = name(call.func).rpartition(".")[2] in {
                "redirect",
                "HttpResponseRedirect",
                "HttpResponsePermanentRedirect",
                "HttpResponseClientRedirect",
            }
            if is_redirect and call.args and (_reads_request(call.args[0]) or name(call.args[0]) in taken):
                yield call.lineno


def _taken_from_request(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _reads_request(node.value):
            yield from (name(target) for target in node.targets)


def _reads_request(node: ast.AST) -> bool:
    inner = [name(part) for part in ast.walk(node)]
    return any(re.search(r"request\.(GET|POST|META|COOKIES|headers)\b", found) for found in inner)


def spreadsheet_by_hand(tree: ast.AST) -> Iterator[int]:
    """Cells that a spreadsheet may run as formulas."""
    for call in calls(tree):
        if name(call.func) in {"csv.writer", "csv.DictWriter"}:
            yield call.lineno


def plain_files(tree: ast.AST) -> Iterator[int]:
    """Files that may hold personal data in clear, left to a temporary directory."""
    for call in calls(tree):
        owner, _, method = name(call.func).rpartition(".")
        if owner == "tempfile" or method in {"NamedTemporaryFile", "TemporaryFile", "mkstemp", "mkdtemp"}:
            yield call.lineno
