"""Personal data in exceptions, tracebacks and other people's log messages: none of it reaches a log line."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from celery.app.trace import trace_task
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from cdd.celery import app as celery_app
from cdd.logs import line_formatter
from cdd.servers import EmbeddedServers
from customers.models import Customer
from tenants.models import Tenant, User
from tests.conftest import ROOT

CANARY = "髙﨑カナリヤ"


class Lines:
    """What our handlers wrote, and what an ordinary handler would have written."""

    def __init__(self) -> None:
        self.ours, self.plain = io.StringIO(), io.StringIO()
        self.handlers: list[logging.Handler] = []
        for stream, formatter in ((self.ours, line_formatter(as_json=True)), (self.plain, logging.Formatter())):
            handler = logging.StreamHandler(stream)
            handler.setFormatter(formatter)
            self.handlers.append(handler)

    def hides(self, secret: str = CANARY) -> str:
        """Our lines, which have not the secret; the ordinary ones must have it, as the positive control."""
        assert secret in self.plain.getvalue(), "control"
        ours = self.ours.getvalue()
        assert ours.strip()
        assert secret not in ours
        assert secret not in ours.encode().decode("unicode_escape")
        return ours


@pytest.fixture
def lines() -> Iterator[Lines]:
    caught = Lines()
    root = logging.getLogger()
    for handler in caught.handlers:
        root.addHandler(handler)
    yield caught
    for handler in caught.handlers:
        root.removeHandler(handler)


def failing(name: str) -> None:
    secret = {"name": name}
    raise ValueError(f"cannot read {secret}")


def test_an_exception_is_told_by_its_type_and_place(lines: Lines) -> None:
    """P6: neither its text nor the locals of its frames."""
    try:
        failing(CANARY)
    except ValueError:
        logging.getLogger("somebody").exception("It failed for %s", CANARY)
        structlog.get_logger("cdd").error("thing.failed", exc_info=True, customer=CANARY)
    said = lines.hides()
    assert "ValueError at failing" in said
    assert "thing.failed" in said


def test_a_failing_row_of_postgresql_stays_out(lines: Lines, superuser: psycopg.Connection) -> None:
    """P6: a broken rule quotes the whole row, or the key, unless row-level security guards the table."""
    statements = {
        "CREATE TEMP TABLE heard (name text CHECK (name = ''))": "INSERT INTO heard VALUES (%s)",
        "CREATE TEMP TABLE heard (name text PRIMARY KEY)": "INSERT INTO heard VALUES (%s), (%s)",
    }
    for table, insert in statements.items():
        superuser.execute("DROP TABLE IF EXISTS heard")
        superuser.execute(table)
        with pytest.raises(psycopg.IntegrityError, match=CANARY) as caught:
            superuser.execute(insert, [CANARY] * insert.count("%s"))
        logging.getLogger("django.db.backends").error("Failed: %s", caught.value, exc_info=caught.value)
    said = lines.hides()
    assert "CheckViolation" in said
    assert "heard_pkey" in said


def test_row_level_security_keeps_the_row_out_of_the_error_itself(in_tenant: Tenant) -> None:
    def enter() -> None:
        with transaction.atomic():
            Customer.objects.create(number=CANARY, kind="COMPANY", profile={})

    enter()
    with pytest.raises(IntegrityError, match="customer_number") as caught:
        enter()
    assert CANARY not in str(caught.value)


def test_a_failing_task_says_which_and_no_more(lines: Lines) -> None:
    """P6: Celery writes the exception, the traceback and the arguments into one message."""

    @celery_app.task(name="tests.fail")
    def fail(name: str) -> None:
        failing(name)

    trace_task(fail, "0193-abc", (CANARY,), {}, request={"args": (CANARY,), "id": "0193-abc"}, app=celery_app)
    said = lines.hides()
    assert "tests.fail" in said
    assert "0193-abc" in said


def test_warnings_and_preformatted_messages_are_withheld(lines: Lines) -> None:
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("py.warnings").warning("%s", "naive datetime for " + CANARY)
    for stranger in ("stranger", "celery.redirected"):
        ready_made = f"no such customer: {CANARY}"
        logging.getLogger(stranger).error(ready_made)
    logging.getLogger("django.request").warning("Not Found: %s", f"/customers/?search={CANARY}")
    said = lines.hides()
    assert "(text withheld)" in said
    assert "Not Found: \\u2026" in said


def test_numbers_identifiers_and_constants_are_kept(lines: Lines) -> None:
    logging.getLogger("gunicorn.error").info("Booting worker with pid: %s", 123)
    logging.getLogger("celery.worker").warning("Restoring unacknowledged messages")
    logging.getLogger("channels.sending").error("Adapter of %s failed with %s.", "SMS", "KeyError")
    said = lines.ours.getvalue()
    for kept in ("pid: 123", "Restoring unacknowledged", "Adapter of SMS failed with KeyError."):
        assert kept in said


def test_a_broken_page_is_logged_by_name_and_answers_with_nothing_of_the_error(
    lines: Lines, tenant: Tenant, officer: User, staff_client: Callable[[User], Client], superuser: psycopg.Connection
) -> None:
    """P6: a real failure inside PostgreSQL, seen from the browser and from the log."""
    client = staff_client(officer)
    client.raise_request_exception = False
    superuser.execute("ALTER TABLE customers_customer RENAME TO customers_customer_away")
    try:
        response = client.post(reverse("customer-search"), {"search": CANARY}, follow=True)
    finally:
        superuser.execute("ALTER TABLE customers_customer_away RENAME TO customers_customer")
    assert response.status_code == 500
    assert CANARY not in response.content.decode()
    assert "ProgrammingError" not in response.content.decode()
    said = lines.ours.getvalue()
    assert '"url_name": "customers"' in said
    assert "ProgrammingError" in said
    assert CANARY not in said.encode().decode("unicode_escape")


def test_a_refused_form_is_not_echoed_into_the_log(
    lines: Lines, tenant: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    """P6: a ValidationError quotes what was entered; on the page it may, and escaped."""
    response = staff_client(officer).post(reverse("sign-in"), {"email": f"<b>{CANARY}", "username": CANARY})
    assert f"<b>{CANARY}" not in response.content.decode()
    assert CANARY not in lines.ours.getvalue().encode().decode("unicode_escape")


def test_the_last_words_of_a_process_quote_nothing(process_environment: dict[str, str]) -> None:
    code = f"import cdd.logs; cdd.logs.logging_config(level='INFO', as_json={{}}); raise ValueError({CANARY!r})"
    said = {}
    for as_json in (True, False):
        done = subprocess.run(
            [sys.executable, "-c", code.format(as_json)],
            cwd=ROOT,
            env=process_environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        said[as_json] = done.stderr
    assert "ValueError" in said[True]
    assert CANARY not in said[True].encode().decode("unicode_escape")
    assert CANARY in said[False], "control: a developer's own terminal shows it"


def test_the_databases_own_log_quotes_no_row(servers: EmbeddedServers, place: Path) -> None:
    """P6: the failing row, the statement and its parameters; a session that asks for them is the positive control."""
    [log] = place.glob("servers/**/postgres/log")

    def break_a_rule(name: str, *, settings: str = "SELECT 1") -> str:
        with psycopg.connect(servers.environment()["SUPERUSER_URL"], autocommit=True) as session:
            session.execute(settings)
            session.execute("CREATE TEMP TABLE heard (name text CHECK (name = ''))")
            with pytest.raises(psycopg.errors.CheckViolation):
                session.execute("INSERT INTO heard VALUES (%s)", [name])
        return log.read_text()

    assert "CANARY-1" not in break_a_rule("CANARY-1")
    talkative = "SET log_min_messages = error; SET log_error_verbosity = verbose"
    assert "CANARY-2" in break_a_rule("CANARY-2", settings=talkative)
    terse = "SET log_min_messages = error; SET log_error_verbosity = terse"
    assert "CANARY-3" not in break_a_rule("CANARY-3", settings=terse), "what docs/deployment.md asks for"
