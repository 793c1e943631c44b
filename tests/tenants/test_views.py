"""Signing in and out, the choice of institution and language, and who sees which destination."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser

PASSWORD = "correct horse battery"


def events_of(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return list(AuditEvent.objects.filter(tenant_id=tenant.pk).order_by("id").values_list("event", flat=True))


def sign_in(client: Client, email: str, password: str) -> int:
    return client.post(reverse("sign-in"), {"username": email, "password": password}).status_code


def test_signing_in_leads_home_and_is_recorded(tenant: Tenant, officer: User) -> None:
    client = Client()
    response = client.post(reverse("sign-in"), {"username": officer.email, "password": PASSWORD})
    assert response.headers["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert "membership.signed_in" in events_of(tenant)


def test_an_address_is_recognised_in_any_case(officer: User) -> None:
    assert sign_in(Client(), officer.email.upper(), PASSWORD) == 302


def test_every_way_of_being_wrong_reads_the_same(tenant: Tenant, officer: User) -> None:
    """A stranger learns neither which addresses exist nor which are without a place."""
    User.objects.create_user(email="nowhere@example.com", name="No Place", password=PASSWORD)
    attempts = [(officer.email, "wrong"), ("nobody@example.com", PASSWORD), ("nowhere@example.com", PASSWORD)]
    pages = [
        Client().post(reverse("sign-in"), {"username": email, "password": password}) for email, password in attempts
    ]
    assert [page.status_code for page in pages] == [422, 422, 422]
    assert len({str(page.context["form"].non_field_errors()) for page in pages}) == 1
    assert events_of(tenant).count("membership.sign_in_refused") == 1


def test_a_refused_sign_in_says_so_in_the_title_and_keeps_no_password(officer: User) -> None:
    client = Client()
    client.cookies["language"] = "en"
    page = client.post(reverse("sign-in"), {"username": officer.email, "password": "wrong-one"}).content.decode()
    assert "<title>Error: " in page
    assert "wrong-one" not in page


def test_signing_out_ends_the_session_and_is_recorded(
    tenant: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    client = staff_client(officer)
    assert client.get(reverse("sign-out")).status_code == 405
    assert client.post(reverse("sign-out")).status_code == 302
    assert client.get(reverse("home")).status_code == 302
    assert events_of(tenant)[-1] == "membership.signed_out"


def test_a_fragment_without_a_session_sends_the_whole_page_to_sign_in(officer: User) -> None:
    page = Client().get(reverse("home"), headers={"HX-Request": "true"}, follow=True)
    assert page.headers["HX-Redirect"] == reverse("sign-in")


def test_the_language_is_kept_with_the_account(officer: User, staff_client: Callable[[User], Client]) -> None:
    client = staff_client(officer)
    assert 'lang="ja"' in client.get(reverse("home")).content.decode()
    response = client.post(reverse("language"), {"language": "en", "next": reverse("home")})
    assert response.headers["Location"] == reverse("home")
    page = client.get(reverse("home")).content.decode()
    assert '<html lang="en">' in page
    assert "Asanagi Bank" in page
    officer.refresh_from_db()
    assert officer.language == "en"


def test_before_signing_in_the_language_is_kept_in_a_cookie(db_clean: None) -> None:
    client = Client()
    client.post(reverse("language"), {"language": "en", "next": reverse("sign-in")})
    assert '<html lang="en">' in client.get(reverse("sign-in")).content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_language_switch_never_leads_to_another_site(back: str, db_clean: None) -> None:
    response = Client().post(reverse("language"), {"language": "ja", "next": back})
    assert response.headers["Location"] == "/"


def test_an_unknown_language_is_not_found(db_clean: None) -> None:
    assert Client().post(reverse("language"), {"language": "xx"}).status_code == 404


def test_a_person_of_two_banks_switches_between_them(
    tenant: Tenant, other_tenant: Tenant, make_user: MakeUser, staff_client: Callable[[User], Client]
) -> None:
    person = make_user(tenant, Role.OFFICER, "officer")
    with tenant_scope(other_tenant.pk):
        Membership.objects.create(user=person, role=Role.AUDITOR, staff_number="10001")
    client = staff_client(person)
    assert tenant.name in client.get(reverse("home")).content.decode()
    client.post(reverse("switch-tenant"), {"tenant": other_tenant.pk})
    page = client.get(reverse("home")).content.decode()
    assert f"<b>{other_tenant.name}</b>" in page
    assert reverse("campaign-new") not in page  # there the person is only an auditor


def test_nobody_switches_to_a_bank_they_do_not_belong_to(
    other_tenant: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    """T2, with a positive control in the test above."""
    client = staff_client(officer)
    assert client.post(reverse("switch-tenant"), {"tenant": other_tenant.pk}).status_code == 404
    assert client.post(reverse("switch-tenant"), {"tenant": "x"}).status_code == 404


def test_a_form_from_elsewhere_is_refused_in_our_own_words(officer: User) -> None:
    """W7: no token, no act."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    client.cookies["language"] = "en"
    page = client.post(reverse("language"), {"language": "en"})
    assert page.status_code == 403
    assert 'class="empty"' in page.content.decode()


def test_destinations_follow_the_role(
    tenant: Tenant, officer: User, auditor: User, staff_client: Callable[[User], Client]
) -> None:
    home = staff_client(officer).get(reverse("home")).content.decode()
    assert reverse("campaign-new") in home
    assert reverse("audit") not in home
    home = staff_client(auditor).get(reverse("home")).content.decode()
    assert reverse("campaign-new") not in home
    assert reverse("audit") in home
