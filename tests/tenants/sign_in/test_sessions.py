"""Sessions: a new one at every sign-in, two clocks, a list, and their end; who may do something dangerous."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_scope
from tenants.sign_in import sessions
from tenants.sign_in.reauthentication import SIGNED_IN_AT
from tenants.tasks import send_password_mail
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.tenants.sign_in.conftest import PASSWORD, enter, events_of, signed_in


def set_back(client: Client, key: str, seconds: int) -> None:
    session = client.session
    session[key] = float(session[key]) - seconds
    session.save()


def test_a_session_known_before_signing_in_is_worth_nothing_after(officer: User) -> None:
    """W4: fixation."""
    victim = Client()
    victim.get(reverse("sign-in"))
    victim.session.save()
    planted = victim.session.session_key
    assert planted
    victim.cookies["session"] = planted
    enter(victim, officer.email)
    assert victim.session.session_key != planted
    attacker = Client()
    attacker.cookies["session"] = planted
    assert attacker.get(reverse("home")).status_code == 302
    attacker.cookies["session"] = str(victim.session.session_key)
    assert signed_in(attacker), "control: the new one would open it"


def test_a_session_ends_when_nothing_happens(officer: User, settings: Settings) -> None:
    client = Client()
    enter(client, officer.email)
    set_back(client, sessions.SEEN_AT, settings.SESSION_IDLE_SECONDS - 5)
    assert signed_in(client), "control: just in time"
    set_back(client, sessions.SEEN_AT, settings.SESSION_IDLE_SECONDS + 5)
    assert not signed_in_at_all(client)


def test_a_session_ends_whatever_happens(officer: User, settings: Settings) -> None:
    client = Client()
    enter(client, officer.email)
    set_back(client, SIGNED_IN_AT, settings.SESSION_COOKIE_AGE + 5)
    assert not signed_in_at_all(client)


def signed_in_at_all(client: Client) -> bool:
    return client.get(reverse("home")).status_code == 200


def test_a_page_that_reloads_itself_keeps_no_session_alive(officer: User) -> None:
    client = Client()
    enter(client, officer.email)
    set_back(client, sessions.SEEN_AT, 600)
    before = client.session[sessions.SEEN_AT]
    client.get(reverse("home"), headers={"HX-Request": "true"})
    assert client.session[sessions.SEEN_AT] == before
    client.get(reverse("home"))
    assert client.session[sessions.SEEN_AT] > before


def test_the_list_shows_devices_and_ends_them(officer: User) -> None:
    here, there = Client(), Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0"})
    enter(here, officer.email)
    enter(there, officer.email)
    User.objects.filter(pk=officer.pk).update(language="en")
    page = here.get(reverse("sessions")).content.decode()
    assert "Chrome on Windows" in page
    assert "127.0.0.1" not in page
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert other.ip == "0.0.0.0", "no client's address is kept"
    here.post(reverse("sessions"), {"session": other.pk})
    assert not signed_in_at_all(there)
    assert signed_in_at_all(here)


def test_nobody_ends_somebody_elses_session(tenant: Tenant, officer: User, make_user: MakeUser) -> None:
    other = make_user(tenant, Role.APPROVER, "other")
    mine, theirs = Client(), Client()
    enter(mine, officer.email)
    enter(theirs, other.email)
    row = UserSession.objects.get(user=other)
    assert mine.post(reverse("sessions"), {"session": row.pk}).status_code == 404
    assert signed_in_at_all(theirs)


def test_an_administrator_ends_a_members_sessions(tenant: Tenant, officer: User) -> None:
    client = Client()
    enter(client, officer.email)
    with tenant_scope(tenant.pk):
        membership = Membership.objects.get(user=officer)
        assert sessions.end_sessions_of_member(membership=membership, actor=SYSTEM, now=NOW) == 1
    assert not signed_in_at_all(client)
    assert "membership.sessions_ended" in events_of(tenant)


def test_changing_the_password_ends_the_others_and_is_recorded(tenant: Tenant, officer: User) -> None:
    here, there = Client(), Client()
    enter(here, officer.email)
    enter(there, officer.email)
    new = "wholly different words"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), form).status_code == 302
    assert signed_in_at_all(here)
    assert not signed_in_at_all(there)
    assert enter(Client(), officer.email)[0] == 422
    assert "membership.password_changed" in events_of(tenant)


@pytest.mark.parametrize("new", ["short", "password1234", "officer@asanagi.example"])
def test_a_weak_password_is_refused(new: str, officer: User) -> None:
    client = Client()
    enter(client, officer.email)
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), form).status_code == 422


def link_in_mail(settings: Settings) -> str:
    found = re.search(r"https?://\S+", str(mail.outbox[-1].body))
    assert found
    assert found[0].startswith(settings.PUBLIC_BASE_URL + "/")
    return found[0].removeprefix(settings.PUBLIC_BASE_URL)


def test_a_forgotten_password_is_set_by_the_link_once(tenant: Tenant, officer: User, settings: Settings) -> None:
    """W13: the address in the mail comes from the settings, whatever the request's Host says."""
    send_password_mail(officer.pk)
    link = link_in_mail(settings)
    client = Client()
    form = client.get(link, follow=True)
    assert form.status_code == 200
    new = "wholly different words"
    done = client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert done.headers["Location"] == reverse("account_reset_password_from_key_done")
    assert not signed_in_at_all(client), "the link opens no session: the second factor is still asked for"
    assert enter(Client(), officer.email, new)[0] == 302
    assert Client().get(link, follow=True).context["token_fail"] is True
    assert "membership.password_reset" in events_of(tenant)


def test_a_poisoned_host_header_is_refused(officer: User) -> None:
    """W13."""
    page = Client(headers={"Host": "evil.example"}).post(reverse("account_reset_password"), {"email": officer.email})
    assert page.status_code == 400


@pytest.mark.parametrize("case", ["unknown", "inactive", "without a place"])
def test_nobody_without_a_place_is_sent_a_link(case: str, officer: User, tenant: Tenant) -> None:
    user_id = 0 if case == "unknown" else officer.pk
    if case == "inactive":
        User.objects.filter(pk=officer.pk).update(is_active=False)
    if case == "without a place":
        with tenant_scope(tenant.pk):
            Membership.objects.update(is_active=False)
    send_password_mail(user_id)
    assert mail.outbox == []


def test_asking_for_a_link_answers_the_same_for_everybody(
    officer: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    """The work is left to a task either way, so neither the answer nor its time tells who has an account."""
    asked: list[int] = []
    monkeypatch.setattr(send_password_mail, "delay", asked.append)
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email})
        for email in (officer.email, "nobody@asanagi.example")
    ]
    assert [(a.status_code, a.headers["Location"]) for a in answers] == [
        (302, reverse("account_reset_password_done"))
    ] * 2
    assert asked == [officer.pk, 0]


@pytest.mark.parametrize(
    "way_out", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_elsewhere(way_out: str, officer: User) -> None:
    """W13."""
    assert enter(Client(), officer.email, next=way_out) == (302, reverse("home"))
    assert enter(Client(), officer.email, next="/customers/") == (302, "/customers/"), "control"


def test_a_dangerous_act_asks_again_after_fifteen_minutes(
    approver: User, staff_client: Callable[[User], Client]
) -> None:
    from django.http import HttpRequest, HttpResponse
    from django.test import RequestFactory

    from tenants.sign_in.reauthentication import requires_recent_sign_in

    @requires_recent_sign_in()
    def dangerous(request: HttpRequest) -> HttpResponse:
        return HttpResponse("done")

    client = staff_client(approver)
    request = RequestFactory().post("/customers/")
    request.user, request.session = approver, client.session
    assert dangerous(request).status_code == 200, "control: just signed in"
    set_back(client, SIGNED_IN_AT, 901)
    request.session = client.session
    answer = dangerous(request)
    assert answer.headers["Location"] == f"{reverse('account_reauthenticate')}?next=%2Fcustomers%2F"
    wrong = client.post(answer.headers["Location"], {"password": "wrong one here", "next": "/customers/"})
    assert wrong.status_code == 422
    right = client.post(answer.headers["Location"], {"password": PASSWORD, "next": "/customers/"})
    assert right.headers["Location"] == "/customers/"
    request.session = client.session
    assert dangerous(request).status_code == 200
