"""W11: ways around the second factor, each refused, each beside the way that works."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connections
from django.test import Client
from django.urls import reverse

from tenants.keys import CannotDecrypt
from tenants.models import Role, Tenant, User
from tenants.sign_in import factors, sealing
from tenants.sign_in.reauthentication import SIGNED_IN_AT
from tests.conftest import MakeUser
from tests.tenants.sign_in.conftest import App, enter, events_of, signed_in

type WithApp = Callable[[User], App]


def age(client: Client, seconds: int) -> None:
    """Let the session's proof of identity be so much older."""
    session = client.session
    session[SIGNED_IN_AT] = float(session[SIGNED_IN_AT]) - seconds
    for record in session.get("account_authentication_methods", []):
        record["at"] -= seconds
    session.save()


def test_the_password_alone_opens_nothing_once_there_is_a_factor(officer: User, with_app: WithApp) -> None:
    app, client = with_app(officer), Client()
    assert enter(client, officer.email) == (302, reverse("mfa_authenticate"))
    for name in ("home", "customers", "mfa_index", "sessions", "account_change_password"):
        assert client.get(reverse(name)).headers["Location"].startswith(reverse("sign-in")), name
    response = client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert response.headers["Location"] == reverse("home")
    assert signed_in(client)


def test_the_second_step_cannot_be_had_without_the_first(officer: User, with_app: WithApp) -> None:
    app, client = with_app(officer), Client()
    response = client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert response.headers["Location"] == reverse("sign-in")
    assert not signed_in(client)


def test_a_code_is_good_once(officer: User, with_app: WithApp) -> None:
    app = with_app(officer)
    code = app.code()
    first, second = Client(), Client()
    for client in (first, second):
        enter(client, officer.email)
    assert first.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert second.post(reverse("mfa_authenticate"), {"code": code}).status_code == 422
    assert not signed_in(second)
    assert second.post(reverse("mfa_authenticate"), {"code": app.code(1)}).status_code == 302, "control: a later one"


def test_a_code_is_good_once_even_at_the_same_moment(officer: User, with_app: WithApp) -> None:
    code = with_app(officer).code()

    def use(_: int) -> bool:
        try:
            return factors.accept_code(officer.pk, code) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_an_earlier_code_is_worthless_after_a_later_one(officer: User, with_app: WithApp) -> None:
    app = with_app(officer)
    earlier, later = app.code(), app.code(1)
    assert factors.accept_code(officer.pk, later) is not None
    assert factors.accept_code(officer.pk, earlier) is None


def test_a_recovery_code_opens_once_even_at_the_same_moment(officer: User, with_app: WithApp) -> None:
    with_app(officer)
    codes = RecoveryCodes.activate(officer).get_unused_codes()

    def use(_: int) -> bool:
        try:
            return factors.accept_code(officer.pk, codes[0]) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1
    assert factors.accept_code(officer.pk, codes[1]) is not None, "control: another one"


def test_codes_are_guessed_five_times_and_no_more(tenant: Tenant, officer: User, with_app: WithApp) -> None:
    app, client = with_app(officer), Client()
    enter(client, officer.email)
    for _ in range(5):
        assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 422
    assert client.post(reverse("mfa_authenticate"), {"code": app.code()}).status_code == 422
    assert not signed_in(client)
    enter(client, officer.email)
    assert client.post(reverse("mfa_authenticate"), {"code": app.code()}).status_code == 422, "nor after starting again"
    assert "membership.locked" in events_of(tenant)


def test_a_factor_is_not_removed_without_a_fresh_proof(officer: User, with_app: WithApp) -> None:
    app, client = with_app(officer), Client()
    enter(client, officer.email)
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    age(client, 16 * 60)
    for method in (client.get, client.post):
        response = method(reverse("mfa_deactivate_totp"))
        assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Authenticator.objects.filter(user=officer).exists()
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302, "control: with one it is"
    assert not Authenticator.objects.filter(user=officer).exists()


def test_the_last_factor_stays_where_one_is_required(strict_tenant: Tenant, officer: User, with_app: WithApp) -> None:
    app, client = with_app(officer), Client()
    enter(client, officer.email)
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=officer, type="totp").exists()


def test_whoever_lacks_a_required_factor_gets_nowhere_else(strict_tenant: Tenant, officer: User) -> None:
    """W11: no address leads around it, in whatever spelling."""
    client = Client()
    assert enter(client, officer.email)[0] == 302
    for address in ("/", "/customers/", "//customers/", "/customers/?x=/account/security/", "/account/sessions/"):
        response = client.get(address)
        assert response.status_code in {302, 404}, address
        if response.status_code == 302:
            assert response.headers["Location"] == reverse("mfa_index"), address
    assert client.post(reverse("campaign-new")).headers["Location"] == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200
    fragment = client.get("/customers/", headers={"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"] == reverse("mfa_index")
    Tenant.objects.filter(pk=strict_tenant.pk).update(mfa_policy="OPTIONAL")
    assert client.get("/customers/").status_code == 200, "control: where none is required"


def test_setting_an_application_up_opens_the_way(strict_tenant: Tenant, officer: User) -> None:
    client = Client()
    enter(client, officer.email)
    page = client.get(reverse("mfa_activate_totp"))
    assert "data:image/svg+xml;base64," in page.content.decode()
    secret = page.context["form"].secret
    assert client.get(reverse("mfa_activate_totp")).context["form"].secret == secret, "the picture stays"
    code = factors.code_at(secret)
    assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 422
    response = client.post(reverse("mfa_activate_totp"), {"code": code})
    assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(reverse("home")).status_code == 200
    assert "membership.factor_added" in events_of(strict_tenant)
    assert factors.accept_code(officer.pk, code) is None, "the first code is used up"


def test_recovery_codes_are_shown_once(officer: User) -> None:
    client = Client()
    enter(client, officer.email)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": factors.code_at(secret)})
    codes = RecoveryCodes(Authenticator.objects.get(user=officer, type="recovery_codes")).get_unused_codes()
    assert len(codes) == 10
    first, second = (client.get(reverse("mfa_view_recovery_codes")).content.decode() for _ in range(2))
    assert all(code in first for code in codes)
    assert not any(code in second for code in codes)


def test_other_sessions_end_when_a_factor_is_added(officer: User) -> None:
    """A session opened with the password alone would otherwise live on beside the factor."""
    thief, owner = Client(), Client()
    enter(thief, officer.email)
    enter(owner, officer.email)
    assert signed_in(thief), "control"
    secret = owner.get(reverse("mfa_activate_totp")).context["form"].secret
    owner.post(reverse("mfa_activate_totp"), {"code": factors.code_at(secret)})
    assert thief.get(reverse("home")).headers["Location"].startswith(reverse("sign-in"))
    assert signed_in(owner)


def test_somebody_elses_passkey_is_none_of_mine(tenant: Tenant, officer: User, make_user: MakeUser) -> None:
    """W11: neither renamed nor removed by its number."""
    other = make_user(tenant, Role.APPROVER, "other")
    key = Authenticator.objects.create(user=other, type="webauthn", data={"name": "theirs", "credential": {}})
    client = Client()
    enter(client, officer.email)
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.get(reverse(name, args=[key.pk])).status_code == 404
        assert client.post(reverse(name, args=[key.pk]), {"name": "mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_secrets_are_sealed_in_the_table_and_in_the_session(officer: User, superuser: psycopg.Connection) -> None:
    client = Client()
    enter(client, officer.email)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert secret not in json.dumps(dict(client.session.items()), default=str)
    client.post(reverse("mfa_activate_totp"), {"code": factors.code_at(secret)})
    rows = superuser.execute("SELECT data::text FROM mfa_authenticator ORDER BY id").fetchall()
    assert len(rows) == 2
    assert secret not in str(rows)
    stored = Authenticator.objects.get(user=officer, type="totp").data["secret"]
    assert sealing.open_text(stored) == secret, "control"
    flipped = stored[:-4] + ("AAAA" if stored[-4:] != "AAAA" else "BBBB")
    with pytest.raises(CannotDecrypt):
        sealing.open_text(flipped)
