"""The page of a mail domain: records word for word, what DNS says, keys and the certificate; who may change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import AuditEvent
from channels.mail_keys import add_dkim_key, published_records
from channels.mail_smime import load_signer
from channels.models import ProviderAccount
from channels.protocols import Channel
from channels.services import ensure_accounts
from tenants.models import Tenant, User
from tests.channels.conftest import SYSTEM, Nameserver, account_of, count
from tests.channels.test_contract import mail_service_account
from tests.channels.test_mail_smime import DAY, Authority, authority  # noqa: F401 - a fixture
from tests.channels.test_sending_pages import open_as

type StaffClient = Callable[[User], Client]
SENDER, BOUNCES = "asanagi.example", "bounce.asanagi.example"


@pytest.fixture(autouse=True)
def english(bank: Tenant) -> Iterator[None]:
    with translation.override("en"):
        yield


@transaction.atomic
def change_options(**options: Any) -> None:
    account = ProviderAccount.objects.get(channel=Channel.EMAIL)
    account.options = {**account.options, **options}
    account.save(update_fields=["options"])


@transaction.atomic
def records() -> dict[str, str]:
    return published_records(ProviderAccount.objects.get(channel=Channel.EMAIL))


def address(name: str = "sending-mail", *more: str) -> str:
    return reverse(name, args=[account_of(Channel.EMAIL).pk, *more])


@pytest.fixture
def published(bank: Tenant, nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch) -> Nameserver:
    """The bank has one key and has published everything but DMARC."""
    monkeypatch.setattr(settings, "BOUNCES_HOST", "mx.keizoku.example")
    change_options(dns_servers=[nameserver.address], spf="include:spf.relay.example")
    with transaction.atomic():
        account = ProviderAccount.objects.get(channel=Channel.EMAIL)
        add_dkim_key(account=account, selector="k1", actor=SYSTEM, now=timezone.now())
    nameserver.records.update(
        {
            (BOUNCES, "MX"): ["10 mx.keizoku.example."],
            (BOUNCES, "TXT"): ['"v=spf1 include:spf.relay.example -all"'],
            **key_record("k1"),
        }
    )
    return nameserver


def key_record(selector: str) -> dict[tuple[str, str], list[str]]:
    text = records()[selector]
    pieces = " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))
    return {(f"{selector}._domainkey.{SENDER}", "TXT"): [pieces]}


def test_the_records_are_shown_word_for_word(staff_client: StaffClient, auditor: User, published: Nameserver) -> None:
    """DNS is asked only on demand, and nobody without the right is offered a change."""
    page = open_as(staff_client, auditor).get(address())
    for words in ("10 mx.keizoku.example.", "v=spf1 include:spf.relay.example -all", BOUNCES, records()["k1"],
                  f"k1._domainkey.{SENDER}", f"_dmarc.{SENDER}", "v=DMARC1; p=quarantine"):  # fmt: skip
        assert words in page.content.decode()
    assert "Not asked yet" in page.content.decode()
    assert '<form method="post"' not in page.content.decode().partition("<main")[2]


def test_the_page_says_what_is_missing_and_what_differs(
    staff_client: StaffClient, officer: User, published: Nameserver
) -> None:
    client = open_as(staff_client, officer)
    assert client.get(address(), {"ask": "dns"}).content.decode().count("Published</") == 3
    published.records[BOUNCES, "TXT"] = ['"v=spf1 +all"']
    page = client.get(address(), {"ask": "dns"}).content.decode()
    assert page.count("Published</") == 2
    assert "Differs" in page
    assert "v=spf1 +all" in page
    assert "Missing" in page
    assert "Nothing is published under this name." in page
    published.records[BOUNCES, "MX"] = ["SERVFAIL"]
    assert "DNS did not answer" in client.get(address(), {"ask": "dns"}).content.decode()


def test_an_administrator_turns_keys_over_and_none_signs_unpublished(
    staff_client: StaffClient, administrator: User, published: Nameserver
) -> None:
    client = open_as(staff_client, administrator)
    assert client.post(address("sending-mail-key"), {"selector": "K 2"}).status_code == 422
    assert client.post(address("sending-mail-key"), {"selector": "k1"}).status_code == 422
    assert client.post(address("sending-mail-key"), {"selector": "k2"}).status_code == 302
    for _try in range(2):
        answer = client.post(address("sending-mail-key-use", "k2"), follow=True).content.decode()
        assert list(records()) == ["k1", "k2"]
        assert "DNS does not have this key" in answer
        published.records[BOUNCES, "MX"] = ["SERVFAIL"]
    client.post(address("sending-mail-key-drop", "k1"))
    assert list(records()) == ["k1", "k2"], "the one that signs stays"
    published.records.update(key_record("k2"))
    client.post(address("sending-mail-key-use", "k2"))
    assert list(records()) == ["k2", "k1"]
    client.post(address("sending-mail-key-drop", "k1"))
    assert list(records()) == ["k2"]
    for what in ("added", "used", "dropped"):
        assert count(AuditEvent, event=f"provideraccount.mail_key_{what}", actor_id=str(administrator.pk)) == 1


def test_an_administrator_puts_a_certificate_in_and_takes_it_away(
    staff_client: StaffClient,
    administrator: User,
    bank: Tenant,
    authority: Authority,  # noqa: F811  # the fixture imported above
) -> None:
    client, now = open_as(staff_client, administrator), timezone.now()
    good = authority.file(since=now - DAY, until=now + 20 * DAY)
    old = authority.file(since=now - 9 * DAY, until=now - timedelta(hours=1))

    def put(data: bytes) -> Any:
        file = SimpleUploadedFile("bank.pem", data)
        return client.post(address("sending-mail-smime"), {"file": file, "password": ""})

    for wrong, words in ((b"x", "cannot be read"), (old, "has ended"), (b"x" * 70_000, "larger"), (b"", "empty")):
        answer = put(wrong)
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert put(good).status_code == 302
    page = client.get(address()).content.decode()
    assert f"kakunin@{SENDER}" in page
    assert "The certificate ends soon" in page
    with transaction.atomic():
        kept = ProviderAccount.objects.get(channel=Channel.EMAIL).credentials["smime"]
    assert load_signer(kept).certificate.issuer.rfc4514_string() in page
    assert kept["key"][:40] not in page
    client.post(address("sending-mail-smime-drop"))
    assert "is not signed by S/MIME" in client.get(address()).content.decode()
    assert count(AuditEvent, event="provideraccount.mail_certificate_dropped", actor_id=str(administrator.pk)) == 1


def test_others_only_look(staff_client: StaffClient, officer: User, published: Nameserver) -> None:
    client = open_as(staff_client, officer)
    names: list[tuple[str, ...]] = [("sending-mail-key",), ("sending-mail-smime",), ("sending-mail-smime-drop",)]
    names += [("sending-mail-key-use", "k1"), ("sending-mail-key-drop", "k1")]
    assert {client.post(address(*name)).status_code for name in names} == {403}


def test_of_a_service_the_page_shows_what_is_the_banks_own(
    staff_client: StaffClient, administrator: User, bank: Tenant, nameserver: Nameserver
) -> None:
    """The service signs: its selector is looked for, keys and certificates are not ours, reports have an address."""
    with transaction.atomic():
        accounts: dict[str, Any] = {Channel.EMAIL: mail_service_account("http://127.0.0.1:9")}
        ensure_accounts(accounts=accounts, actor=SYSTEM, now=timezone.now())
    change_options(dns_servers=[nameserver.address])
    client = open_as(staff_client, administrator)
    shown = client.get(reverse("sending-channel", args=[account_of(Channel.EMAIL).pk])).content.decode()
    assert address() in shown, "the account's page leads here"
    assert all(words in shown for words in ("SparkPost only.", "User and password of reports", "Choose"))
    change_options(sender="")
    assert "Enter the sender" in client.get(address(), {"ask": "dns"}).content.decode()
    change_options(sender=f"kakunin@{SENDER}")
    assert "Enter in the account which selector" in client.get(address(), {"ask": "dns"}).content.decode()
    change_options(dkim_selector="pm")
    nameserver.records[f"pm._domainkey.{SENDER}", "TXT"] = ['"v=DKIM1; p=abc"']
    page = client.get(address(), {"ask": "dns"}).content.decode()
    assert f"/webhooks/mail/{account_of(Channel.EMAIL).public_id}/" in page
    assert (page.count("Published</"), "Keys of the signature" in page) == (1, False)
    assert client.post(address("sending-mail-key"), {"selector": "k1"}).status_code == 404
    sms = reverse("sending-mail", args=[account_of(Channel.SMS).pk])
    assert client.get(sms).status_code == 404
