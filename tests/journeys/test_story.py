"""The story driver itself: it reads pages as a person would, and never passes by doing nothing."""

from __future__ import annotations

import io

import pytest

from cdd.demo.browsing import Browser, Page, UnexpectedPage, read_page
from cdd.demo.steps import Done, StepFailed, Steps

HTML = """<main><a href="/customers/?tier=HIGH">1,204</a> <a href="/customers/">all</a>
<dd class="figure__value">12</dd><dd class="figure__value danger-text"><a href="#errors">3</a></dd>
<form method="post" action="/reviews/1/decide/"><input type="hidden" name="csrfmiddlewaretoken" value="t0ken">
<input type="radio" name="take-address" value="accept"><input type="radio" name="take-address" value="keep" checked>
<select name="tier"><option value="HIGH">High</option><option value="LOW" selected>Low</option></select>
<textarea name="rationale">
because</textarea><input name="off" value="x" disabled><button name="action" value="go">Go</button></form></main>"""


@pytest.fixture
def page() -> Page:
    """A page of ours."""
    return read_page(200, "http://127.0.0.1:8000/reviews/1/", HTML)


def test_a_form_is_read_as_a_browser_would_send_it(page: Page) -> None:
    form = page.form(r"/reviews/\d+/decide/")
    assert form.method == "post"
    assert form.values == {
        "csrfmiddlewaretoken": "t0ken",
        "take-address": "keep",
        "tier": "LOW",
        "rationale": "because",
    }
    assert form.choices["take-address"] == ["accept", "keep"]
    assert form.buttons == [("action", "go")]


def test_numbers_are_read_where_they_lead_to_their_list(page: Page) -> None:
    assert page.number("/customers/", tier="HIGH") == 1204
    assert page.figures() == [12, 3]
    for path, query in (("/customers/", {}), ("/customers/", {"tier": "LOW"}), ("/reviews/", {})):
        with pytest.raises(UnexpectedPage):
            page.number(path, **query)


def test_a_field_the_page_does_not_offer_is_not_sent(page: Page) -> None:
    browser = Browser("http://127.0.0.1:9")
    with pytest.raises(UnexpectedPage, match="off"):
        browser.send(page.form(r".*decide/"), {"off": "y"})
    browser.close()


def test_a_missing_form_is_named(page: Page) -> None:
    assert not page.has_form("/reviews/1/approve/")
    with pytest.raises(UnexpectedPage, match="approve"):
        page.form("/reviews/1/approve/")


def test_a_step_counts_for_all_banks() -> None:
    output = io.StringIO()
    steps = Steps(["asanagi", "komorebi"], output)
    steps.run("Import", lambda bank: Done(len(bank), "rows"))
    assert steps.finished == 1
    assert "15 rows" in output.getvalue()


def test_a_failing_step_names_itself_and_the_bank() -> None:
    def act(bank: str) -> Done:
        assert bank == "asanagi", "no bridge"
        return Done(1, "bridge")

    with pytest.raises(StepFailed, match=r"Cross \(komorebi\): no bridge"):
        Steps(["asanagi", "komorebi"], io.StringIO()).run("Cross", act)


def test_a_step_that_did_nothing_fails() -> None:
    with pytest.raises(StepFailed, match="nothing was done"):
        Steps(["asanagi"], io.StringIO()).run("Send", lambda _: Done(0, "notices"))
