"""gBizINFO: the adapter against the sandbox over a socket, the tenant's token, its quota, and taking over."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor
from companies.destroying import erase_customers
from companies.gbiz.models import GbizAccess, GbizAnswer
from companies.gbiz.selectors import said_by
from companies.gbiz.services import GbizRefused, ask_profile, end_access, set_access, take_profile
from companies.protocols import CompanyProfile, RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.providers.gbiz_v2 import GbizV2
from customers.models import AttributeChange, Customer
from customers.selectors import facts_of
from tenants.models import Tenant, User
from tenants.outgoing import guarded_client
from tests.companies.conftest import Agency, Make, number_of
from tests.conftest import NOW, SignIn, english

TOKEN = "sandbox-gbiz"
MAKER, CLOSED = "6120001039879", "1010001012570"
type Answer = Callable[[dict[str, str]], tuple[int, bytes]]


@pytest.fixture
def collection(agency: Agency) -> Iterator[str]:
    """The settings lead to the sandbox's gBizINFO."""
    was, settings.GBIZ_API_URL = settings.GBIZ_API_URL, f"{agency.weather.sandbox.url}/gbiz"
    yield settings.GBIZ_API_URL
    settings.GBIZ_API_URL = was


@pytest.fixture
def gbiz(collection: str) -> Iterator[GbizV2]:
    with guarded_client() as http:
        yield GbizV2(http=http, url=collection, token=TOKEN)


@pytest.fixture
def asked(in_tenant: Tenant, administrator: User, collection: str) -> Tenant:
    """The tenant has a token."""
    set_access(token=TOKEN, most_a_day=3, actor=Actor.user(administrator.pk), now=NOW)
    return in_tenant


def test_what_is_known_of_a_company_is_read(gbiz: GbizV2) -> None:
    found = gbiz.by_number(MAKER)
    assert found is not None
    assert (found.number, found.name, found.postal_code) == (MAKER, "株式会社サンプル製作所", "5300001")
    assert found.capital is not None
    assert found.capital % 1_000_000 == 0
    assert found.employees
    assert found.established_on is not None
    assert found.representative
    closed = gbiz.by_number(CLOSED)
    assert closed is not None
    assert closed.closed_on == date(2022, 1, 19)
    assert gbiz.by_number(number_of(999)) is None, "an unknown number is an empty list"
    with pytest.raises(ValueError, match="corporate number"):
        gbiz.by_number("1234567890123")


@pytest.mark.parametrize(("outcome", "code"), [("fail_before", "http_500"), ("rate_limited", "http_429")])
def test_trouble_there_is_trouble_that_passes(gbiz: GbizV2, agency: Agency, outcome: str, code: str) -> None:
    agency.weather.set(request={"gbiz": {outcome: 1.0}})
    with pytest.raises(RegistryUnavailable) as caught:
        gbiz.by_number(MAKER)
    assert caught.value.code == code


def test_a_wrong_token_is_refused_and_stands_nowhere(collection: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with guarded_client() as http, pytest.raises(RegistryRefused, match="token") as caught:
        GbizV2(http=http, url=collection, token="wrong-secret").by_number(MAKER)
    assert "wrong-secret" not in caplog.text + repr(caught.value)
    with guarded_client() as http, pytest.raises(RegistryUnavailable, match="network") as away:
        GbizV2(http=http, url="http://127.0.0.1:1/gbiz", token="wrong-secret").by_number(MAKER)
    assert away.value.__cause__ is None


@pytest.fixture
def stand_in() -> Iterator[Callable[[Answer], GbizV2]]:
    """A collection that says what a test wants, over a real socket."""
    servers: list[ThreadingHTTPServer] = []
    clients: list[httpx.Client] = []
    was = settings.SANDBOX_URL

    def start(answer: Answer) -> GbizV2:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer({"path": self.path, **self.headers})
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.SANDBOX_URL = f"http://127.0.0.1:{server.server_address[1]}"
        clients.append(guarded_client(max_body=100_000))
        return GbizV2(http=clients[-1], url=f"{settings.SANDBOX_URL}/gbiz/", token=TOKEN)

    yield start
    settings.SANDBOX_URL = was
    for client in clients:
        client.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def body(**fields: Any) -> bytes:
    return json.dumps({"hojin-infos": [{"corporate_number": MAKER, "name": "合同会社見本", **fields}]}).encode()


def test_a_stand_in_that_answers_well_is_believed(stand_in: Callable[[Answer], GbizV2]) -> None:
    """Positive control of the next test; and the question is as the collection describes it."""
    asked: list[dict[str, str]] = []

    def answer(request: dict[str, str]) -> tuple[int, bytes]:
        asked.append(request)
        return 200, body(capital_stock=3_000_000, update_date="2026-04-01T00:00:00+09:00")

    found = stand_in(answer).by_number(MAKER)
    assert found is not None
    assert (found.capital, found.employees, found.updated_on) == (3_000_000, None, date(2026, 4, 1))
    assert asked[0]["path"] == f"/gbiz/v2/hojin/{MAKER}"
    assert asked[0]["X-hojinInfo-api-token"] == TOKEN


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "answer"),
        (b"<html>maintenance</html>", "answer"),
        (b"[]", "answer"),
        (b'{"hojin-infos": {}}', "answer"),
        (b'{"hojin-infos": [1]}', "answer"),
        (body(corporate_number=CLOSED), "other_company"),
        (body(capital_stock=-1), "answer"),
        (body(capital_stock=True), "answer"),
        (body(capital_stock=1.5), "answer"),
        (body(employee_number="many"), "answer"),
        (body(date_of_establishment="2026-02-30"), "answer"),
        (body(representative_name=["海野"]), "answer"),
        (body(business_summary="長" * 5_000), "answer"),
        (json.dumps({"hojin-infos": [{"corporate_number": MAKER}] * 2}).encode(), "answer"),
    ],
)
def test_an_answer_that_is_not_as_described_is_not_believed(
    stand_in: Callable[[Answer], GbizV2], content: bytes, code: str
) -> None:
    with pytest.raises(RegistryUnreadable) as caught:
        stand_in(lambda _: (200, content)).by_number(MAKER)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (403, b"", RegistryRefused),
        (400, b"{}", RegistryRefused),
        (302, b"", RegistryRefused),
        (503, b"", RegistryUnavailable),
        (200, b"x" * 200_000, RegistryUnavailable),
    ],
)
def test_other_answers_are_refusals_or_trouble(
    stand_in: Callable[[Answer], GbizV2], status: int, content: bytes, said: type[Exception]
) -> None:
    with pytest.raises(said):
        stand_in(lambda _: (status, content)).by_number(MAKER)
    assert stand_in(lambda _: (404, b"")).by_number(MAKER) is None


def test_the_token_is_sealed_shown_to_nobody_and_destroyed(
    in_tenant: Tenant, administrator: User, staff_client: SignIn, superuser: psycopg.Connection
) -> None:
    client, address = staff_client(english(administrator)), reverse("gbiz-access")
    assert "Not set up" in client.get(address).content.decode()
    assert client.post(address, {"token": "", "most_a_day": "5"}).status_code == 422, "the first time it is needed"
    assert client.post(address, {"token": "two words", "most_a_day": "5"}).status_code == 422
    assert client.post(address, {"token": "very-secret", "most_a_day": "0"}).status_code == 422
    assert client.post(address, {"token": "very-secret", "most_a_day": "5"}).status_code == 302
    (stored,) = superuser.execute("SELECT token FROM companies_gbizaccess").fetchall()
    assert b"very-secret" not in stored[0]
    shown = client.get(address).content.decode()
    assert "very-secret" not in shown
    assert "0 of 5" in shown
    assert client.post(address, {"token": "", "most_a_day": "7"}).status_code == 302
    with transaction.atomic():
        assert GbizAccess.objects.get().token == "very-secret", "an empty one keeps what is there"
        acts = AuditEvent.objects.filter(event="gbizaccess.set").order_by("id")
        assert [act.data["is_new_token"] for act in acts] == [True, False]
        assert "very-secret" not in str([act.data for act in acts])
    assert client.post(reverse("gbiz-access-end")).status_code == 302
    assert superuser.execute("SELECT token FROM companies_gbizaccess").fetchall() == [(None,)]


def test_whoever_may_not_manage_settings_enters_no_token(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    assert staff_client(officer).get(reverse("gbiz-access")).status_code in (403, 404)
    for act in (
        lambda who: set_access(token="x", most_a_day=1, actor=who, now=NOW),
        lambda who: end_access(actor=who, now=NOW),
    ):
        with pytest.raises(GbizRefused):
            act(Actor.user(officer.pk))


def test_the_days_questions_are_counted_and_then_it_is_enough(
    asked: Tenant, officer: User, agency: Agency, customer_of: Make
) -> None:
    """A question without an answer counts too; the next day begins anew."""
    pk, who = customer_of(corporate_number=MAKER), Actor.user(officer.pk)
    assert ask_profile(customer_id=pk, actor=who, now=NOW)
    agency.weather.set(request={"gbiz": {"fail_before": 1.0}})
    with pytest.raises(RegistryUnavailable):
        ask_profile(customer_id=pk, actor=who, now=NOW)
    agency.weather.set(request={"gbiz": None})
    assert ask_profile(customer_id=pk, actor=who, now=NOW)
    with pytest.raises(GbizRefused, match="3"):
        ask_profile(customer_id=pk, actor=who, now=NOW)
    assert ask_profile(customer_id=pk, actor=who, now=NOW + timedelta(days=1)), "control"
    with transaction.atomic():
        assert (GbizAccess.objects.get().count, GbizAnswer.objects.count()) == (1, 1)


def test_an_officer_asks_sees_it_beside_the_file_and_takes_over_with_a_reason(
    asked: Tenant, officer: User, staff_client: SignIn, customer_of: Make
) -> None:
    pk, client = customer_of(corporate_number=MAKER), staff_client(english(officer))
    address = reverse("customer-gbiz", args=[pk])
    assert address in client.get(reverse("customer", args=[pk])).content.decode()
    assert "has not been asked yet" in client.get(address).content.decode()
    assert "gBizINFO has answered" in client.post(f"{address}ask/", follow=True).content.decode()
    shown = client.get(address)
    content, beside = shown.content.decode(), shown.context["beside"]
    assert f"{beside.employees:,}" in content
    assert beside.business in content
    assert "checked" not in content.split('<h2 id="beside">')[1].split("</form>")[0], "a suggestion is not ticked"
    with transaction.atomic():
        before = facts_of(Customer.objects.get(pk=pk))
    sent = {"seen_at": beside.seen_at, "take": ["capital", "address"], "reason": "PUBLIC_SOURCE"}
    assert client.post(f"{address}take/", {**sent, "reason": ""}).status_code == 422, "not without a reason"
    assert client.post(f"{address}take/", sent).status_code == 302
    with transaction.atomic():
        after = facts_of(Customer.objects.get(pk=pk))
        said = GbizAnswer.objects.get().said
        assert (after["capital"], after["address"], after["postal_code"]) == (
            said["capital"],
            said["address"],
            said["postal_code"],
        )
        assert after["name"] == before["name"], "what was not ticked stays"
        change = AttributeChange.objects.get(attribute="capital")
        assert (change.source, change.reason) == ("STAFF", "PUBLIC_SOURCE")
        acts = AuditEvent.objects.filter(target_id=str(pk)).order_by("id")
        assert any("gBizINFO 2" in str(act.data) for act in acts), "source and day in the trail"
        assert said["representative"] not in str([act.data for act in acts])
    assert client.post(f"{address}take/", {**sent, "seen_at": "earlier"}, follow=True).status_code == 200


@pytest.mark.parametrize("trouble", ["no token", "wrong token", "away", "too many", "unknown", "no number"])
def test_without_an_answer_a_person_gets_a_sentence(
    asked: Tenant,
    administrator: User,
    officer: User,
    staff_client: SignIn,
    agency: Agency,
    customer_of: Make,
    trouble: str,
) -> None:
    boss = Actor.user(administrator.pk)
    number = {"unknown": number_of(999), "no number": ""}.get(trouble, MAKER)
    pk, client = customer_of(corporate_number=number), staff_client(english(officer))
    if trouble == "no token":
        end_access(actor=boss, now=NOW)
    elif trouble == "wrong token":
        set_access(token="wrong", most_a_day=9, actor=boss, now=NOW)
    elif trouble in ("away", "too many"):
        agency.weather.set(request={"gbiz": {"fail_before" if trouble == "away" else "rate_limited": 1.0}})
    words = {
        "no token": "no access", "wrong token": "does not accept", "away": "does not answer now",
        "too many": "no more questions", "unknown": "knows no company", "no number": "no corporate number",
    }  # fmt: skip
    answer = client.post(reverse("customer-gbiz-ask", args=[pk]), follow=True)
    assert words[trouble] in answer.content.decode()


def test_masked_roles_do_not_read_the_representative_and_nobody_elses_branch(
    asked: Tenant, officer: User, contractor: User, branch_staff: User, staff_client: SignIn, customer_of: Make
) -> None:
    pk = customer_of(corporate_number=MAKER)
    ask_profile(customer_id=pk, actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        name = GbizAnswer.objects.get().said["representative"]
    address = reverse("customer-gbiz", args=[pk])
    assert name in staff_client(officer).get(address).content.decode(), "control"
    masked = staff_client(contractor).get(address)
    assert masked.status_code in (403, 404) or name not in masked.content.decode()
    assert staff_client(branch_staff).get(address).status_code == 404


def test_answers_are_sealed_under_the_customers_key_and_go_with_the_customer(
    asked: Tenant, officer: User, customer_of: Make, superuser: psycopg.Connection
) -> None:
    pk = customer_of(corporate_number=MAKER)
    ask_profile(customer_id=pk, actor=Actor.user(officer.pk), now=NOW)
    (row,) = superuser.execute("SELECT said FROM companies_gbizanswer").fetchall()
    assert row[0][1:17] == pk.bytes
    with transaction.atomic():
        erase_customers([pk])
        assert not GbizAnswer.objects.exists()


def test_no_transaction_is_open_while_it_is_asked(
    asked: Tenant, officer: User, staff_client: SignIn, customer_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    open_ones: list[bool] = []
    ask: Any = GbizV2.by_number

    def watched(self: GbizV2, number: str) -> object:
        open_ones.append(connection.in_atomic_block)
        return ask(self, number)

    monkeypatch.setattr(GbizV2, "by_number", watched)
    pk: UUID = customer_of(corporate_number=MAKER)
    staff_client(officer).post(reverse("customer-gbiz-ask", args=[pk]))
    assert open_ones == [False]


@pytest.mark.parametrize("told", ["沖　健二", "代表社員　沖　健二", "代表取締役社長 沖　健二"])
def test_of_a_representative_the_name_alone_is_kept(told: str) -> None:
    profile = CompanyProfile(MAKER, "", "", "", told, None, None, None, "", "", None, None)
    assert said_by(profile)["representative"].split() == ["沖", "健二"]


def test_nothing_chosen_and_another_answer_are_refused(asked: Tenant, officer: User, customer_of: Make) -> None:
    pk, who = customer_of(corporate_number=MAKER), Actor.user(officer.pk)
    ask_profile(customer_id=pk, actor=who, now=NOW)
    take = {"customer_id": pk, "reason": "PUBLIC_SOURCE", "actor": who, "now": NOW}
    for seen_at, facts in ((NOW.isoformat(), []), (NOW.isoformat(), ["phone"]), ("", ["capital"])):
        with pytest.raises(GbizRefused):
            take_profile(seen_at=seen_at, facts=facts, **take)  # type: ignore[arg-type]  # as above
    assert take_profile(seen_at=NOW.isoformat(), facts=["capital"], **take) == ["capital"], "control"  # type: ignore[arg-type]  # as above
