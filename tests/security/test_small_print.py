"""Smaller promises, each with the attack that would show it broken: logs, errors, mails, parameters, the image."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import clear_url_caches, path, reverse

from cdd import urls as product
from channels.protocols import Message
from channels.providers.smtp import SmtpProvider
from tenants.identifiers import uuid7
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import ROOT, MakeUser, SignIn

SECRET = "山田花子 090-9999-0000"

# What production writes, line by line, when somebody's words have a line break in them.
LOGGING = """
import logging, structlog
from cdd.logs import logging_config
logging_config(level="INFO", as_json=True)
structlog.get_logger("cdd").info("case.seen", reference="1\\n{\\"event\\": \\"forged\\"}\\r\\x1b[2J")
logging.getLogger("cdd").warning("broken %s", "1\\n{\\"event\\": \\"forged\\"}")
"""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process writes to its log from here on, through the formatter of the product."""
    (handler,) = logging.getLogger().handlers[:1]
    stream = io.StringIO()
    copy = logging.StreamHandler(stream)
    copy.setFormatter(handler.formatter)
    logging.getLogger().addHandler(copy)
    yield stream
    logging.getLogger().removeHandler(copy)


@pytest.fixture
def broken_page() -> Iterator[str]:
    """An address whose view fails with somebody's name in its mouth."""

    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError(SECRET)

    product.urlpatterns.append(path("broken/", fail, name="broken"))
    clear_url_caches()
    yield "/broken/"
    product.urlpatterns.pop()
    clear_url_caches()


def test_a_line_break_in_what_is_logged_makes_no_second_line() -> None:
    written = subprocess.run(
        [sys.executable, "-c", LOGGING], cwd=ROOT, capture_output=True, text=True, check=True
    ).stderr.splitlines()
    lines = [json.loads(line) for line in written]
    assert len(lines) == 2
    assert "forged" not in {line["event"] for line in lines}
    for line in lines:
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None
        assert line["timestamp"].endswith("Z")


def test_a_refusal_is_logged_with_its_page_and_without_its_address(
    tenant: Tenant, make_user: MakeUser, staff_client: SignIn, log: io.StringIO
) -> None:
    client = staff_client(make_user(tenant, Role.AUDITOR, "auditor"))
    assert client.get(f"{reverse('import-new')}?name=secret-of-mine").status_code == 403
    line = log.getvalue()
    assert "status_code=403" in line
    assert "url_name='import-new'" in line.replace('"', "'") or "url_name=import-new" in line
    assert "secret-of-mine" not in line


def test_an_unexpected_error_tells_the_visitor_nothing_and_the_operator_where(
    db_clean: None, broken_page: str, log: io.StringIO
) -> None:
    response = Client(raise_request_exception=False).get(broken_page)
    page = response.content.decode()
    assert response.status_code == 500
    for detail in (SECRET, "RuntimeError", "Traceback", "test_small_print", "Django"):
        assert detail not in page, detail
    assert "RuntimeError at" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_an_action_does_not_take_its_data_from_the_address(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = enter(1)
    client = staff_client(officer)
    address = reverse("customer-reveal", args=[customer.pk])
    assert client.post(f"{address}?reason=INQUIRY").status_code == 422
    assert client.post(address, {"reason": "INQUIRY"}).status_code == 302, "control"


def test_of_a_parameter_given_twice_one_counts(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    first, second = enter(1, tier="HIGH"), enter(2, tier="LOW")
    page = staff_client(officer).get(f"{reverse('customers')}?tier=HIGH&tier=LOW")
    assert second.number in page.content.decode()
    assert str(first.pk) not in page.content.decode()


@pytest.mark.parametrize("name", ["%(actor)s %s %n", "{0.__class__.__mro__} {name!r}", "{{ 7|add:7 }} {% debug %}"])
def test_what_looks_like_a_format_stays_text(name: str, in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer = enter(1)
    with transaction.atomic():
        customer.profile = {**customer.profile, "name": name}
        customer.save()
    page = staff_client(officer).get(reverse("customer", args=[customer.pk])).content.decode()
    assert name in page


@pytest.mark.parametrize("field", ["to", "subject"])
def test_no_header_can_be_smuggled_into_a_mail(field: str) -> None:
    provider = SmtpProvider(
        host="127.0.0.1", port=9, sender="bank@asanagi.example", sender_name="あさなぎ銀行",
        bounce_domain="asanagi.example", secret="x",
    )  # fmt: skip
    values: dict[str, Any] = {"to": "taro@mail.example.jp", "subject": "お願い", "text": "本文"}
    message = Message(attempt_id=uuid7(), **values)
    assert b"Bcc" not in provider.compose(message)
    values[field] += "\r\nBcc: thief@mail.example.jp"
    with pytest.raises(ValueError):
        provider.compose(Message(attempt_id=uuid7(), **values))


def test_signing_out_empties_the_browsers_storage(officer: User, staff_client: SignIn) -> None:
    assert staff_client(officer).post(reverse("sign-out")).headers["Clear-Site-Data"] == '"storage"'


def test_a_new_installation_has_no_account_at_all(db_clean: None) -> None:
    assert not User.objects.exists()


def test_passwords_are_kept_by_scrypt(officer: User) -> None:
    assert officer.password.startswith("scrypt$")


def test_history_tests_and_keys_stay_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".*", "tests", "kek"} <= set(ignored)
