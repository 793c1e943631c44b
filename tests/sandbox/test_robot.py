"""The robot customers, answering at a small bank of the test's own that keeps the portal's contract."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from sandbox.forms import read_page
from sandbox.people import Person
from sandbox.personas import Respondent

from .conftest import Sandbox

TOKENS = {"C001": "0123456789ABCDEFGHJKMNPQRSTVWX01", "C002": "0123456789ABCDEFGHJKMNPQRSTVWX02"}
BIRTHS = {"C001": ("1948", "5", "3"), "C002": ("1990", "11", "30")}
ACCOUNTS = {"C001": "4567", "C002": "4321"}
OCCUPATIONS = (("employee", "会社員"), ("retired", "無職"), ("student", "学生"))
HIDDEN = '<input type="hidden" name="csrfmiddlewaretoken" value="secret">'
PAGES = {
    "address": '<form method="post">{hidden}<button name="action" value="unchanged">変わりない</button></form>'
    '<form method="post">{hidden}<input name="postal_code"><textarea name="address"></textarea>'
    '<button name="action" value="continue">変更</button></form>',
    "work": '<form method="post">{hidden}{occupations}<button name="action" value="continue">次へ</button></form>',
    "money": '<form method="post">{hidden}<label><input type="radio" name="sends_abroad" value="yes">はい</label>'
    '<label><input type="radio" name="sends_abroad" value="no">いいえ</label>'
    '<button name="action" value="continue">次へ</button></form>',
}


@dataclass
class SmallBank:
    """What was answered, by customer number."""

    url: str = ""
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sandbox: str = ""
    broken: bool = False


def handler_of(bank: SmallBank) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - a whole bank
    class Handler(BaseHTTPRequestHandler):
        def page(self, kind: str, inside: str) -> None:
            display = '<form method="post" action="/display/"><button>表示</button></form>'
            body = f'<title>{kind}</title><main data-page="{kind}"><h1>{kind}</h1>{inside}</main>{display}'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def go(self, where: str, cookie: str = "") -> None:
            self.send_response(303)
            self.send_header("Location", where)
            if cookie:
                self.send_header("Set-Cookie", f"who={cookie}; Path=/; HttpOnly")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def who(self) -> str:
            morsel = SimpleCookie(self.headers.get("Cookie", "")).get("who")
            return morsel.value if morsel else ""

        def do_GET(self) -> None:
            found = re.fullmatch(r"/r/(\w{32})/(identity/)?", self.path)
            if found and not found[2]:
                self.page("landing", f'<a href="/r/{found[1]}/identity/">はじめる</a>')
            elif found:
                eras = "".join(f'<input type="radio" name="era" value="{era}">' for era in ("western", "showa"))
                fields = "".join(f'<input name="{name}">' for name in ("year", "month", "day", "last_digits"))
                self.page("identity", f'<form method="post">{HIDDEN}{eras}{fields}<button>次へ</button></form>')
            elif self.path == "/r/answer/check/":
                self.page(
                    "check", f'<form method="post">{HIDDEN}<button name="action" value="submit">送る</button></form>'
                )
            elif self.path == "/r/answer/ekyc/":
                self.page(
                    "ekyc", f'<form method="post">{HIDDEN}<button name="action" value="start">進む</button></form>'
                )
            elif self.path == "/r/answer/done/":
                self.page("done", "")
            else:
                name = self.path.split("/")[-2]
                options = "".join(
                    f'<label><input type="radio" name="occupation" value="{v}"><span>{t}</span></label>'
                    for v, t in OCCUPATIONS
                )
                self.page("question", PAGES[name].format(hidden=HIDDEN, occupations=options))

        def do_POST(self) -> None:
            form = dict(
                parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
            )
            assert self.headers["Origin"] == bank.url
            if "/display/" in self.path or form.pop("csrfmiddlewaretoken", "") != "secret":
                self.send_error(403)
                return
            if self.path.endswith("/identity/"):
                self.identify(form)
                return
            action = form.pop("action")
            steps = ["address", "work", "money"]
            name = self.path.split("/")[-2]
            if name in steps and not bank.broken:
                bank.answers.setdefault(self.who(), {}).update({**form, f"{name}_action": action})
                following = [*steps, "check"][steps.index(name) + 1]
                self.go(f"/r/answer/{following}/")
            elif name == "check":
                bank.submitted.append(self.who())
                self.go("/r/answer/ekyc/" if self.who() == "C001" else "/r/answer/done/")
            elif name == "ekyc":
                self.start_check()
            else:
                self.go(self.path)

        def identify(self, form: dict[str, str]) -> None:
            number = next(n for n, token in TOKENS.items() if token in self.path)
            year, month, day = BIRTHS[number]
            if form["era"] == "showa":
                year = str(int(year) - 1925)
            right = (form["year"], form["month"], form["day"], form["last_digits"]) == (
                year, month, day, ACCOUNTS[number],
            )  # fmt: skip
            if right:
                self.go("/r/answer/address/", cookie=number)
            else:
                bank.wrong.append(number)
                self.go(self.path)

        def start_check(self) -> None:
            body = {
                "reference": f"ref-{self.who()}", "method": "jpki_signature",
                "return_url": f"{bank.url}/r/answer/done/", "webhook_url": f"{bank.url}/hook/",
            }  # fmt: skip
            headers = {"Authorization": "Bearer sandbox-ekyc-asanagi"}
            self.go(httpx.post(f"{bank.sandbox}/ekyc/v1/verifications", json=body, headers=headers).json()["url"])

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    return Handler


@pytest.fixture
def small_bank(sandbox: Sandbox) -> Iterator[SmallBank]:
    bank = SmallBank(sandbox=sandbox.url)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(bank))
    bank.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield bank
    server.shutdown()
    server.server_close()
    thread.join()
    sandbox.scenario({"persona_rules": []})


def notify(sandbox: Sandbox, bank: SmallBank, number: str) -> None:
    user = f"U{int(number[1:]):032d}"
    text = f"ご確認ください {bank.url}/r/{TOKENS[number]}/"
    body = {"to": user, "messages": [{"type": "text", "text": text}]}
    headers = {"Authorization": "Bearer sandbox-line-asanagi"}
    httpx.post(f"{sandbox.url}/line/v2/bot/message/push", json=body, headers=headers).raise_for_status()


def play(sandbox: Sandbox, **personas: str) -> None:
    rules = [{"match": {"attribute": {"顧客番号": n}}, "persona": p} for n, p in personas.items()]
    sandbox.scenario({"persona_rules": rules})


def answer(sandbox: Sandbox, **body: Any) -> Any:
    return sandbox.control.post("/control/answer", json={"limit": 10, **body}).json()


def test_somebody_unchanged_confirms_and_passes_the_identity_check(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C001="unchanged")
    notify(sandbox, small_bank, "C001")
    result = answer(sandbox, tenant="asanagi")
    assert (result["personas"], result["errors"]) == ({"unchanged": {"done": 1}}, [])
    assert small_bank.submitted == ["C001"]
    assert small_bank.answers["C001"] == {
        "address_action": "unchanged", "work_action": "continue", "occupation": "retired",
        "money_action": "continue", "sends_abroad": "no",
    }  # fmt: skip
    shown = httpx.get(
        f"{sandbox.url}/ekyc/v1/verifications", params={"reference": "ref-C001"},
        headers={"Authorization": "Bearer sandbox-ekyc-asanagi"},
    ).json()["verifications"][0]  # fmt: skip
    assert shown["submitted_at"] is not None
    assert answer(sandbox)["people"] == 0


def test_the_changed_say_what_changed(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C001="moved", C002="changed_job")
    notify(sandbox, small_bank, "C001")
    notify(sandbox, small_bank, "C002")
    assert answer(sandbox)["outcomes"] == {"done": 2}
    moved, changed = small_bank.answers["C001"], small_bank.answers["C002"]
    assert moved["address_action"] == "continue"
    assert re.fullmatch(r"\d{7}", moved["postal_code"])
    assert moved["address"] != "東京都世田谷区若林1-2-3"
    assert changed["occupation"] != "employee"


def test_sending_abroad_is_answered_yes(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C002="sends_abroad")
    notify(sandbox, small_bank, "C002")
    answer(sandbox)
    assert small_bank.answers["C002"]["sends_abroad"] == "yes"


def test_the_silent_never_open_and_the_half_hearted_stop(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C001="silent", C002="late_half")
    notify(sandbox, small_bank, "C001")
    notify(sandbox, small_bank, "C002")
    result = answer(sandbox)
    assert result["personas"] == {"late_half": {"stopped": 1}, "silent": {"ignored": 1}}
    assert small_bank.submitted == []
    assert set(small_bank.answers) == {"C002"}
    assert "money_action" not in small_bank.answers["C002"]


def test_a_wrong_birth_date_is_given_twice_and_then_no_more(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C001="wrong_identity")
    notify(sandbox, small_bank, "C001")
    assert answer(sandbox)["personas"] == {"wrong_identity": {"gave_up": 1}}
    assert small_bank.wrong == ["C001", "C001"]


def test_a_page_that_leads_nowhere_is_an_error_not_a_success(sandbox: Sandbox, small_bank: SmallBank) -> None:
    small_bank.broken = True
    play(sandbox, C002="unchanged")
    notify(sandbox, small_bank, "C002")
    result = answer(sandbox)
    assert (result["outcomes"], result["error_count"]) == ({"error": 1}, 1)
    assert "question page came again" in result["errors"][0]["problem"]


def test_only_the_named_banks_messages_are_answered(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C002="unchanged")
    notify(sandbox, small_bank, "C002")
    assert answer(sandbox, tenant="komorebi")["people"] == 0
    assert answer(sandbox, tenant="asanagi")["people"] == 1


def test_a_link_to_the_internet_is_not_followed(sandbox: Sandbox, small_bank: SmallBank) -> None:
    play(sandbox, C002="unchanged")
    url, small_bank.url = small_bank.url, "https://bank.example.com"
    notify(sandbox, small_bank, "C002")
    small_bank.url = url
    assert "outside the callback base" in answer(sandbox)["errors"][0]["problem"]


def test_what_the_file_does_not_say_is_still_answered() -> None:
    person = Person(bank="asanagi", row={"顧客番号": "X", "区分": "個人", "氏名": "名無し 花子", "電話番号": ""})
    form = read_page(
        '<form method="post"><input name="phone" type="tel"><textarea name="address"></textarea>'
        '<select name="purpose"><option value="">選択</option><option value="salary">給与</option></select>'
        '<button name="action" value="continue">次へ</button></form>'
    ).answer_form()
    assert form is not None
    answers = Respondent(person, "unchanged").answers(form)
    assert re.fullmatch(r"0901234\d{4}", answers["phone"])
    assert answers["address"]
    assert answers["purpose"] == "salary"
    assert Respondent(person, "unchanged").can_prove is False
