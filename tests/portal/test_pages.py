"""The customer's pages: what they show, what they take, and that it is sent once."""

import re
from datetime import datetime

from django.test import Client

from customers.models import ContactPoint
from questionnaires.models import Response
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import OWNER, address_of, answers_of, end_of, page_of, post, prove, stored, walk
from tests.questionnaires.filing import Sent, send_link


def test_a_person_to_whom_nothing_happened_needs_nine_taps(person: Sent, customer: Client) -> None:
    walk(customer, person)
    check = customer.get("/r/answer/check/")
    assert page_of(check) == "check"
    # An answer of «no» is an answer: it is shown, not swallowed.
    assert len(re.findall("<dd>(?:いいえ|No)</dd>", check.content.decode())) == 3
    sent = customer.post("/r/answer/check/", {"action": "submit"})
    assert sent.headers["Location"] == "/r/answer/done/"
    done = customer.get("/r/answer/done/")
    assert page_of(done) == "done"
    held = stored(person)
    assert held.status == Response.Status.SUBMITTED
    assert held.confirmed_pages == ["contact", "work", "purpose", "residence"]
    number = held.receipt_number
    assert f"{number[:4]}-{number[4:8]}-{number[8:]}" in done.content.decode()
    assert answers_of(person)["handles_cash"] is False


def test_a_company_confirms_and_names_new_owners(company: Sent, customer: Client) -> None:
    prove(customer, company)
    for page in ("company", "business", "purpose"):
        assert post(customer, page, "unchanged").status_code == 302
    shown = customer.get("/r/answer/owners/").content.decode()
    assert "海野 一郎" not in shown
    assert re.search("60[%％]", shown)
    added = post(customer, "owners", "add", **OWNER)
    assert added.status_code == 200
    assert 'name="owners-1-name"' in added.content.decode()
    assert 'value="海野 二郎"' in added.content.decode()
    assert post(customer, "owners", **OWNER).headers["Location"] == "/r/answer/cash/"
    post(customer, "cash", handles_cash="yes")
    post(customer, "abroad", sends_abroad="no")
    check = customer.get("/r/answer/check/").content.decode()
    assert re.search("海野 二郎\\W+60[%％]", check)
    customer.post("/r/answer/check/", {"action": "submit"})
    owners = [{"name": "海野 二郎", "birth_on": "1970-08-09", "share_percent": 60, "is_pep": False}]
    assert answers_of(company)["owners"] == owners


def test_what_changed_is_read_back_and_the_rest_stays(person: Sent, customer: Client) -> None:
    prove(customer, person)
    moved = post(customer, "contact", postal_code="１００ー０００１", address="東京都千代田区千代田1-1")
    assert moved.headers["Location"] == address_of("work")
    answers = answers_of(person)
    assert answers["postal_code"] == "100-0001"
    assert answers["name"] == "山田 花子"
    assert stored(person).confirmed_pages == []
    again = customer.get(address_of("contact")).content.decode()
    assert "東京都千代田区千代田1-1" in again  # typed in this visit: plain
    assert "永福1丁目" not in again  # on file: masked
    for page in ("work", "purpose", "residence"):
        post(customer, page, "unchanged")
    post(customer, "cash", handles_cash="no")
    post(customer, "abroad", sends_abroad="no")
    post(customer, "office", is_foreign_pep="no")
    check = customer.get("/r/answer/check/").content.decode()
    assert "東京都千代田区千代田1-1" in check
    assert "山田" not in check


def test_stored_data_is_masked_on_every_page(person: Sent, customer: Client) -> None:
    walk(customer, person)
    for page in ("contact", "work", "purpose", "residence", "cash", "check"):
        text = customer.get(f"/r/answer/{page}/").content.decode()
        for secret in ("花子", "永福", "ひまわり", "0065", "+8190", "90123"):
            assert secret not in text, (page, secret)
    assert "東京都杉並区" in customer.get(address_of("contact")).content.decode()  # positive control


def test_on_another_visit_nothing_typed_before_is_plain(person: Sent, customer: Client) -> None:
    prove(customer, person)
    post(customer, "contact", address="東京都千代田区千代田1-1", postal_code="1000001")
    prove(customer, person)
    assert "千代田1-1" not in customer.get(address_of("contact")).content.decode()
    assert customer.get("/r/answer/").headers["Location"] == address_of("work")


def test_an_error_is_listed_first_and_keeps_what_was_typed(person: Sent, customer: Client) -> None:
    prove(customer, person)
    page = post(customer, "contact", phone="12", email="花子")
    text = page.content.decode()
    assert page.status_code == 422
    assert 'href="#phone"' in text
    assert 'href="#email"' in text
    assert text.index("error-summary") < text.index("<h1>")
    assert 'value="12"' in text
    assert 'value="花子"' in text
    assert '<details class="change" open>' in text
    assert answers_of(person) == {}


def test_changing_nothing_by_the_wrong_button_is_pointed_out(person: Sent, customer: Client) -> None:
    prove(customer, person)
    assert post(customer, "contact").status_code == 422


def test_a_fact_the_file_lacks_is_asked_for(tenant: Tenant, customer: Client, now: datetime) -> None:
    sent = send_link(tenant, now=now, occupation="")
    prove(customer, sent)
    post(customer, "contact", "unchanged")
    text = customer.get(address_of("work")).content.decode()
    assert 'value="unchanged"' not in text
    assert post(customer, "work", "unchanged").status_code == 422
    assert post(customer, "work", occupation="student").status_code == 302


def test_only_what_the_file_lacks_must_be_typed(tenant: Tenant, customer: Client, now: datetime) -> None:
    """A missing telephone number must not cost somebody their name and address once more."""
    sent = send_link(tenant, now=now)
    with tenant_scope(tenant.pk):
        ContactPoint.objects.filter(customer=sent.customer, channel="PHONE").delete()
    prove(customer, sent)
    text = customer.get(address_of("contact")).content.decode()
    assert 'value="unchanged"' not in text
    assert text.index('id="phone"') < text.index('class="record"') < text.index('id="name"')
    assert "永福1丁目" not in text, "what is on file stays masked"

    missing = post(customer, "contact")
    assert missing.status_code == 422
    assert 'href="#phone"' in missing.content.decode()
    assert 'href="#name"' not in missing.content.decode()
    assert post(customer, "contact", phone="03-1234-5678").status_code == 302
    answers = answers_of(sent)
    assert (answers["name"], answers["address"]) == ("山田 花子", "東京都杉並区永福1丁目2番3号 ひまわり荘405")
    assert answers["phone"] == "03-1234-5678"
    assert "永福1丁目" not in customer.get(address_of("contact")).content.decode()


def test_a_foreign_customer_is_asked_about_the_period_of_stay(tenant: Tenant, customer: Client, now: datetime) -> None:
    sent = send_link(tenant, now=now, nationality="VN", language="en")
    prove(customer, sent)
    for page in ("contact", "work", "purpose"):
        post(customer, page, "unchanged")
    assert post(customer, "residence", "unchanged").headers["Location"] == "/r/answer/stay/"
    boxes = {"residence_expires_on-year": "2028", "residence_expires_on-month": "4", "residence_expires_on-day": "1"}
    assert post(customer, "stay", **boxes).headers["Location"] == "/r/answer/cash/"
    assert answers_of(sent)["residence_expires_on"] == "2028-04-01"


def test_a_page_out_of_turn_leads_to_the_one_that_is_open(person: Sent, customer: Client) -> None:
    prove(customer, person)
    for address in ("/r/answer/cash/", "/r/answer/check/", "/r/answer/nothing/", "/r/answer/done/", "/r/answer/ekyc/"):
        assert customer.get(address).headers["Location"] == "/r/answer/contact/"
    assert post(customer, "cash", handles_cash="yes").headers["Location"] == "/r/answer/contact/"
    assert answers_of(person) == {}


def test_sending_twice_is_sending_once_and_back_leads_to_an_end(person: Sent, customer: Client) -> None:
    """W4: double tap, back button."""
    walk(customer, person)
    first = customer.post("/r/answer/check/", {"action": "submit"})
    number = stored(person).receipt_number
    second = customer.post("/r/answer/check/", {"action": "submit"})
    assert first.headers["Location"] == second.headers["Location"]
    assert stored(person).receipt_number == number
    assert end_of(customer.get("/r/answer/check/")) == "answered"
    assert end_of(customer.get("/r/answer/contact/")) == "answered"
    late = post(customer, "contact", phone="03-1234-5678")
    assert (late.status_code, end_of(late)) == (409, "answered")
    assert page_of(Client().get(f"/r/{person.token}/")) == "landing", "nothing is told before the proof"
    again = prove(Client(), person)
    assert (again.status_code, end_of(again)) == (409, "answered")


def counted(client: Client, page: str) -> str:
    """Which of how many a page says it is."""
    client.cookies["portal_language"] = "en"
    found = re.search(r">(\d+ of \d+)<", client.get(f"/r/answer/{page}/").content.decode())
    assert found
    return found[1]


def test_pages_that_the_file_makes_unlikely_are_not_counted(tenant: Tenant, now: datetime) -> None:
    japanese, foreigner = Client(), Client()
    prove(japanese, send_link(tenant, now=now))
    prove(foreigner, send_link(tenant, now=now, number="2", nationality="VN"))
    assert counted(japanese, "contact") == "1 of 4"
    assert counted(foreigner, "contact") == "1 of 5"
    for page in ("contact", "work", "purpose"):
        post(japanese, page, "unchanged")
    assert counted(japanese, "residence") == "4 of 4"
    post(japanese, "residence", nationality="BR")
    assert counted(japanese, "residence") == "4 of 5", "who is no Japanese any more is asked for the period of stay"
    assert counted(japanese, "stay") == "5 of 5"


def test_only_what_hides_something_says_so(person: Sent, customer: Client) -> None:
    prove(customer, person)
    post(customer, "contact", "unchanged")
    customer.cookies["portal_language"] = "en"
    assert "over your shoulder" in customer.get(address_of("contact")).content.decode()
    assert "over your shoulder" not in customer.get(address_of("work")).content.decode()
