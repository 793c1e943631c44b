"""bandit over everything that runs in service: no finding without a reason written here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_architecture import OURS

pytestmark = pytest.mark.slow

# Rules that do not fit this project at all.
NOT_OURS = {
    "B101": "asserts here narrow types; what must hold of input is checked and answered in sentences",
    "B404": "starting servers and jails is what some rooms are for; B602 and B605 watch the shell",
    "B603": "every command is a list, and no part of one comes from a request",
    "B607": "the system's own programs are found by name on purpose",
}
# One place each: (path or folder, rule) and why it is right there.
EXPLAINED = {
    ("customers/accounts/inventing.py", "B311"): "invented accounts, the same for the same customer",
    ("customers/synthetic.py", "B311"): "invented people, repeatable by their seed",
    ("customers/synthetic_details.py", "B311"): "what else is invented of them",
    ("audit", "B608"): "names of tables from constants; values are parameters",
    ("tenants/sign_in/adapters.py", "B104"): "compared with, not bound to",
    ("tenants/sign_in/recording.py", "B105"): "names of events",
    ("companies/keeping.py", "B608"): "names of columns from constants; values are parameters",
    ("customers/formats/sheets.py", "B405"): "what declares entities was refused before it is read",
    ("customers/formats/sheets.py", "B314"): "what declares entities was refused before it is read",
    ("customers/writing.py", "B608"): "names of columns from constants; values are parameters",
    ("sandbox/houjin.py", "B406"): "writes XML, reads none",
    ("cdd/demo/registering.py", "B106"): "the token that the sandbox's gBizINFO takes from everybody",
    ("sandbox/identity_provider.py", "B105"): "invented, of a simulation",
    ("sandbox/line.py", "B105"): "the name of a kind of token",
    ("tenants/templatetags/binding.py", "B703"): "joins what Django and format_html have made",
    ("cdd/benchmarks", "B608"): "names of tables from constants",
    ("questionnaires/templatetags/rehearsal.py", "B703"): "puts what format_html made into a page a template made",
    ("questionnaires/templatetags/rehearsal.py", "B308"): "puts what format_html made into a page a template made",
    ("cdd/benchmarks/books.py", "B105"): "an expression of SQL",
    ("cdd/benchmarks", "B311"): "invented people, repeatable by their seed",
    ("cdd/benchmarks/dispatch_line.py", "B106"): "invented, of a simulation",
    ("cdd/chaos", "B311"): "which process dies, repeatable by its seed",
    ("channels/providers/line_api.py", "B106"): "none: each call brings the token of the hour",
    ("channels/accounts/forms.py", "B105"): "how the names of controls begin",
    ("channels/mail_smime.py", "B107"): "no password, of a file that has none",
    ("channels/management/commands/mail_certificate.py", "B105"): "the name of an environment variable",
    ("sandbox/line_accounts.py", "B105"): "the name of a kind of token",
    ("sandbox/twilio_setup.py", "B105"): "invented, of a simulation",
    ("cdd/demo/papers.py", "B311"): "an invented hand, the same for the same sheet",
    ("cdd/demo", "B105"): "a password that is refused on purpose",
    ("cdd/servers/places.py", "B108"): "a sticky directory whose owner and mode are checked before use",
    ("cdd/servers/postgres.py", "B105"): "the name of an authentication method",
    ("cdd/settings.py", "B105"): "the name of a field of a database address",
}


def findings(*places: str) -> list[tuple[str, str, int]]:
    """(path, rule, line) of everything bandit names."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--format", "json", "--exit-zero"]
    out = subprocess.run(
        [*command, "--skip", ",".join(NOT_OURS), *places], cwd=ROOT, capture_output=True, check=True, text=True
    )
    report = json.loads(out.stdout)
    assert report["errors"] == []
    return [(item["filename"], item["test_id"], item["line_number"]) for item in report["results"]]


def reason(path: str, rule: str) -> tuple[str, str] | None:
    """The entry of the table that explains a finding."""
    name = path.removeprefix("./")
    return next((key for key in EXPLAINED if key[1] == rule and name.startswith(key[0])), None)


def test_every_finding_has_a_reason() -> None:
    found = findings(*[room for room in OURS if (ROOT / room).exists()])
    assert [item for item in found if reason(item[0], item[1]) is None] == []


def test_what_bandit_should_find_it_finds(tmp_path: Path) -> None:
    """Positive control."""
    bad = tmp_path / "bad.py"
    bad.write_text("import pickle, subprocess\npickle.loads(x)\nsubprocess.run(x, shell=True)\n")
    assert {rule for _, rule, _ in findings(str(bad))} >= {"B301", "B602"}
