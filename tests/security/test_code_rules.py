"""The project's own rules about dangerous code: everywhere kept, and each finds what is planted."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT
from tests.security import rules
from tests.security.rules import Rule
from tests.test_architecture import modules, name_of

# Rule → what breaks it, what does not, and the places where it is right to break it, with the reason.
RULES: dict[Rule, tuple[str, str, dict[str, str]]] = {
    rules.provider_called_in_a_transaction: (
        "with transaction.atomic():\n    httpx.post(url, timeout=1)\n",
        "with transaction.atomic():\n    row.save()\nhttpx.post(url, timeout=1)\n",
        {},
    ),
    rules.walls_walked_around: (
        "Customer._base_manager.all()\nsql = 'SET ROLE postgres'\n",
        "Customer.objects.all()\n",
        {
            "tenants/": "builds the walls",
            "audit/": "its table has another owner",
            "cdd/servers/": "makes the roles",
            "cdd/demo": "the demonstration plays the intruder",
            "cdd/benchmarks": "measures with and without the walls",
        },
    ),
    rules.left_on_the_session: (
        "cursor.execute('SET app.tenant_id = 1')\ncursor.execute('SELECT pg_advisory_lock(1)')\nx = 'LISTEN news'\n",
        "cursor.execute('SET LOCAL lock_timeout = 1')\ncursor.execute('SELECT pg_advisory_xact_lock(1)')\n",
        {"cdd/benchmarks": "connections of its own", "cdd/servers/": "connections of its own"},
    ),
    rules.markup_taken_on_trust: (
        "mark_safe(text)\n",
        "format_html('<b>{}</b>', text)\n",
        {
            "tenants/templatetags/binding.py": "joins what Django and format_html have made",
            "questionnaires/templatetags/rehearsal.py": "puts what format_html made into a page a template made",
        },
    ),
    rules.sql_put_together: (
        "cursor.execute(f'SELECT {x}')\ncursor.execute('SELECT %s' % x)\ncursor.execute('SELECT {}'.format(x))\n",
        "cursor.execute('SELECT %s', [x])\ncursor.execute(_TABLES + sql)\n",
        {
            "tenants/operations.py": "migrations: names of tables and columns from the models",
            "tenants/guards.py": "names of tables from the catalogue",
            "audit/": "names of tables and functions from the models",
            "cdd/servers/": "names of roles from constants",
            "cdd/benchmarks": "names of tables from constants",
            "cdd/demo": "names of tables from the models",
        },
    ),
    rules.time_kept_in_the_broker: ("task.apply_async(countdown=60)\n", "task.delay(1)\n", {}),
    rules.logged_by_value: (
        "log.info('sent', customer=customer)\nlog.info(f'sent {customer}')\nlog.info('sent %s', customer)\n",
        "log.info('sent', count=3)\nlog.warning('refused %s', attempt.pk)\n",
        {"sandbox/": "knows nobody real"},
    ),
    rules.code_out_of_data: (
        "import pickle\nyaml.load(text)\nsubprocess.run(line, shell=True)\neval(text)\n",
        "import json\nyaml.safe_load(text)\nsubprocess.run([line])\n",
        {},
    ),
    rules.certificate_not_looked_at: ("httpx.get(url, verify=False)\n", "httpx.get(url, verify=context)\n", {}),
    rules.waits_for_ever: (
        "httpx.get(url)\nurlopen(url)\nsmtplib.SMTP(host)\n",
        "httpx.get(url, timeout=3)\nurlopen(url, timeout=3)\nsmtplib.SMTP(host, timeout=3)\n",
        {},
    ),
    rules.guessable: (
        "import random\nfrom random import choice\n",
        "import secrets\n",
        {
            "customers/accounts/inventing.py": "invented accounts",
            "customers/synthetic.py": "invented people",
            "customers/synthetic_details.py": "what else is invented of them",
            "cdd/demo": "invented people",
            "cdd/benchmarks": "invented people",
            "cdd/chaos": "which process dies, repeatably",
            "sandbox/": "invented weather",
        },
    ),
    rules.compared_in_telling_time: (
        "if given.token == row.token: pass\n",
        "if hmac.compare_digest(given.token, row.token): pass\nif token == '': pass\n",
        {"sandbox/": "guards nothing"},
    ),
    rules.leads_anywhere: (
        "def view(request):\n    back = request.POST['next']\n    return redirect(back)\n",
        "def view(request):\n    return redirect('home')\n",
        {},
    ),
    rules.spreadsheet_by_hand: (
        "csv.writer(out)\n",
        "csv.reader(source)\n",
        {
            "tenants/cells.py": "puts an apostrophe before formulas",
            "customers/synthetic.py": "makes banks' files, which are read by us",
            "integrations/returns/filling.py": "for the core system: what begins as a formula is left out and named",
            "sandbox/": "the registry's files, which are read by us",
        },
    ),
    rules.plain_files: (
        "tempfile.mkdtemp()\nNamedTemporaryFile()\n",
        "io.BytesIO()\n",
        {
            "cdd/servers/": "before there is any data",
            "cdd/benchmarks": "servers of its own, invented data",
            "uploads/spooling.py": "sealed before it is written",
            "cdd/demo/tampering.py": "a package made for strangers, of invented data",
            "audit/checkpoints.py": "hashes and a signature, put in place whole",
        },
    ),
}

BOTH = [pytest.param(rule, *row, id=rule.__name__) for rule, row in RULES.items()]


@pytest.mark.parametrize(("rule", "planted", "harmless", "places"), BOTH)
def test_the_rule_is_kept_everywhere(rule: Rule, planted: str, harmless: str, places: dict[str, str]) -> None:
    broken = [
        f"{name_of(path)}:{line}"
        for path in modules()
        if not name_of(path).startswith(tuple(places))
        for line in rule(ast.parse(path.read_text()))
    ]
    assert broken == []


@pytest.mark.parametrize(("rule", "planted", "harmless", "places"), BOTH)
def test_the_rule_finds_what_is_planted_and_nothing_else(
    rule: Rule, planted: str, harmless: str, places: dict[str, str]
) -> None:
    """Positive control: every planted statement is named, no harmless one is."""
    assert list(rule(ast.parse(planted))), "nothing found"
    assert list(rule(ast.parse(harmless))) == []


@pytest.mark.parametrize(("rule", "planted", "harmless", "places"), BOTH)
def test_no_exception_outlives_its_reason(rule: Rule, planted: str, harmless: str, places: dict[str, str]) -> None:
    for place in places:
        assert (ROOT / place).exists() or list(ROOT.glob(f"{place}*")), place


TRUSTING = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off|\{%\s*debug\b")


def test_no_template_trusts_its_text() -> None:
    assert TRUSTING.search("{{ name|safe }}{% autoescape off %}"), "control"
    trusting = [
        name_of(path)
        for path in sorted((ROOT / "templates").rglob("*"))
        if path.suffix in {".html", ".svg"} and TRUSTING.search(path.read_text())
    ]
    assert trusting == []
