"""From the institution's own app: a signed word, taken once, for minutes, from a key that two people let in."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.db import connections
from django.test import Client

from audit.services import Actor
from questionnaires.entrances import services
from questionnaires.entrances.services import EntranceRefused
from questionnaires.models import EntranceKey
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser
from tests.portal.journey import BIRTH, end_of, page_of, prove
from tests.questionnaires.filing import Sent, send_link


def pem(private: Any) -> str:
    return str(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


class App:
    """The institution's server, which knows who has signed in."""

    def __init__(self, private: Any, key: EntranceKey, now: datetime) -> None:
        self.private, self.key, self.now = private, key, now

    def word(self, number: str = "1", *, kid: str | None = None, signer: Any = None, **claims: Any) -> str:
        said = {
            "sub": number,
            "aud": f"{settings.PUBLIC_BASE_URL}/b/asanagi/app/",
            "iat": int(self.now.timestamp()),
            "exp": int((self.now + timedelta(minutes=2)).timestamp()),
            "jti": uuid4().hex,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        name = self.key.key_id if kid is None else kid
        return jwt.encode(said, signer or self.private, self.key.algorithm, {"kid": name})


def made(algorithm: str) -> Any:
    is_edwards = algorithm == "EdDSA"
    return ed25519.Ed25519PrivateKey.generate() if is_edwards else ec.generate_private_key(ec.SECP256R1())


def let_in(private: Any, first: User, second: User, now: datetime) -> EntranceKey:
    key = services.propose_key(name="アプリ", public_key=pem(private), actor=Actor.user(first.pk), now=now)
    services.approve(proposed=key, actor=Actor.user(second.pk), now=now)
    return key


@pytest.fixture
def second(tenant: Tenant, approver: User) -> User:
    return approver


@pytest.fixture(params=["EdDSA", "ES256"])
def app(request: pytest.FixtureRequest, tenant: Tenant, administrator: User, second: User, now: datetime) -> App:
    private = (
        ed25519.Ed25519PrivateKey.generate() if request.param == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    )
    with tenant_scope(tenant.pk):
        key = let_in(private, administrator, second, now)
    assert key.algorithm == request.param
    return App(private, key, now)


def bring(word: str, *, slug: str = "asanagi", client: Client | None = None) -> Any:
    return (client or Client()).post(f"/b/{slug}/app/", {"token": word})


def fetch(word: str) -> Any:
    return Client().post("/b/asanagi/app/", word, content_type="application/jwt")


def test_a_customer_of_the_app_begins_with_one_button(app: App, person: Sent) -> None:
    """The word is posted by another site, so without our form's secret; it begins nothing by itself."""
    client = Client(enforce_csrf_checks=True)
    sent = bring(app.word(), client=client)
    assert sent.status_code == 303
    address = sent.headers["Location"]
    assert address.startswith("/b/asanagi/t/")
    page = client.get(address)
    assert (page.status_code, page_of(page)) == (200, "ticket")
    assert end_of(client.get("/r/answer/")) == "timeout", "nothing has begun by looking"
    assert client.post(address, {}).status_code == 403, "our own button has the secret"
    friendly = Client()
    assert friendly.post(address, {"action": "continue"}).headers["Location"] == "/r/answer/"
    assert page_of(friendly.get("/r/answer/", follow=True)) == "question"
    assert end_of(friendly.get(address)) == "ticket"


def test_the_institutions_server_can_fetch_the_address(app: App, person: Sent) -> None:
    answer = fetch(app.word())
    assert answer.status_code == 201
    url = answer.json()["url"]
    assert url.startswith(f"{settings.PUBLIC_BASE_URL}/b/asanagi/t/")
    assert page_of(Client().get(url.removeprefix(settings.PUBLIC_BASE_URL))) == "ticket"
    refused = fetch("no word")
    assert (refused.status_code, refused.headers["Content-Type"]) == (401, "application/problem+json")
    assert refused.json()["status"] == 401


def wrong_words(app: App) -> dict[str, str]:
    def later(minutes: int) -> int:
        return int((app.now + timedelta(minutes=minutes)).timestamp())

    public = pem(app.private)
    claims = jwt.decode(app.word(), options={"verify_signature": False})
    head, body, signature = app.word().split(".")
    return {
        "nothing": "",
        "nonsense": "a.b.c",
        "too long": "A" * 5_000,
        "ran out": app.word(iat=later(-10), exp=later(-6)),
        "of the future": app.word(iat=later(10), exp=later(12)),
        "lives too long": app.word(exp=later(6)),
        "without an end": app.word(exp=None),
        "without a beginning": app.word(iat=None),
        "without a name": app.word(jti=None),
        "with a number for a name": app.word(jti=7),
        "of nobody": app.word(sub=None),
        "for another bank": app.word(aud=f"{settings.PUBLIC_BASE_URL}/b/komorebi/app/"),
        "for several": app.word(aud=[f"{settings.PUBLIC_BASE_URL}/b/asanagi/app/", "others"]),
        "times as words": app.word(iat="now"),
        "times beyond all": app.word(iat=10**30, exp=10**30 + 60),
        "unsigned": jwt.encode(claims, "", "none", {"kid": app.key.key_id}),
        "with a public key for a secret": _by_hand(app, public),
        "of a stranger's key": app.word(signer=made(app.key.algorithm)),
        "of an unknown key": app.word(kid="unknown"),
        "of no key": app.word(kid=""),
        "signature cut": f"{head}.{body}.{signature[:-8]}",
        "body swapped": f"{head}.{app.word('2').split('.')[1]}.{signature}",
    }


def _by_hand(app: App, public: str) -> str:
    """HS256 over the public key, as a confused verifier would take it."""
    import base64
    import hashlib
    import hmac

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = jwt.decode(app.word(), options={"verify_signature": False})
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': app.key.key_id})}.{part(claims)}"
    signature = hmac.digest(public.encode(), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_every_wrong_word_is_refused_alike(app: App, person: Sent, other_tenant: Tenant) -> None:
    """W6: expired, early, long-lived, unsigned, confused, foreign, incomplete, altered."""
    answers = {}
    for name, word in wrong_words(app).items():
        answer = bring(word)
        answers[name] = (answer.status_code, end_of(answer), len(answer.content))
    assert set(answers.values()) == {(403, "ticket", next(iter(answers.values()))[2])}, answers
    assert bring(app.word(), slug="komorebi").status_code == 403, "another bank has no such key"
    assert bring(app.word()).status_code == 303, "control"


def test_clocks_may_differ_by_half_a_minute(app: App, person: Sent) -> None:
    ahead = int((app.now + timedelta(seconds=20)).timestamp())
    assert bring(app.word(iat=ahead, exp=ahead + 120)).status_code == 303
    behind = int((app.now - timedelta(seconds=20)).timestamp())
    assert bring(app.word(iat=behind - 120, exp=behind)).status_code == 303
    far = int((app.now - timedelta(seconds=40)).timestamp())
    assert bring(app.word(iat=far - 120, exp=far)).status_code == 403


def test_a_word_is_taken_once_also_by_many_at_once(app: App, person: Sent) -> None:
    word = app.word()
    statuses: list[int] = []
    barrier = threading.Barrier(5)

    def attempt() -> None:
        try:
            barrier.wait()
            statuses.append(bring(word).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 403, 403, 403, 403]
    assert bring(word).status_code == 403
    assert bring(app.word()).status_code == 303, "the next word is as good as the first"


def test_a_retired_key_lets_nobody_in(app: App, person: Sent, second: User, now: datetime) -> None:
    word = app.word()
    with tenant_scope(person.tenant.pk):
        services.retire_key(key=app.key, actor=Actor.user(second.pk), now=now)
    assert bring(word).status_code == 403
    with tenant_scope(person.tenant.pk), pytest.raises(EntranceRefused):
        services.retire_key(key=app.key, actor=Actor.user(second.pk), now=now)


def test_the_bank_may_have_the_facts_asked_all_the_same(
    app: App, person: Sent, administrator: User, second: User, now: datetime
) -> None:
    with tenant_scope(person.tenant.pk):
        policy = services.propose_policy(
            individual="BIRTH_ACCOUNT", company="PHONE_ACCOUNT", app_asks_facts=True,
            actor=Actor.user(administrator.pk), now=now,
        )  # fmt: skip
        services.approve(proposed=policy, actor=Actor.user(second.pk), now=now)
    client = Client()
    address = bring(app.word()).headers["Location"]
    assert 'name="year"' in client.get(address).content.decode()
    assert client.post(address, {"action": "continue"}).status_code == 422
    assert client.post(address, {**BIRTH, "last_digits": "0000"}).status_code == 422
    assert client.post(address, BIRTH).headers["Location"] == "/r/answer/"


def test_ends_are_told_to_whom_the_app_vouches_for(app: App, tenant: Tenant, now: datetime) -> None:
    send_link(tenant, now=now, number="21", lives=timedelta(seconds=-1))
    address = bring(app.word("21")).headers["Location"]
    assert end_of(Client().post(address, {"action": "continue"})) == "expired"
    assert end_of(bring(app.word("unknown"))) == "nothing"
    assert fetch(app.word("unknown")).status_code == 404


def test_the_customers_number_is_in_no_address_and_not_in_the_trail(
    app: App, tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    send_link(tenant, now=now, number="98765432100")
    address = bring(app.word("98765432100")).headers["Location"]
    assert "98765432100" not in address
    rows = superuser.execute("SELECT payload FROM audit_auditevent WHERE event LIKE 'entrance%'").fetchall()
    assert rows
    assert "98765432100" not in repr(rows)


def test_a_key_needs_two_people_and_must_be_a_public_one_of_its_kind(
    tenant: Tenant, administrator: User, second: User, make_user: MakeUser, now: datetime
) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    weak = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    by: dict[str, Any] = {"actor": Actor.user(administrator.pk), "now": now}
    with tenant_scope(tenant.pk):
        for bad in ("", "nonsense", secret, pem(weak), pem(ec.generate_private_key(ec.SECP384R1()))):
            with pytest.raises(EntranceRefused):
                services.propose_key(name="x", public_key=bad, **by)
        key = services.propose_key(name="x", public_key=pem(private), **by)
        with pytest.raises(EntranceRefused):
            services.propose_key(name="again", public_key=pem(private), **by)
        with pytest.raises(EntranceRefused):
            services.approve(proposed=key, **by)
        assert EntranceKey.objects.get().status == EntranceKey.Status.PROPOSED
        services.approve(proposed=key, actor=Actor.user(second.pk), now=now)
        assert EntranceKey.objects.get().status == EntranceKey.Status.APPROVED


@pytest.mark.parametrize(
    ("chosen", "right", "wrong"),
    [
        ("BIRTH_PHONE", {"phone_digits": "5678"}, {"phone_digits": "0000"}),
        ("BIRTH_NUMBER", {"customer_number": "０-１"}, {"customer_number": "2"}),
    ],
)
def test_the_bank_chooses_by_what_customers_prove_themselves(
    tenant: Tenant, person: Sent, administrator: User, second: User, now: datetime,
    chosen: str, right: dict[str, str], wrong: dict[str, str],
) -> None:  # fmt: skip
    with tenant_scope(tenant.pk):
        policy = services.propose_policy(
            individual=chosen, company="PHONE_NUMBER", app_asks_facts=False,
            actor=Actor.user(administrator.pk), now=now,
        )  # fmt: skip
    assert prove(Client(), person).status_code == 302, "not before the second person"
    with tenant_scope(tenant.pk):
        services.approve(proposed=policy, actor=Actor.user(second.pk), now=now)
    page = Client().get(f"/r/{person.token}/identity/").content.decode()
    assert f'name="{next(iter(right))}"' in page
    assert 'name="last_digits"' not in page
    without = {**BIRTH, "last_digits": "", "action": "continue"}
    assert Client().post(f"/r/{person.token}/identity/", {**without, **wrong}).status_code == 422
    assert Client().post(f"/r/{person.token}/identity/", without).status_code == 422
    assert Client().post(f"/r/{person.token}/identity/", {**without, **right}).status_code == 302
