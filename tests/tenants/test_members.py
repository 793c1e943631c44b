"""Members: invited by mail, changed and ended on the record, never by themselves, never the last (W10, W12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from tenants.lookups import tenant_of_invitation
from tenants.members.appointing import MemberRefused
from tenants.members.inviting import find_invitation, hash_of, send_invitations
from tenants.members.services import change_member, end_member
from tenants.models import Invitation, Membership, Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.campaigns.acting import in_parallel
from tests.conftest import MakeUser, SignIn

WANTED = {"email": "Nishi@asanagi.example", "name": "西 由紀", "staff_number": "10200", "role": "OFFICER"}
SAME = {"staff_number": "10900"}
PASSWORD = "朝凪の海を渡る三羽の白い鳥"


@pytest.fixture
def chief(administrator: User, staff_client: SignIn) -> Client:
    """The administrator's browser, signed in a moment ago."""
    return staff_client(administrator)


def member(user: User, tenant: Tenant) -> Membership:
    with tenant_scope(tenant.pk):
        found: Membership = Membership.objects.get(user=user)
        return found


def invited(chief: Client, tenant: Tenant, settings: Any, **changes: str) -> str:
    """Invite, let the mail go out, and return the path in it."""
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    response = chief.post(reverse("member-invite"), {**WANTED, **changes})
    assert response.status_code == 302, response.content.decode()[:3000]
    with tenant_context(tenant.pk):
        assert send_invitations() == 1
        assert send_invitations() == 0, "no mail twice"
    found = re.search(r"(/join/\S+/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def events(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        rows = AuditEvent.objects.filter(kind="ACT").order_by("id")
        return list(rows.values_list("event", flat=True))


def test_somebody_is_invited_by_mail_and_joins_once(tenant: Tenant, chief: Client, settings: Any) -> None:
    path = invited(chief, tenant, settings)
    assert mail.outbox[-1].to == ["nishi@asanagi.example"]
    stranger = Client()
    for _ in range(3):
        assert stranger.get(path).status_code == 200, "opening changes nothing"
    weak = stranger.post(path, {"name": "西 由紀", "password": "short"})
    assert weak.status_code == 422
    joined = stranger.post(path, {"name": "西 由紀", "password": PASSWORD})
    assert joined.headers["Location"] == reverse("sign-in")
    user = User.objects.get(email="nishi@asanagi.example")
    assert user.check_password(PASSWORD)
    found = member(user, tenant)
    assert (found.role, found.staff_number) == ("OFFICER", "10200")
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {"name": "x", "password": PASSWORD}).status_code == 404
    made = ["invitation.made", "invitation.accepted", "membership.created"]
    assert [event for event in events(tenant) if event in made][-3:] == made


def test_of_the_link_only_a_hash_stays(
    tenant: Tenant, chief: Client, settings: Any, superuser: psycopg.Connection
) -> None:
    path = invited(chief, tenant, settings)
    token = path.split("/")[2]
    row = superuser.execute("SELECT token, token_hash FROM tenants_invitation").fetchone()
    assert row == (None, hash_of(token))
    assert len(token) >= 27, "160 bits"
    stored = superuser.execute("SELECT i::text FROM tenants_invitation i").fetchall()
    assert token not in str(stored)
    assert "nishi" not in str(stored)


@pytest.mark.parametrize("end", ["withdrawn", "run out", "unknown"])
def test_a_link_that_is_over_looks_like_one_that_never_was(
    tenant: Tenant, chief: Client, settings: Any, superuser: psycopg.Connection, end: str
) -> None:
    path = invited(chief, tenant, settings)
    unknown = Client().get("/join/" + "x" * 27 + "/").content
    if end == "withdrawn":
        with tenant_scope(tenant.pk):
            pk = Invitation.objects.get().pk
        assert chief.post(reverse("invitation-withdraw", args=[pk])).status_code == 302
    elif end == "run out":
        superuser.execute("UPDATE tenants_invitation SET expires_at = now()")
    else:
        path = "/join/" + "y" * 27 + "/"
    answer = Client().get(path)
    assert answer.status_code == 404
    masked = re.compile(rb'value="[^"]*"')
    assert masked.sub(b"", answer.content) == masked.sub(b"", unknown)


def test_whoever_works_elsewhere_signs_in_and_keeps_the_password(
    tenant: Tenant, other_officer: User, chief: Client, settings: Any, staff_client: SignIn
) -> None:
    path = invited(chief, tenant, settings, email=other_officer.email)
    page = Client().post(path, {"name": "x", "password": PASSWORD})
    assert reverse("sign-in") in page.content.decode()
    other_officer.refresh_from_db()
    assert not other_officer.check_password(PASSWORD)
    assert staff_client(other_officer).post(path).headers["Location"] == reverse("home")
    assert member(other_officer, tenant).role == "OFFICER"


def test_two_clicks_on_one_link_make_one_member(tenant: Tenant, chief: Client, settings: Any) -> None:
    path = invited(chief, tenant, settings)
    answers = in_parallel(tenant, *[lambda: Client().post(path, {"name": "西", "password": PASSWORD}).status_code] * 3)
    assert User.objects.filter(email="nishi@asanagi.example").count() == 1, answers
    assert events(tenant).count("invitation.accepted") == 1


def test_an_invitation_is_of_its_bank_alone(tenant: Tenant, other_tenant: Tenant, chief: Client, settings: Any) -> None:
    token = invited(chief, tenant, settings).split("/")[2]
    assert tenant_of_invitation(hash_of(token)) == tenant.pk
    found = find_invitation(token)
    assert found is not None
    assert found.tenant_id == tenant.pk


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role": "BRANCH_STAFF"}, "branch_code"),
        ({"role": "OPERATOR"}, "last_day"),
        ({"role": "AUDITOR", "last_day": "2020-01-01"}, "last_day"),
        ({"role": "KING"}, "role"),
        ({"email": "not an address"}, "email"),
    ],
)
def test_an_invitation_that_says_too_little_is_explained(chief: Client, changes: dict[str, str], words: str) -> None:
    answer = chief.post(reverse("member-invite"), {**WANTED, **changes})
    assert answer.status_code == 422
    assert f'id="id_{words}_error"' in answer.content.decode()


def test_columns_cannot_be_smuggled_into_a_member(
    tenant: Tenant, other_tenant: Tenant, officer: User, chief: Client
) -> None:
    """W10: only staff number, role, branch and last day are taken."""
    before = member(officer, tenant)
    smuggled = {
        "tenant": other_tenant.pk,
        "tenant_id": other_tenant.pk,
        "user": 1,
        "is_active": "",
        "is_staff": "on",
        "is_superuser": "on",
        "id": "01930000-0000-7000-8000-000000000000",
    }
    answer = chief.post(reverse("member-change", args=[before.pk]), {**SAME, "role": "AUDITOR", **smuggled})
    assert answer.status_code == 302
    after = member(officer, tenant)
    assert (after.pk, after.tenant_id, after.user_id, after.is_active) == (before.pk, tenant.pk, officer.pk, True)
    assert (after.role, after.staff_number) == ("AUDITOR", "10900"), "control: what may be posted is taken"
    assert "membership.renumbered" in events(tenant)


def test_a_role_that_is_taken_away_ends_with_the_next_request(
    tenant: Tenant, officer: User, chief: Client, staff_client: SignIn
) -> None:
    """W12."""
    client = staff_client(officer)
    assert client.get(reverse("campaign-new")).status_code == 200
    chief.post(reverse("member-change", args=[member(officer, tenant).pk]), {**SAME, "role": "AUDITOR"})
    assert client.get(reverse("campaign-new")).status_code == 403
    assert client.get(reverse("home")).status_code == 200


def test_an_ended_membership_opens_nothing_until_it_is_given_back(
    tenant: Tenant, officer: User, chief: Client, staff_client: SignIn
) -> None:
    """W12."""
    client, pk = staff_client(officer), member(officer, tenant).pk
    assert client.get(reverse("home")).status_code == 200
    assert chief.post(reverse("member-end", args=[pk])).status_code == 302
    assert client.get(reverse("home")).status_code in {302, 403}
    assert chief.post(reverse("member-reactivate", args=[pk])).status_code == 302
    assert staff_client(officer).get(reverse("home")).status_code == 200
    kept = [event for event in events(tenant) if event in {"membership.ended", "membership.reactivated"}]
    assert kept == ["membership.ended", "membership.reactivated"]


def test_nobody_changes_or_ends_themselves(tenant: Tenant, administrator: User, chief: Client) -> None:
    own = member(administrator, tenant)
    for page, form in (("member-end", {}), ("member-change", {**SAME, "role": "OFFICER"})):
        assert chief.post(reverse(page, args=[own.pk]), form).status_code == 422
    assert member(administrator, tenant).role == "ADMINISTRATOR"


def test_a_person_does_not_promote_themselves_by_their_other_account(
    tenant: Tenant, administrator: User, make_user: MakeUser, chief: Client
) -> None:
    number = member(administrator, tenant).staff_number
    other = make_user(tenant, Role.OFFICER, "other-account", staff_number=number)
    answer = chief.post(reverse("member-change", args=[member(other, tenant).pk]), {**SAME, "role": "APPROVER"})
    assert answer.status_code == 422


def test_the_bank_keeps_an_administrator_even_if_two_dismiss_each_other(
    tenant: Tenant, administrator: User, make_user: MakeUser
) -> None:
    second = make_user(tenant, Role.ADMINISTRATOR, "second")
    people = {administrator: second, second: administrator}

    def dismissal(actor: User, victim: User) -> Callable[[], None]:
        found = member(victim, tenant)
        return lambda: end_member(member=found, actor=Actor.user(actor.pk), now=timezone.now())

    results = in_parallel(tenant, *[dismissal(actor, victim) for actor, victim in people.items()])
    assert sorted(isinstance(result, MemberRefused) for result in results) == [False, True], results
    left = [user for user in people if member(user, tenant).is_active]
    assert len(left) == 1
    with tenant_scope(tenant.pk), pytest.raises(MemberRefused):
        change_member(
            member=Membership.objects.get(user=left[0]),
            role="AUDITOR",
            staff_number="10900",
            branch_code="",
            valid_until=None,
            actor=Actor.user(people[left[0]].pk),
            now=timezone.now(),
        )


def test_what_is_missing_is_explained_and_can_be_asked_for(
    tenant: Tenant, contractor: User, administrator: User, chief: Client, staff_client: SignIn
) -> None:
    client = staff_client(contractor)
    page = client.get(reverse("customers"))
    assert page.status_code == 403
    words = page.content.decode()
    assert administrator.name in words
    assert 'value="view_customers"' in words
    assert client.post(reverse("access-request"), {"permission": "view_customers"}).status_code == 302
    assert client.post(reverse("access-request"), {"permission": "everything"}).status_code == 404
    assert contractor.name in chief.get(reverse("members")).content.decode()
    assert "membership.access_requested" in events(tenant)


def test_the_list_costs_the_same_for_two_members_as_for_many(
    tenant: Tenant, make_user: MakeUser, chief: Client, django_assert_max_num_queries: Any
) -> None:
    """O8."""
    with django_assert_max_num_queries(16):
        chief.get(reverse("members"))
    for number in range(12):
        make_user(tenant, Role.OFFICER, f"officer-{number}")
    with django_assert_max_num_queries(16):
        assert chief.get(reverse("members")).content.decode().count("officer-") >= 12
