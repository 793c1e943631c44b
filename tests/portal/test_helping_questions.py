"""Questions and answers: for everybody, in every language, light, and about nobody."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from portal.helping.questions import AUDIENCES, QUESTIONS, TOPICS, questions_of
from portal.pages import LANGUAGES
from tenants.models import Tenant
from tests.portal.journey import page_of
from tests.questionnaires.filing import Sent


def address(topic: str, audience: str = "person") -> str:
    return f"/check/asanagi/questions/{topic}/?for={audience}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_answers_every_audience_within_forty_kilobytes(tenant: Tenant, language: str) -> None:
    client = Client()
    client.cookies["portal_language"] = language
    for topic in TOPICS:
        for audience in AUDIENCES:
            page = client.get(address(topic, audience))
            text = page.content.decode()
            assert page_of(page) == "questions"
            assert text.count("<details") == len(questions_of(topic, audience, tenant=tenant)) > 0
            assert "%(" not in text
            assert "<script" not in text
            sheets = re.findall(r'<link rel="stylesheet" href="/static/([^"?]+)"', text)
            found = [finders.find(re.sub(r"\.[0-9a-f]{12}(?=\.css)", "", sheet)) for sheet in sheets]
            assert found
            assert all(found)
            weight = sum(Path(str(sheet)).stat().st_size for sheet in found)
            assert len(page.content) + weight <= 40 * 1024, (topic, audience, language)


def test_whoever_is_asked_finds_the_answer_that_is_theirs(tenant: Tenant) -> None:
    """domain.md 3.5: what customers ask."""
    everything = {code for one in AUDIENCES for topic in TOPICS for code, *_ in questions_of(topic, one, tenant=tenant)}
    assert everything == {one.code for one in QUESTIONS}
    people = {code for topic in TOPICS for code, *_ in questions_of(topic, "person", tenant=tenant)}
    companies = {code for topic in TOPICS for code, *_ in questions_of(topic, "company", tenant=tenant)}
    foreign = {code for topic in TOPICS for code, *_ in questions_of(topic, "foreign", tenant=tenant)}
    assert "died" in people - companies
    assert "owners" in companies - people
    assert "renewal" in foreign - people


def test_they_are_reached_from_every_page_and_nobody_is_followed(
    person: Sent, company: Sent, superuser: psycopg.Connection
) -> None:
    assert "/check/asanagi/questions/notice/" in Client().get(f"/r/{person.token}/").content.decode()
    assert "questions/notice/?for=company" in Client().get(f"/r/{company.token}/").content.decode()
    before = superuser.execute("SELECT count(*) FROM audit_auditevent").fetchall()
    client = Client()
    assert client.get(address("situations")).status_code == 200
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert superuser.execute("SELECT count(*) FROM audit_auditevent").fetchall() == before


def test_another_address_is_no_page(tenant: Tenant) -> None:
    assert Client().get("/check/asanagi/questions/secrets/").status_code == 404
    assert Client().get("/check/nobody/questions/notice/").status_code == 404
    assert page_of(Client().get(address("notice", "<script>"))) == "questions"
