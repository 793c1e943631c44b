"""Links: guessed, borrowed, expired, locked, raced for."""

import hashlib
import threading
from datetime import date, datetime, timedelta
from hmac import compare_digest
from typing import Any

import psycopg
import pytest
from django.db import connections

from audit.services import Actor
from customers.accounts.proving import knows_account
from customers.selectors import facts_of
from questionnaires import links
from questionnaires.links import LinkClosed, LinkLocked, LinkState, WrongFactor
from questionnaires.models import AccessLink, Response
from questionnaires.proving import Factors
from questionnaires.services import cancel_responses
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.questionnaires.filing import Sent, send_link

RIGHT = Factors(last_digits="4567", birth_on=date(1948, 5, 3))
WRONG = Factors(last_digits="0000", birth_on=date(1948, 5, 3))


@pytest.fixture
def sent(tenant: Tenant, now: datetime) -> Sent:
    return send_link(tenant, now=now)


def find(sent: Sent) -> AccessLink:
    with tenant_scope(sent.tenant.pk):
        link = links.find_link(sent.token)
        assert link is not None
        link.response.customer.profile  # noqa: B018  # opened while the scope is
        return link


def facts(sent: Sent) -> dict[str, Any]:
    with tenant_scope(sent.tenant.pk):
        return facts_of(sent.customer)


def prove(sent: Sent, factors: Factors, now: datetime) -> AccessLink:
    link, held = find(sent), facts(sent)
    with tenant_context(sent.tenant.pk):
        return links.prove(link=link, factors=factors, facts=held, now=now)


def test_a_token_is_thirty_two_crockford_characters_and_never_the_same() -> None:
    tokens = {links.new_token() for _ in range(500)}
    assert len(tokens) == 500
    assert all(len(token) == 32 for token in tokens)
    assert set("".join(tokens)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_only_the_hash_of_a_token_is_kept(sent: Sent, superuser: psycopg.Connection) -> None:
    rows = superuser.execute("SELECT * FROM questionnaires_accesslink").fetchall()
    stored = [bytes(value) for row in rows for value in row if isinstance(value, bytes | memoryview)]
    assert hashlib.sha256(sent.token.encode()).digest() in stored
    assert sent.token not in repr(rows)


def test_a_token_typed_from_a_letter_is_found(sent: Sent) -> None:
    assert links.tenant_of(sent.token) == sent.tenant.pk
    assert links.tenant_of(sent.token.lower()) == sent.tenant.pk
    assert links.tenant_of(sent.token.replace("1", "l").replace("0", "O")) == sent.tenant.pk


@pytest.mark.parametrize("token", ["", "A" * 32, "A" * 31, "A" * 100_000, "１" * 32, "../../etc", "\x00", "А" * 32])
def test_a_forged_token_finds_nobody(sent: Sent, token: str) -> None:
    """W2: unknown, malformed, overlong and look-alike tokens are all simply not found."""
    assert links.tenant_of(token) is None


def test_a_link_of_another_bank_is_not_found(sent: Sent, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        assert links.find_link(sent.token) is None
    with tenant_scope(sent.tenant.pk):
        assert links.find_link(sent.token) is not None  # positive control


def test_the_right_facts_start_the_response(sent: Sent, now: datetime) -> None:
    link = prove(sent, RIGHT, now)
    assert link.proved_at == now
    assert find(sent).response.status == Response.Status.STARTED


@pytest.mark.parametrize(
    "factors",
    [
        Factors(last_digits="4568", birth_on=date(1948, 5, 3)),
        Factors(last_digits="4567", birth_on=date(1948, 5, 4)),
        Factors(last_digits="4567"),
        Factors(last_digits="", birth_on=date(1948, 5, 3)),
        Factors(last_digits="1234567", birth_on=date(1948, 5, 3)),
    ],
)
def test_one_wrong_fact_is_enough_to_refuse(sent: Sent, now: datetime, factors: Factors) -> None:
    with pytest.raises(WrongFactor) as refused:
        prove(sent, factors, now)
    assert refused.value.remaining == 4
    assert find(sent).response.status == Response.Status.OPEN


def test_full_width_digits_are_the_same_digits(sent: Sent, now: datetime) -> None:
    """W3."""
    assert prove(sent, Factors(last_digits="４５６７", birth_on=date(1948, 5, 3)), now).proved_at == now


def test_a_company_proves_its_phone_and_account(tenant: Tenant, now: datetime) -> None:
    sent = send_link(tenant, now=now, kind="COMPANY")
    with pytest.raises(WrongFactor):
        prove(sent, Factors(last_digits="4321", phone_digits="0000"), now)
    assert prove(sent, Factors(last_digits="4321", phone_digits="5678"), now).proved_at == now


def test_a_company_without_a_phone_proves_its_postal_code(tenant: Tenant, now: datetime) -> None:
    """Otherwise it could never answer."""
    link = find(send_link(tenant, now=now, kind="COMPANY"))
    facts = {"postal_code": "1000005", "account_number": "7654321"}
    with tenant_context(tenant.pk):
        with pytest.raises(WrongFactor):
            links.prove(link=link, factors=Factors(last_digits="4321", phone_digits="5678"), facts=facts, now=now)
        proved = links.prove(link=link, factors=Factors(last_digits="4321", phone_digits="0005"), facts=facts, now=now)
    assert proved.proved_at == now


BORN = date(1948, 5, 3)
SEVERAL: dict[str, Any] = {
    "birth_on": BORN.isoformat(),
    "account_number": "1234567",
    "accounts": [
        {"branch": "001", "number": "1234567"},
        {"branch": "001", "number": "2220002", "closed_on": "2020-03-31"},
        {"branch": "012", "number": "333-0003", "product": "40"},
    ],
}


@pytest.mark.parametrize("last_digits", ["4567", "0003", "０００３"])
def test_any_account_that_is_open_proves_who_somebody_is(sent: Sent, now: datetime, last_digits: str) -> None:
    link = find(sent)
    with tenant_context(sent.tenant.pk):
        factors = Factors(last_digits=last_digits, birth_on=BORN)
        assert links.prove(link=link, factors=factors, facts=SEVERAL, now=now).proved_at == now


@pytest.mark.parametrize(
    ("last_digits", "changed"),
    [
        ("0002", {}),
        ("4567", {"accounts": SEVERAL["accounts"][1:]}),
        ("", {"accounts": [{"number": "12"}]}),
        ("", {}),
    ],
    ids=["a closed one", "the first, closed since", "too short", "nothing"],
)
def test_no_other_number_does_and_each_try_is_counted(
    sent: Sent, now: datetime, last_digits: str, changed: dict[str, Any]
) -> None:
    """W2: the same refusal and the same five tries, whichever number it was."""
    link, held = find(sent), {**SEVERAL, **changed}
    factors = Factors(last_digits=last_digits, birth_on=BORN)
    with tenant_context(sent.tenant.pk):
        left = []
        for _ in range(4):
            with pytest.raises(WrongFactor) as refused:
                links.prove(link=link, factors=factors, facts=held, now=now)
            left.append(refused.value.remaining)
        with pytest.raises(LinkLocked):
            links.prove(link=link, factors=factors, facts=held, now=now)
    assert left == [4, 3, 2, 1]


def test_a_customer_without_an_open_account_proves_the_number_on_file(sent: Sent, now: datetime) -> None:
    """Whoever closed their account may still be asked."""
    link = find(sent)
    held = {**SEVERAL, "accounts": [{**account, "closed_on": "2026-01-31"} for account in SEVERAL["accounts"]]}
    with tenant_context(sent.tenant.pk):
        with pytest.raises(WrongFactor):
            links.prove(link=link, factors=Factors(last_digits="0003", birth_on=BORN), facts=held, now=now)
        assert links.prove(link=link, factors=RIGHT, facts=held, now=now).proved_at == now


@pytest.mark.parametrize("count", [0, 1, 3, 60])
def test_as_many_numbers_are_compared_whoever_it_is(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does finding the right one end the comparing: time tells neither how many there are nor which it was."""
    compared = []

    def counting(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return compare_digest(one, other)

    monkeypatch.setattr("customers.accounts.proving.hmac.compare_digest", counting)
    accounts = [{"number": f"{number:07}"} for number in range(count)]
    assert knows_account("0000", {"accounts": accounts}) == bool(count)
    assert len(compared) == 60


def test_a_fact_missing_from_the_file_never_agrees(sent: Sent, now: datetime) -> None:
    link = find(sent)
    with tenant_context(sent.tenant.pk), pytest.raises(WrongFactor):
        links.prove(link=link, factors=Factors(last_digits=""), facts={}, now=now)


def test_the_fifth_wrong_answer_locks_the_link_for_half_an_hour(sent: Sent, now: datetime) -> None:
    for remaining in (4, 3, 2, 1):
        with pytest.raises(WrongFactor) as refused:
            prove(sent, WRONG, now)
        assert refused.value.remaining == remaining
    with pytest.raises(LinkLocked) as locked:
        prove(sent, WRONG, now)
    assert locked.value.until == now + timedelta(minutes=30)
    with pytest.raises(LinkLocked):
        prove(sent, RIGHT, now + timedelta(minutes=29))
    assert prove(sent, RIGHT, now + timedelta(minutes=31)).failed_proofs == 0


def test_after_a_lock_five_new_tries_are_given(sent: Sent, now: datetime) -> None:
    for _ in range(5):
        with pytest.raises((WrongFactor, LinkLocked)):
            prove(sent, WRONG, now)
    with pytest.raises(WrongFactor) as refused:
        prove(sent, WRONG, now + timedelta(minutes=31))
    assert refused.value.remaining == 4


def test_each_lock_is_twice_as_long_as_the_one_before_until_somebody_is_proved(sent: Sent, now: datetime) -> None:
    """W3: whoever knows the birth date does not get through ten thousand ends of account numbers."""

    def locked_for() -> timedelta:
        nonlocal now
        for _ in range(4):
            with pytest.raises(WrongFactor):
                prove(sent, WRONG, now)
        with pytest.raises(LinkLocked) as locked:
            prove(sent, WRONG, now)
        lock = locked.value.until - now
        now = locked.value.until
        return lock

    locks = [locked_for() for _ in range(7)]
    assert [lock / timedelta(minutes=30) for lock in locks] == [1, 2, 4, 8, 16, 32, 32]
    prove(sent, RIGHT, now)
    assert locked_for() == timedelta(minutes=30)


def test_six_tries_at_once_buy_no_sixth_answer(sent: Sent, now: datetime) -> None:
    """W3: counted under the row's lock, whatever the order."""
    link, held = find(sent), facts(sent)
    outcomes: list[str] = []
    barrier = threading.Barrier(6)

    def attempt() -> None:
        try:
            barrier.wait()
            with tenant_context(sent.tenant.pk):
                links.prove(link=link, factors=WRONG, facts=held, now=now)
        except (WrongFactor, LinkLocked) as failure:
            outcomes.append(f"{type(failure).__name__} {getattr(failure, 'remaining', '')}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [
        "LinkLocked ",
        "LinkLocked ",
        "WrongFactor 1",
        "WrongFactor 2",
        "WrongFactor 3",
        "WrongFactor 4",
    ]
    kept = find(sent)
    assert (kept.failed_proofs, kept.locked_until) == (5, now + timedelta(minutes=30))


def test_an_expired_link_opens_nothing(sent: Sent, now: datetime) -> None:
    late = now + timedelta(days=30)
    assert links.state_of(find(sent), late) is LinkState.EXPIRED
    with pytest.raises(LinkClosed):
        prove(sent, RIGHT, late)


def test_a_cancelled_request_opens_nothing_and_forgets_the_answers(sent: Sent, now: datetime) -> None:
    from questionnaires.services import save_page

    prove(sent, RIGHT, now)
    with tenant_scope(sent.tenant.pk):
        response = Response.objects.get(pk=sent.response.pk)
        save_page(response=response, page_id="contact", answers={"name": "山田"}, now=now)
        cancel_responses(references=[response.reference], actor=Actor.system("tests"), now=now)
    with tenant_scope(sent.tenant.pk):
        assert Response.objects.get(pk=sent.response.pk).answers == {}
    assert links.state_of(find(sent), now) is LinkState.CANCELLED
    with pytest.raises(LinkClosed):
        prove(sent, RIGHT, now)


class Withdrawing(dict[str, Any]):
    """Facts during whose comparison somebody else cancels the request."""

    def __init__(self, sent: Sent, now: datetime) -> None:
        super().__init__(facts(sent))
        self._sent, self._now = sent, now

    def get(self, key: str, default: Any = None) -> Any:
        other = threading.Thread(target=self._cancel)
        other.start()
        other.join()
        return super().get(key, default)

    def _cancel(self) -> None:
        try:
            with tenant_scope(self._sent.tenant.pk):
                cancel_responses(references=[self._sent.response.reference], actor=Actor.system("tests"), now=self._now)
        finally:
            connections.close_all()


def test_a_request_that_is_cancelled_during_the_proof_is_told_as_closed(sent: Sent, now: datetime) -> None:
    link, withdrawing = find(sent), Withdrawing(sent, now)
    with tenant_context(sent.tenant.pk), pytest.raises(LinkClosed) as closed:
        links.prove(link=link, factors=RIGHT, facts=withdrawing, now=now)
    assert closed.value.args == (LinkState.CANCELLED.value,)
    assert find(sent).proved_at is None


def test_the_last_to_prove_themselves_is_the_one_who_answers(sent: Sent, now: datetime) -> None:
    """W4: two devices."""
    first = prove(sent, RIGHT, now)
    second = prove(sent, RIGHT, now + timedelta(minutes=1))
    with tenant_scope(sent.tenant.pk):
        assert first.proved_at
        assert second.proved_at
        assert links.proved_link(first.pk, first.proved_at) is None
        assert links.proved_link(second.pk, second.proved_at) == second


def test_no_link_is_issued_to_a_closed_response(sent: Sent, now: datetime) -> None:
    with tenant_scope(sent.tenant.pk):
        cancel_responses(references=[sent.response.reference], actor=Actor.system("tests"), now=now)
        response = Response.objects.get(pk=sent.response.pk)
        assert links.issue_links(responses=[response], channel="SMS", expires_at=now, now=now) == {}
