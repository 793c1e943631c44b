"""The page on which a customer who answered ties their LINE account, or ends it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import pytest
from django.conf import settings
from django.test import Client

from audit.services import Actor
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import ProviderAccount
from channels.registry import forget_providers, webhook_url
from channels.services import ensure_accounts, process_inbox
from customers.models import ContactPoint
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import Sandbox
from tests.portal.journey import address_of, page_of, post, prove, walk
from tests.questionnaires.filing import Sent

PAGE = "/r/answer/line/"
USER = "U" + "0c" * 16


@pytest.fixture
def account(tenant: Tenant, sandbox: Sandbox, now: datetime) -> Iterator[ProviderAccount]:
    accounts = channel_accounts(BANKS[0], sandbox_url=sandbox.url, sandbox_smtp=sandbox.smtp)
    with tenant_scope(tenant.pk):
        made = ensure_accounts(accounts={"LINE": accounts["LINE"]}, actor=Actor.system("tests"), now=now)
    yield next(iter(made.values()))
    forget_providers()


@pytest.fixture
def answered(person: Sent, account: ProviderAccount) -> Client:
    """A browser whose customer has just sent the answers."""
    browser = Client()
    walk(browser, person)
    browser.post(address_of("check"), {"action": "send"})
    return browser


def line_says(account: ProviderAccount, event: Mapping[str, object], now: datetime) -> None:
    """LINE calls us."""
    known: dict[str, object] = {
        "webhookEventId": hashlib.md5(json.dumps(dict(event)).encode(), usedforsecurity=False).hexdigest()
    }
    known |= {"mode": "active", "timestamp": int(now.timestamp() * 1000)}
    body = json.dumps({"destination": "U", "events": [{**known, **event}]}).encode()
    signature = base64.b64encode(hmac.digest(b"sandbox-line-secret-asanagi", body, hashlib.sha256)).decode()
    path = webhook_url(account).removeprefix(settings.PUBLIC_BASE_URL)
    answer = Client().post(path, body, content_type="application/json", headers={"X-Line-Signature": signature})
    assert answer.status_code == 200
    with tenant_context(account.tenant_id):
        process_inbox(now=now)


def wrote(text: str) -> dict[str, object]:
    return {"type": "message", "source": {"type": "user", "userId": USER}, "message": {"type": "text", "text": text}}


def number_on(page: str) -> str:
    found = re.search(r"<b>(\d{4}) (\d{4})</b>", page)
    assert found, page
    return found[1] + found[2]


def has_line(sent: Sent) -> bool:
    with tenant_scope(sent.tenant.pk):
        return ContactPoint.objects.filter(customer=sent.customer, channel="LINE", is_current=True).exists()


def test_a_customer_who_answered_ties_their_account_and_ends_it(
    person: Sent, account: ProviderAccount, answered: Client, now: datetime
) -> None:
    """From the receipt to LINE's dialog and back, and out again."""
    assert PAGE in answered.get(address_of("done")).content.decode()
    first = answered.get(PAGE)
    assert (first.status_code, page_of(first)) == (200, "line")
    assert post(answered, "line", "start").headers["Location"] == PAGE
    number = number_on(answered.get(PAGE).content.decode())
    early = post(answered, "line", "continue")
    assert early.status_code == 409
    assert (
        "The number has not arrived yet" in early.content.decode()
        or "番号がまだ届いていません" in early.content.decode()
    )
    message = {
        "type": "message",
        "source": {"type": "user", "userId": USER},
        "message": {"type": "text", "text": number},
    }
    line_says(account, message, now)
    away = post(answered, "line", "continue")
    assert away.status_code == 302
    address = away.headers["Location"]
    assert "/dialog/bot/accountLink?linkToken=" in address
    nonce = address.rpartition("nonce=")[2]
    assert not has_line(person)
    link = {"result": "ok", "nonce": nonce}
    line_says(account, {"type": "accountLink", "source": {"type": "user", "userId": USER}, "link": link}, now)
    assert has_line(person)
    assert 'value="end"' in answered.get(PAGE).content.decode()
    assert post(answered, "line", "end").status_code == 302
    assert not has_line(person)


def test_without_the_proof_of_identity_nothing_is_offered(
    person: Sent, account: ProviderAccount, now: datetime
) -> None:
    """Neither a stranger nor somebody who has not answered yet can ask for a number."""
    stranger = Client()
    for response in (stranger.get(PAGE), post(stranger, "line", "start"), post(stranger, "line", "end")):
        assert response.status_code == 403
    proved = Client()
    assert prove(proved, person).status_code == 302
    assert post(proved, "line", "start").headers["Location"] != PAGE


def test_the_page_has_the_headers_of_customers_pages_and_lets_its_form_lead_to_line(answered: Client) -> None:
    response = answered.get(PAGE)
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "form-action 'self' https:" in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "strict-origin"


def test_where_the_bank_offers_no_line_there_is_no_page(person: Sent) -> None:
    browser = Client()
    walk(browser, person)
    post(browser, "check", "send")
    assert PAGE not in browser.get(address_of("done")).content.decode()
    assert browser.get(PAGE).headers["Location"] == address_of("done")


def test_an_account_that_line_does_not_let_in_is_said_kindly(
    person: Sent, account: ProviderAccount, answered: Client, now: datetime
) -> None:
    post(answered, "line", "start")
    number = number_on(answered.get(PAGE).content.decode())
    message = {
        "type": "message",
        "source": {"type": "user", "userId": USER},
        "message": {"type": "text", "text": number},
    }
    line_says(account, message, now)
    with tenant_scope(account.tenant_id):
        broken = ProviderAccount.objects.get(pk=account.pk)
        broken.credentials = {**broken.credentials, "access_token": "nonsense"}
        broken.save()
    assert post(answered, "line", "continue").status_code == 503
