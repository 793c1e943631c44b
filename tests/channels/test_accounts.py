"""Accounts set up on the page: one table of options, sealed credentials, and a second person for what decides."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from channels.accounts.documents import value_at, with_values
from channels.accounts.models import AccountChange
from channels.accounts.options import PROVIDERS, Kind
from channels.accounts.services import AccountRefused, approve_change, change_account
from channels.models import ProviderAccount
from channels.protocols import Channel
from channels.registry import OUR_OPTIONS, provider_of
from channels.selectors import usable_channels
from channels.senders import numbers_of
from tenants.models import Membership, Role, Tenant, User
from tests.campaigns.acting import in_parallel
from tests.channels.conftest import MakeCustomer, account_of, count
from tests.channels.test_sending_pages import open_as
from tests.conftest import MakeUser

type StaffClient = Callable[[User], Client]
TOKEN = "a-new-auth-token-0123456789"


@pytest.fixture
def second(tenant: Tenant, make_user: MakeUser) -> User:
    """Another administrator."""
    return make_user(tenant, Role.ADMINISTRATOR, "second")


@pytest.fixture
def stranger(other_tenant: Tenant, make_user: MakeUser) -> User:
    """An administrator of another bank."""
    return make_user(other_tenant, Role.ADMINISTRATOR, "stranger")


def settings_of(channel: Channel) -> str:
    return reverse("sending-channel-settings", args=[account_of(channel).pk])


def typed(client: Client, channel: Channel, **more: str) -> dict[str, str]:
    """What the browser would send of the page as it stands, with ``more`` typed into it."""
    form = client.get(reverse("sending-channel", args=[account_of(channel).pk])).context["form"]
    found: dict[str, Any] = {field.html_name: field.value() or "" for field in form}
    sent = {name: "on" if value is True else str(value) for name, value in found.items() if value}
    return {**sent, **more}


@transaction.atomic
def at_an_aggregator() -> ProviderAccount:
    """The account for short messages is with an aggregator, and nothing is entered yet."""
    account: ProviderAccount = ProviderAccount.objects.get(channel="SMS")
    account.provider, account.options = "sms_gateway", {}
    account.credentials = {}
    account.save()
    return account


@transaction.atomic
def proposals() -> list[AccountChange]:
    return list(AccountChange.objects.order_by("proposed_at"))


def test_a_price_changes_at_once_and_a_sender_waits_for_a_second_person(
    bank: Tenant, staff_client: StaffClient, administrator: User, approver: User
) -> None:
    client = open_as(staff_client, administrator)
    wanted = typed(client, Channel.SMS, segment_yen="12.5", sender="+815011112222")
    assert client.post(settings_of(Channel.SMS), wanted).status_code == 302
    options = account_of(Channel.SMS).options
    assert (options["segment_yen"], options["sender"]) == ("12.5", "+815050000000")
    [change] = proposals()
    assert change.options == {"sender": "+815011112222"}
    page = open_as(staff_client, approver).get(reverse("sending-channel", args=[account_of(Channel.SMS).pk]))
    assert "+815011112222" in page.content.decode()
    approve_change(change=change, actor=Actor.user(approver.pk), now=timezone.now())
    assert account_of(Channel.SMS).options["sender"] == "+815011112222"
    assert account_of(Channel.SMS).options["base_url"] == options["base_url"], "what the operator entered stays"


def test_credentials_are_sealed_never_shown_and_used_once_approved(
    bank: Tenant,
    staff_client: StaffClient,
    administrator: User,
    approver: User,
    superuser: psycopg.Connection,
) -> None:
    client = open_as(staff_client, administrator)
    before = account_of(Channel.SMS).credentials
    client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, **{"secret-auth_token": TOKEN}))
    assert account_of(Channel.SMS).credentials == before, "nothing yet"
    [change] = proposals()
    approver_client = open_as(staff_client, approver)
    page_url = reverse("sending-channel", args=[account_of(Channel.SMS).pk])
    pages = [client.get(page_url).content.decode(), approver_client.get(page_url).content.decode()]
    assert approver_client.post(reverse("sending-change-approve", args=[change.pk])).status_code == 302
    pages.append(client.get(page_url).content.decode())
    assert not [page for page in pages if TOKEN in page or before["auth_token"] in page]
    assert "Set on " in pages[-1]
    assert account_of(Channel.SMS).credentials == {**before, "auth_token": TOKEN}
    with transaction.atomic():
        assert provider_of(account_of(Channel.SMS))._auth_token == TOKEN  # type: ignore[union-attr]  # Twilio's
    assert proposals()[0].credentials is None, "kept in one place alone"
    for table in ("channels_accountchange", "channels_provideraccount", "audit_auditevent"):
        found = superuser.execute(f"SELECT t::text FROM {table} t").fetchall()
        assert found
        assert TOKEN not in str(found)
        assert TOKEN.encode().hex() not in str(found)
    with transaction.atomic():
        fields = [event.data["fields"] for event in AuditEvent.objects.filter(event="provideraccount.changed")]
    assert fields == [["auth_token"]]


def test_nobody_approves_their_own_change_under_any_account(
    bank: Tenant, staff_client: StaffClient, administrator: User, second: User, superuser: psycopg.Connection
) -> None:
    client = open_as(staff_client, administrator)
    client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, sender="+815011112222"))
    [change] = proposals()
    refused = client.post(reverse("sending-change-approve", args=[change.pk]))
    assert refused.status_code == 422
    assert "Somebody else has to approve it." in refused.content.decode()
    with transaction.atomic():  # the same person with a second account
        Membership.objects.filter(user=administrator).update(staff_number="gone")
        Membership.objects.filter(user=second).update(staff_number=change.proposed_person)
    with pytest.raises(AccountRefused, match="ご自身"):
        approve_change(change=change, actor=Actor.user(second.pk), now=timezone.now())
    assert account_of(Channel.SMS).options["sender"] == "+815050000000"
    with pytest.raises(psycopg.errors.CheckViolation, match="account_change_four_eyes"):
        superuser.execute(
            "UPDATE channels_accountchange SET status = 'APPROVED', approved_at = now(), approved_by = proposed_by,"
            " approved_person = proposed_person"
        )


def test_two_who_approve_at_the_same_moment_change_it_once(
    bank: Tenant, staff_client: StaffClient, administrator: User, second: User, approver: User
) -> None:
    client = open_as(staff_client, administrator)
    client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, sender="+815011112222"))
    pk = proposals()[0].pk

    def approving(user: User) -> Callable[[], Any]:
        def act() -> None:
            with transaction.atomic():
                change = AccountChange.objects.get(pk=pk)
            approve_change(change=change, actor=Actor.user(user.pk), now=timezone.now())

        return act

    results = in_parallel(bank, approving(second), approving(approver))
    assert sorted(type(result).__name__ for result in results) == ["AccountRefused", "NoneType"]
    assert count(AuditEvent, event="accountchange.approved") == 1


def test_a_second_change_waits_for_the_first_and_the_database_says_so_too(
    bank: Tenant, administrator: User, staff_client: StaffClient
) -> None:
    client, account = open_as(staff_client, administrator), account_of(Channel.SMS)
    client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, sender="+815011112222"))
    answer = client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, sender="+815033334444"))
    assert answer.status_code == 422
    assert "Another change waits for approval." in answer.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        AccountChange.objects.create(
            account=account, proposed_by=1, proposed_person="1", proposed_at=timezone.now(), options={}
        )
    client.post(reverse("sending-change-reject", args=[proposals()[0].pk]))  # whoever proposed may take it back
    assert proposals()[0].status == "REJECTED"
    assert client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, sender="+815033334444")).status_code == 302


@pytest.mark.parametrize(
    ("channel", "field", "wrong"),
    [
        (Channel.SMS, "sender", "not a sender at all"),
        (Channel.SMS, "sender", ""),
        (Channel.SMS, "segment_yen", "free"),
        (Channel.SMS, "segment_yen", "-1"),
        (Channel.SMS, "sender_numbers", "docomo"),
        (Channel.LINE, "basic_id", "no at"),
        (Channel.LINE, "auto_reply", "詳しくは https://bank.example へ"),
        (Channel.LINE, "notification_template", "{not json"),
        (Channel.LINE, "notification_template", '{"templateKey": "", "body": {}}'),
        (Channel.EMAIL, "bounce_domain", "bounce_bank"),
        (Channel.EMAIL, "sender", "nobody"),
        (Channel.EMAIL, "sender_name", "A\r\nBcc: b@c.example"),
    ],
)
def test_what_a_provider_would_not_take_is_explained(
    bank: Tenant, staff_client: StaffClient, administrator: User, channel: Channel, field: str, wrong: str
) -> None:
    client = open_as(staff_client, administrator)
    before = account_of(channel).options
    answer = client.post(settings_of(channel), typed(client, channel, **{field: wrong}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert (account_of(channel).options, proposals()) == (before, [])


def test_settings_that_make_no_adapter_are_refused_before_anybody_approves_them(
    bank: Tenant, administrator: User
) -> None:
    account = at_an_aggregator()
    wanted: dict[str, Any] = {"addresses.send": "https://sms.example/send", "codes": {"404": "no such meaning"}}
    actor, now = Actor.user(administrator.pk), timezone.now()
    with pytest.raises(AccountRefused, match="組合せに誤り"):
        change_account(account=account, options=wanted, credentials={"token": "t"}, actor=actor, now=now)
    assert proposals() == []


@pytest.mark.parametrize(
    "address",
    ["http://sms.example/send", "https://127.0.0.1/send", "https://sms.example:8443/", "https://a:b@c.example/"],
)
def test_an_aggregators_address_must_be_one_of_the_open_internet(
    bank: Tenant, staff_client: StaffClient, administrator: User, address: str
) -> None:
    at_an_aggregator()
    client = open_as(staff_client, administrator)
    answer = client.post(settings_of(Channel.SMS), {"addresses.send": address})
    assert "addresses.send" in answer.context["form"].errors


def test_everything_of_an_aggregator_can_be_entered(
    bank: Tenant, staff_client: StaffClient, administrator: User, approver: User
) -> None:
    at_an_aggregator()
    client = open_as(staff_client, administrator)
    sent = {
        "addresses.send": "https://sms.example/send",
        "addresses.status": "https://sms.example/status/{key}",
        "login.kind": "header",
        "login.header": "X-Token",
        "number_format": "national",
        "names": "text = message\nkey = client.id",
        "codes": "404 = dead",
        "sender_numbers": "NTTドコモ: 050-1111-2222\nその他：0570-000-000",
        "link_free": "on",
        "yen": "15",
        "secret-token": "t0ken",
        "secret-secret": "s3cret",
    }
    assert client.post(settings_of(Channel.SMS), sent).status_code == 302
    approve_change(change=proposals()[0], actor=Actor.user(approver.pk), now=timezone.now())
    account = account_of(Channel.SMS)
    assert account.options == {
        "addresses": {"send": "https://sms.example/send", "status": "https://sms.example/status/{key}"},
        "login": {"kind": "header", "header": "X-Token"},
        "number_format": "national",
        "names": {"text": "message", "key": "client.id"},
        "codes": {"404": "dead"},
        "sender_numbers": [
            {"carrier": "NTTドコモ", "number": "050-1111-2222"},
            {"carrier": "その他", "number": "0570-000-000"},
        ],
        "link_free": True,
        "yen": "15",
    }
    assert [one.number for one in numbers_of(account.options)] == ["050-1111-2222", "0570-000-000"]
    page = client.get(reverse("sending-channel", args=[account.pk]))
    assert page.context["form"]["codes"].value() == "404 = dead"
    answer = client.post(settings_of(Channel.SMS), typed(client, Channel.SMS))
    assert (answer.status_code, len(proposals())) == (302, 1), "sent as it stands, nothing changes"


def test_an_account_is_opened_standing_still_and_nobody_is_planned_for_it(
    bank: Tenant, staff_client: StaffClient, administrator: User, make_customer: MakeCustomer
) -> None:
    with transaction.atomic():
        ProviderAccount.objects.filter(channel="SMS").delete()
    client = open_as(staff_client, administrator)
    address = reverse("sending-channel-new")
    assert "SMS:twilio" in client.get(address).content.decode()
    for wrong in ("", "POST:print_shop", "SMS:line", "LINE:line"):
        assert client.post(address, {"account": wrong}).status_code == 422
    opened = client.post(address, {"account": "SMS:twilio"}, follow=True)
    assert "/webhooks/twilio/" in opened.content.decode()
    account = account_of(Channel.SMS)
    assert (account.is_paused, account.credentials) == (True, {})
    customer = make_customer()
    with transaction.atomic():
        assert Channel.SMS not in usable_channels([customer.pk])[customer.pk]
        ProviderAccount.objects.update(is_paused=False, pause_reason="")
        assert Channel.SMS in usable_channels([customer.pk])[customer.pk], "control"
    assert client.post(address, {"account": "SMS:twilio"}).status_code == 422, "a second click"


def test_whoever_may_only_look_sees_settings_and_no_form(
    bank: Tenant, staff_client: StaffClient, auditor: User, officer: User
) -> None:
    page = open_as(staff_client, auditor).get(reverse("sending-channel", args=[account_of(Channel.SMS).pk]))
    assert "+815050000000" in page.content.decode()
    assert settings_of(Channel.SMS) not in page.content.decode()
    assert open_as(staff_client, officer).post(settings_of(Channel.SMS), {}).status_code == 403


def test_another_bank_neither_sees_nor_changes_an_account(
    stranger: User, bank: Tenant, staff_client: StaffClient, administrator: User
) -> None:
    client = open_as(staff_client, administrator)
    client.post(settings_of(Channel.SMS), typed(client, Channel.SMS, sender="+815011112222"))
    change, theirs = proposals()[0], staff_client(stranger)
    account, settings = reverse("sending-channel", args=[change.account_id]), settings_of(Channel.SMS)
    assert Context().run(theirs.get, account).status_code == 404
    assert Context().run(theirs.post, settings).status_code == 404
    assert Context().run(theirs.post, reverse("sending-change-approve", args=[change.pk])).status_code == 404
    assert proposals()[0].status == "PROPOSED"


def test_the_table_has_no_name_twice_and_knows_which_options_are_ours() -> None:
    for provider in PROVIDERS.values():
        names = [one.name for one in provider.options] + [one.name for one in provider.secrets]
        assert len(names) == len(set(names))
        assert all(one.choices for one in provider.options if one.kind == Kind.CHOICE)
    ours = {"yen", "segment_yen", "link_free", "sender_numbers", "basic_id", "account_name", "auto_reply"}
    assert ours <= OUR_OPTIONS


def test_a_dotted_name_leads_inwards_and_leaves_nothing_empty_behind() -> None:
    options = with_values({"a": 1}, {"b.c": 2, "b.d": 3, "a": None})
    assert options == {"b": {"c": 2, "d": 3}}
    assert (value_at(options, "b.c"), value_at(options, "b.c.d"), value_at(options, "x")) == (2, None, None)
    assert with_values(options, {"b.c": None, "b.d": None}) == {}
