"""The inbox page: what arrived, safely shown, in two languages."""

import smtplib
from email.message import EmailMessage

import httpx
import pytest

from .conftest import Sandbox

LINK = "https://notice.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
USER = "U00000000000000000000000000000001"


def push(sandbox: Sandbox, text: str, user: str = USER) -> int:
    body = {"to": user, "messages": [{"type": "text", "text": text}]}
    headers = {"Authorization": "Bearer sandbox-line-asanagi"}
    httpx.post(f"{sandbox.url}/line/v2/bot/message/push", json=body, headers=headers).raise_for_status()
    return int(sandbox.messages()[0]["number"])


def home(sandbox: Sandbox, **query: str) -> httpx.Response:
    return sandbox.control.get("/", params=query)


def test_an_empty_inbox_says_that_it_waits(sandbox: Sandbox) -> None:
    page = home(sandbox)
    assert page.status_code == 200
    assert "まだ何も届いていません" in page.text


def test_a_message_is_shown_escaped_under_a_strict_policy(sandbox: Sandbox) -> None:
    push(sandbox, ATTACK)
    page = home(sandbox, person="asanagi:C001", q='"><b>')
    assert "<script>alert" not in page.text
    assert "onerror=alert(1)>" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert " style=" not in page.text


@pytest.mark.parametrize("words", ["山田", "節子", "ヤマダ", "C001", "09000005678", "setsuko@"])
def test_a_customer_is_found_by_name_number_phone_or_mail(sandbox: Sandbox, words: str) -> None:
    page = home(sandbox, q=words).text
    assert "山田 節子" in page
    assert "佐藤 健一" not in page


def test_a_link_opens_the_bank_and_remembers_who_holds_the_phone(sandbox: Sandbox) -> None:
    number = push(sandbox, f"こちら {LINK}")
    assert f'href="/open/{number}"' in home(sandbox).text
    answer = httpx.get(f"{sandbox.url}/open/{number}")
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    assert "sandbox_holder=asanagi%3AC001" in answer.headers["set-cookie"]
    assert sandbox.messages()[0]["read"] is True


def test_a_message_without_a_link_opens_nothing(sandbox: Sandbox) -> None:
    number = push(sandbox, "https://elsewhere.example/login")
    assert httpx.get(f"{sandbox.url}/open/{number}").status_code == 404
    assert httpx.get(f"{sandbox.url}/open/999999").status_code == 404


def test_the_page_turns_to_english(sandbox: Sandbox) -> None:
    push(sandbox, "a")
    chosen = httpx.post(f"{sandbox.url}/language", data={"language": "en", "back": "//evil.example"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
    page = httpx.get(sandbox.url, cookies={"sandbox_language": "en"}).text
    assert '<html lang="en">' in page
    assert "Demo inbox" in page


def test_a_mail_can_be_bounced_by_the_presenter_but_not_by_another_site(sandbox: Sandbox) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@asanagi.example", "setsuko@example.com", "件名"
    mail.set_content(f"本文\n{LINK}")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as server:
        server.send_message(mail)
    number = sandbox.messages()[0]["number"]
    url = f"{sandbox.url}/message/{number}/fate"
    foreign = httpx.post(url, data={"fate": "bounce:5.1.1"}, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, sandbox.messages()[0]["state"]) == (403, "delivered")
    httpx.post(url, data={"fate": "bounce:5.1.1"}, headers={"Origin": sandbox.url})
    assert sandbox.messages()[0]["state"] == "bounced"
    assert "宛先から戻った" in home(sandbox).text


def test_a_recipient_outside_the_book_is_shown_too(sandbox: Sandbox) -> None:
    push(sandbox, "a", "U" + "f" * 32)
    assert "名簿にない宛先" in home(sandbox).text


@pytest.mark.parametrize("path", ["tokens.css", "base.css", "inbox.css", "ekyc.css", "inbox.js"])
def test_the_pages_own_files_are_served(sandbox: Sandbox, path: str) -> None:
    assert sandbox.control.get(f"/static/{path}").status_code == 200
    assert sandbox.control.get("/static/../server.py").status_code == 404
