"""The owners that a company names, beside those calculated from what is on record behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from customers.models import Customer
from customers.related.answered import answered_beside, shown
from customers.selectors import facts_of
from reviews.models import Case
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, notified
from tests.conftest import NOW, SignIn
from tests.customers.related.behind import behind
from tests.questionnaires.filing import COMPANY
from tests.reviews.test_views import english

NAMED = [{"name": "相川　一郎", "birth_on": "1970-01-01", "share_percent": "60", "is_pep": False}]


@pytest.fixture
def company(bank: Tenant, officer: User, approver: User) -> Customer:
    """A company of low risk that is being asked, whose file names the owner."""
    customer = enter(1, contacts=("POST",))
    with transaction.atomic():
        customer.kind = Customer.Kind.COMPANY
        customer.profile = {**COMPANY, "owners": NAMED, "legal_form": "stock"}
        customer.save()
    notified(officer, approver)
    return customer


def case_of(company: Customer) -> Case:
    answer(company)
    with transaction.atomic():
        found: Case = Case.objects.select_related("customer").get()
    return found


def test_an_answer_that_agrees_with_file_and_calculation_is_cleared(company: Customer) -> None:
    """Control: nothing else of this answer needs a person."""
    behind(company, "相川 一郎", share="60")
    behind(company, "別府　二郎", share="20")
    assert case_of(company).status == "CLEARED"


def test_no_rule_clears_an_answer_that_the_calculation_contradicts(
    company: Customer, officer: User, staff_client: SignIn
) -> None:
    """The file says what the company says; the shares on record say that somebody else controls it."""
    behind(company, "別府　二郎", share="70")
    case = case_of(company)
    assert case.status == "OPEN"
    page = staff_client(english(officer)).get(reverse("case", args=[case.pk])).content.decode()
    for words in (
        "The answer and the calculation differ",
        "Only in the answer",
        "Only calculated",
        "別府　二郎",
        "70%",
    ):
        assert words in page


def test_another_share_than_calculated_is_shown(company: Customer, officer: User, staff_client: SignIn) -> None:
    behind(company, "相川　一郎", share="80")
    case = case_of(company)
    assert case.status == "OPEN"
    page = staff_client(english(officer)).get(reverse("case", args=[case.pk])).content.decode()
    assert "The share differs" in page
    assert "60%" in page
    assert "80%" in page


def test_without_anybody_on_record_the_page_says_that_nothing_is_compared(
    company: Customer, officer: User, staff_client: SignIn
) -> None:
    case = case_of(company)
    assert case.status == "CLEARED"
    page = staff_client(english(officer)).get(reverse("case", args=[case.pk])).content.decode()
    assert "there is no calculation to compare with" in page


def test_names_and_dates_of_birth_are_covered_where_the_role_is(company: Customer) -> None:
    behind(company, "別府　二郎", share="70")
    with transaction.atomic():
        found = answered_beside(company, facts_of(company), NAMED)
    assert found is not None
    said = str(shown(found, masked=True))
    assert "二郎" not in said
    assert "一郎" not in said
    assert "1970" not in said
    assert "二郎" in str(shown(found, masked=False)), "control"


def test_a_closed_case_keeps_the_calculation_of_its_day(company: Customer, officer: User, staff_client: SignIn) -> None:
    row = behind(company, "相川　一郎", share="60")
    case = case_of(company)
    behind(company, "相川　一郎", share="30", replaces=row, now=NOW + timedelta(days=1))
    page = staff_client(english(officer)).get(reverse("case", args=[case.pk])).content.decode()
    assert "The answer and the calculation differ" not in page
    with transaction.atomic():
        now = answered_beside(company, facts_of(company), NAMED)
    assert now is not None
    assert now.differs, "control: today it would"
