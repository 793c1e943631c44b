"""What a password may be: long, of any characters, exactly as typed, and nothing everybody would try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.models import Role, Tenant, User
from tests.conftest import MakeUser

GOOD = [
    "水辺の柳が春風に揺れている",
    "only lower case letters here",
    "  spaces at both ends count  ",
    "🐟" * 12,
    "x" * 40 + " long enough for a machine " + "y" * 40,
    "the river bank behind the old mill",
]
BAD = {
    "elevenchars": "short",
    "passwordpassword": "of the context",
    "startfinding": "common",
    "Asanagi-Bank-2026": "the institution",
    "あさなぎ銀行あさなぎ銀行2026": "the institution in Japanese",
    "keizoku-CDD-0001": "the product",
    "officer@asanagi.example": "the own address",
}


@pytest.mark.parametrize("password", GOOD)
def test_any_long_phrase_is_a_password(password: str, officer: User) -> None:
    validate_password(password, officer)


@pytest.mark.parametrize("password", BAD, ids=BAD.values())
def test_what_is_short_common_or_of_the_context_is_refused(password: str, officer: User) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, officer)


@pytest.mark.parametrize("typed", ["Correct horse battery", "correct horse battery ", "correct horse batter"])
def test_a_password_is_compared_exactly_as_typed(typed: str, officer: User) -> None:
    client = Client()
    address = reverse("sign-in")
    assert client.post(address, {"username": officer.email, "password": typed}).status_code == 422
    assert client.post(address, {"username": officer.email, "password": "correct horse battery"}).status_code == 302


def test_a_password_never_gets_too_old(tenant: Tenant, make_user: MakeUser) -> None:
    user = make_user(tenant, Role.OFFICER, "veteran")
    User.objects.filter(pk=user.pk).update(created_at=timezone.now() - timedelta(days=3650))
    answer = Client().post(reverse("sign-in"), {"username": user.email, "password": "correct horse battery"})
    assert answer.status_code == 302


def test_the_field_hides_what_is_typed_and_takes_what_is_pasted(db_clean: None) -> None:
    page = Client().get(reverse("sign-in")).content.decode()
    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page or 'autocomplete="current-password webauthn"' in page
    for obstacle in ("onpaste", "maxlength", 'autocomplete="off"'):
        assert obstacle not in page.split('type="password"')[1][:300]


def test_nobody_is_asked_for_a_hint_or_a_secret_question(officer: User, staff_client: Callable[[User], Client]) -> None:
    for name in ("sign-in", "account_reset_password", "account_change_password"):
        page = staff_client(officer).get(reverse(name), follow=True).content.decode()
        assert "ヒント" not in page
        assert "秘密の質問" not in page
