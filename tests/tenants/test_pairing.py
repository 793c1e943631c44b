"""W7: four eyes are two people, on pages as in services: the account and the staff number each say who acted."""

from __future__ import annotations

import pytest

from audit.services import Actor
from tenants.four_eyes import standing_of
from tenants.lookups import memberships_of
from tenants.models import Role, Tenant
from tests.conftest import NOW, MakeUser


@pytest.mark.parametrize("tell", ["the page", "the service"])
def test_one_person_is_known_by_either_account_or_staff_number(
    in_tenant: Tenant, make_user: MakeUser, tell: str
) -> None:
    from django.db import transaction

    officer = make_user(in_tenant, Role.OFFICER, "officer")
    with transaction.atomic():
        member = memberships_of(officer.pk)[0]
        standing = standing_of(Actor.user(officer.pk), now=NOW)
        assert standing is not None
        did = member.did if tell == "the page" else standing.did
        number = member.staff_number
    assert did((officer.pk, "somebody"))
    assert did((officer.pk + 1, number)), "the same person under another account"
    assert did((None, ""), (officer.pk + 1, "other"), (officer.pk, number))
    assert not did((officer.pk + 1, "other")), "control"
    assert not did((None, ""))
    assert not did()
