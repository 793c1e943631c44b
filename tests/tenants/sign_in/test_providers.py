"""T20: an institution's provider opens that institution to its members, and nothing and nobody else.

The providers are real ones over sockets (sandbox/identity_provider*.py): keys, signatures, codes with PKCE.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import psycopg
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from cdd.demo.browsing import read_page
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_scope
from tenants.sign_in.models import IdentityProvider
from tenants.sign_in.providers import provider_key, save_provider
from tests.conftest import NOW, SYSTEM, MakeUser, Sandbox
from tests.tenants.sign_in.conftest import events_of


@dataclass
class Way:
    """One institution's way in through its own provider, as the person's browser goes it."""

    tenant: Tenant
    provider: IdentityProvider

    @property
    def key(self) -> str:
        return provider_key(self.tenant, self.provider)

    def enter(self, client: Client, email: str, **typed: Any) -> Any:
        """From our button to the provider and back; the last answer of ours."""
        if self.provider.kind == "OIDC":
            return self._oidc(client, email, typed)
        return self.bring(client, self.response(client, email, **typed))

    def _oidc(self, client: Client, email: str, typed: dict[str, Any]) -> Any:
        leads = client.get(reverse("openid_connect_login", args=[self.key])).headers["Location"]
        page = httpx.get(leads)
        form = read_page(page.status_code, leads, page.text).forms[0]
        answer = httpx.post(form.action, data={**form.values, "email": email, **typed})
        back = urlsplit(answer.headers["Location"])
        return client.get(back.path, dict(parse_qsl(back.query)))

    def response(self, client: Client, email: str, *, asked: bool = True, **typed: str) -> dict[str, str]:
        """What the provider's page would post to us."""
        leads = client.get(reverse("saml_login", args=[self.key])).headers["Location"]
        page = httpx.get(leads)
        form = read_page(page.status_code, leads, page.text).forms[0]
        values = {**form.values, "email": email, **typed}
        if not asked:
            values |= {"SAMLRequest": "", "acs": self.ours("acs"), "audience": self.ours("metadata")}
        answer = httpx.post(form.action, data=values)
        found = read_page(answer.status_code, form.action, answer.text).forms[0].values
        return {name: str(value) for name, value in found.items()}

    def ours(self, name: str) -> str:
        return "http://testserver" + reverse(f"saml_{name}", args=[self.key])

    def bring(self, client: Client, response: dict[str, str]) -> Any:
        """Post the response to us, as the provider's page does, and follow to where it is looked at."""
        taken = client.post(reverse("saml_acs", args=[self.key]), response)
        return client.get(taken.headers["Location"])


def browser() -> Client:
    """A browser that says which host it asks, as all do but Django's."""
    return Client(headers={"Host": "testserver"})


type MakeWay = Callable[..., Way]


@pytest.fixture
def make_way(sandbox: Sandbox, settings: Settings) -> MakeWay:
    """Sets a provider up: ``make_way(tenant, "SAML", domains=["asanagi.example"])``."""
    settings.SANDBOX_URL = sandbox.url

    def make(tenant: Tenant, kind: str, directory: str = "asanagi", domains: list[str] | None = None) -> Way:
        place = f"{sandbox.url}/idp/{directory}"
        values: dict[str, Any] = {
            "kind": kind,
            "name": "社内認証基盤",
            "issuer": place if kind == "OIDC" else f"{place}/saml",
            "client_id": "keizoku" if kind == "OIDC" else "",
            "secret": f"sandbox-idp-{directory}" if kind == "OIDC" else "",
            "email_domains": domains or [f"{tenant.slug}.example"],
            "is_active": True,
        }
        if kind == "SAML":
            told = httpx.get(f"{place}/saml/metadata").text
            values["sso_url"] = f"{place}/saml/sso"
            found = re.search(r"<ds:X509Certificate>(.+?)</ds:X509Certificate>", told)
            assert found
            values["certificate"] = found[1]
        with tenant_scope(tenant.pk):
            provider = save_provider(provider=IdentityProvider(), values=values, actor=SYSTEM, now=NOW)
        return Way(tenant, provider)

    return make


KINDS = pytest.mark.parametrize("kind", ["OIDC", "SAML"])


@KINDS
def test_a_member_comes_in_through_their_own_provider(
    kind: str, tenant: Tenant, officer: User, make_way: MakeWay, superuser: psycopg.Connection
) -> None:
    way, client = make_way(tenant, kind), browser()
    assert reverse("sign-in-institution", args=[tenant.slug])
    assert way.key in client.get(reverse("sign-in-institution", args=[tenant.slug])).content.decode()
    answer = way.enter(client, officer.email)
    assert answer.headers.get("Location") == reverse("home"), answer.content.decode()[:2000]
    assert tenant.name in client.get(reverse("home")).content.decode()
    assert "membership.signed_in" in events_of(tenant)
    again = browser()
    assert way.enter(again, officer.email).headers["Location"] == reverse("home")
    assert SocialAccount.objects.count() == 1
    stored = superuser.execute("SELECT extra_data::text FROM socialaccount_socialaccount").fetchone()
    assert stored == ("{}",), "nothing the provider told is kept"


@KINDS
def test_a_providers_word_opens_no_other_bank(
    kind: str, tenant: Tenant, other_tenant: Tenant, officer: User, make_way: MakeWay, make_user: MakeUser
) -> None:
    """T20: A's provider names an officer of B, even with B's domain entered at A."""
    theirs = make_user(other_tenant, Role.OFFICER, "officer")
    way, client = make_way(tenant, kind, domains=["asanagi.example", "komorebi.example"]), browser()
    answer = way.enter(client, theirs.email)
    assert answer.status_code == 403
    assert client.get(reverse("home")).status_code == 302
    assert SocialAccount.objects.count() == 0
    assert "identityprovider.sign_in_refused" in events_of(tenant)
    assert way.enter(browser(), officer.email).status_code == 302, "control: their own"


@KINDS
def test_a_person_of_two_banks_comes_only_into_the_providers(
    kind: str, tenant: Tenant, other_tenant: Tenant, officer: User, make_way: MakeWay
) -> None:
    """T20: the session is bound; it neither shows the other bank nor may change what opens it."""
    with tenant_scope(other_tenant.pk):
        Membership.objects.create(user=officer, role=Role.OFFICER, staff_number="two")
    way, client = make_way(tenant, kind), browser()
    way.enter(client, officer.email)
    assert client.post(reverse("switch-tenant"), {"tenant": other_tenant.pk}).status_code == 404
    assert other_tenant.name not in client.get(reverse("home")).content.decode()
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "account_change_password", "mfa_generate_recovery_codes"):
        assert client.get(reverse(name)).status_code == 403, name
    assert "membership.signed_in" not in events_of(other_tenant)
    own = browser()
    own.force_login(officer)
    assert own.post(reverse("switch-tenant"), {"tenant": other_tenant.pk}).status_code == 302, "control"
    assert own.get(reverse("mfa_activate_totp")).status_code == 200, "control"


@KINDS
def test_the_same_name_in_two_providers_is_two_people(
    kind: str, tenant: Tenant, other_tenant: Tenant, officer: User, make_way: MakeWay, make_user: MakeUser
) -> None:
    theirs = make_user(other_tenant, Role.OFFICER, "officer")
    same = {"sub": "1"} if kind == "OIDC" else {"name_id": "1"}
    make_way(tenant, kind).enter(browser(), officer.email, **same)
    client = browser()
    make_way(other_tenant, kind, directory="komorebi").enter(client, theirs.email, **same)
    assert other_tenant.name in client.get(reverse("home")).content.decode()
    assert {account.user_id for account in SocialAccount.objects.filter(uid="1")} == {officer.pk, theirs.pk}


@KINDS
def test_an_identity_is_tied_once_whatever_address_it_claims_later(
    kind: str, tenant: Tenant, officer: User, approver: User, make_way: MakeWay
) -> None:
    way, same = make_way(tenant, kind), {"sub": "1"} if kind == "OIDC" else {"name_id": "1"}
    way.enter(browser(), officer.email, **same)
    client = browser()
    way.enter(client, approver.email, **same)
    assert int(client.session["_auth_user_id"]) == officer.pk


@KINDS
@pytest.mark.parametrize("case", ["stranger", "foreign domain", "former member", "switched off"])
def test_whoever_has_no_place_is_refused(
    case: str, kind: str, tenant: Tenant, officer: User, make_way: MakeWay
) -> None:
    email = officer.email
    way = make_way(tenant, kind, domains=["elsewhere.example"] if case == "foreign domain" else None)
    client = browser()
    if case == "stranger":
        email = "nobody@asanagi.example"
    if case == "former member":
        assert way.enter(browser(), email).status_code == 302, "control: while they were"
        with tenant_scope(tenant.pk):
            Membership.objects.update(is_active=False)
    if case == "switched off":
        with tenant_scope(tenant.pk):
            values = {"is_active": False}
            save_provider(provider=way.provider, values=values, actor=SYSTEM, now=NOW)
        name = "openid_connect_login" if kind == "OIDC" else "saml_login"
        assert client.get(reverse(name, args=[way.key])).status_code == 404
        return
    assert way.enter(client, email).status_code == 403
    assert client.get(reverse("home")).status_code == 302
    assert User.objects.filter(email="nobody@asanagi.example").count() == 0


def test_a_response_nobody_asked_for_is_refused(tenant: Tenant, officer: User, make_way: MakeWay) -> None:
    """T20: IdP-initiated."""
    way, client = make_way(tenant, "SAML"), browser()
    assert way.bring(client, way.response(client, officer.email, asked=False)).status_code == 403
    assert client.get(reverse("home")).status_code == 302
    assert way.enter(client, officer.email).status_code == 302, "control: asked for"


def test_a_response_opens_once_and_only_where_it_was_asked_for(
    tenant: Tenant, officer: User, make_way: MakeWay
) -> None:
    way, asker, thief = make_way(tenant, "SAML"), browser(), browser()
    response = way.response(asker, officer.email)
    assert way.bring(thief, response).status_code == 403
    assert thief.get(reverse("home")).status_code == 302
    assert way.bring(asker, response).status_code == 302, "control"
    asker.post(reverse("sign-out"))
    assert way.bring(asker, response).status_code == 403, "replayed"


def test_an_altered_or_foreign_assertion_is_refused(
    tenant: Tenant, other_tenant: Tenant, officer: User, approver: User, make_way: MakeWay
) -> None:
    """Another name in a signed assertion; and a good assertion of one provider, brought to another's door."""
    from base64 import b64decode, b64encode

    way, client = make_way(tenant, "SAML"), browser()
    response = way.response(client, officer.email)
    forged = b64decode(response["SAMLResponse"]).replace(officer.email.encode(), approver.email.encode())
    response["SAMLResponse"] = b64encode(forged).decode()
    assert way.bring(client, response).status_code == 403
    other = make_way(other_tenant, "SAML", directory="komorebi", domains=["asanagi.example"])
    good = way.response(client, officer.email)
    assert other.bring(client, good).status_code == 403
    assert client.get(reverse("home")).status_code == 302


@pytest.mark.parametrize("fault", ["audience", "expired", "issuer", "unsigned", "symmetric", "stranger"])
def test_a_token_that_is_not_the_providers_word_to_us_now_is_refused(
    fault: str, tenant: Tenant, officer: User, make_way: MakeWay
) -> None:
    """For somebody else, out of date, by another issuer, without a signature or under somebody else's key."""
    way = make_way(tenant, "OIDC")
    client = browser()
    assert way.enter(client, officer.email, fault=fault).status_code == 403
    assert client.get(reverse("home")).status_code == 302
    assert way.enter(browser(), officer.email).status_code == 302, "control"


def test_a_code_is_worth_nothing_in_another_browser(tenant: Tenant, officer: User, make_way: MakeWay) -> None:
    """Sign-in forgery: the attacker's code sent to a victim who did not ask."""
    way = make_way(tenant, "OIDC")
    attacker, victim = browser(), browser()
    leads = attacker.get(reverse("openid_connect_login", args=[way.key])).headers["Location"]
    form = read_page(200, leads, httpx.get(leads).text).forms[0]
    back = urlsplit(httpx.post(form.action, data={**form.values, "email": officer.email}).headers["Location"])
    query = dict(parse_qsl(back.query))
    assert victim.get(back.path, query).status_code == 403
    assert attacker.get(back.path, query).status_code == 302, "control"


def test_an_address_the_provider_does_not_vouch_for_ties_nobody(
    tenant: Tenant, officer: User, make_way: MakeWay
) -> None:
    way = make_way(tenant, "OIDC")
    assert way.enter(browser(), officer.email, email_verified="false").status_code == 403
    assert way.enter(browser(), officer.email).status_code == 302, "control"


def test_a_provider_is_only_for_signing_in(tenant: Tenant, officer: User, make_way: MakeWay) -> None:
    """allauth could tie the identity to whoever is signed in; that way is closed."""
    client = browser()
    client.force_login(officer)
    for kind, name in (("OIDC", "openid_connect_login"), ("SAML", "saml_login")):
        way = make_way(tenant, kind)
        for process in ("connect", "redirect"):
            assert client.get(reverse(name, args=[way.key]), {"process": process}).status_code == 404


def test_the_secret_is_sealed(tenant: Tenant, make_way: MakeWay, superuser: psycopg.Connection) -> None:
    make_way(tenant, "OIDC")
    row = superuser.execute("SELECT secret FROM tenants_identityprovider").fetchone()
    assert row is not None
    assert b"sandbox-idp" not in bytes(row[0])


def test_an_administrator_sets_a_provider_up_and_tests_it(
    tenant: Tenant, make_user: MakeUser, sandbox: Sandbox, settings: Settings
) -> None:
    """W14: and an address inside our own network is neither taken nor asked."""
    settings.SANDBOX_URL = sandbox.url
    client = browser()
    client.force_login(make_user(tenant, Role.ADMINISTRATOR, "admin"))
    form = {
        "kind": "OIDC",
        "name": "社内認証基盤",
        "issuer": f"{sandbox.url}/idp/asanagi",
        "client_id": "keizoku",
        "secret": "sandbox-idp-asanagi",
        "email_domains": "Asanagi.example, @asanagi.example",
        "is_active": "on",
    }
    for inside in ("http://169.254.169.254/", "https://127.0.0.1/", "https://user:word@idp.example/"):
        assert client.post(reverse("identity-provider-new"), {**form, "issuer": inside}).status_code == 422, inside
    saved = client.post(reverse("identity-provider-new"), form)
    assert saved.status_code == 302
    with tenant_scope(tenant.pk):
        provider = IdentityProvider.objects.get()
    assert provider.email_domains == ["asanagi.example"]
    page = client.get(saved.headers["Location"]).content.decode()
    assert reverse("openid_connect_callback", args=[provider_key(tenant, provider)]) in page
    assert "sandbox-idp-asanagi" not in page, "the secret is not shown again"
    client.post(reverse("identity-provider-test", args=[provider.pk]))
    assert "notice--success" in client.get(saved.headers["Location"]).content.decode()
    client.post(saved.headers["Location"], {**form, "secret": "", "name": "Other"})
    with tenant_scope(tenant.pk):
        assert IdentityProvider.objects.get().secret == "sandbox-idp-asanagi", "an empty secret keeps the old one"
    assert "identityprovider.changed" in events_of(tenant)


def test_only_administrators_with_fresh_proof_touch_providers(
    tenant: Tenant, officer: User, make_user: MakeUser
) -> None:
    client = browser()
    client.force_login(officer)
    assert client.get(reverse("identity-provider-new")).status_code == 403
    client.force_login(make_user(tenant, Role.ADMINISTRATOR, "admin"))
    session = client.session
    session["signed_in_at"] -= 901
    session.save()
    assert client.get(reverse("identity-provider-new")).headers["Location"].startswith("/account/confirm/")
