"""The process: its start, its scenario, its end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.keeping import keep, recall
from sandbox.scenario import Scenario, chance, merge_patch
from sandbox.store import Block, Store

from .conftest import ROOT, Sandbox, start_process, stop_process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_names_its_ports_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process, url, smtp_port = start_process(tmp_path)
    ports = json.loads((tmp_path / "ports.json").read_text())
    assert ports.pop("sftp") > 0
    assert ports == {"http": int(url.rpartition(":")[2]), "smtp": smtp_port}
    assert httpx.get(f"{url}/control/summary").json()["channels"] == {}
    os.kill(process.pid, number)
    process.wait(timeout=10)
    assert stop_process(process) == 0


def test_a_scenario_it_can_not_play_is_refused_in_one_line(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"recipient": {"sms": {"teleported": 0.1}}}')
    command = [sys.executable, "-m", "sandbox", "--data", str(tmp_path), "--scenario", str(scenario)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "sms does not know the outcome 'teleported'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "patch",
    [
        {"request": {"line": {"fail_before": 2}}},
        {"request": {"line": {"fail_before": 0.6, "fail_after": 0.6}}},
        {"request": {"pigeon": {}}},
        {"rules": [{"provider": "sms", "outcome": "21211"}]},
        {"personas": {"pirate": 1}},
        {"delay_ms": {"sms": [5, 1]}},
        {"nonsense": 1},
        {"callbacks": None},
        {"rules": "x"},
        {"banks": 3},
        {"request": 3},
        {"timeout_ms": "a"},
        {"rules": [{"provider": "sms", "match": {"suffix": 3}, "outcome": "21211"}]},
        {"rules": [{"provider": "sms", "match": {"colour": "red"}, "outcome": "21211"}]},
        {"rules": [{"provider": "sms", "match": {"suffix": "1"}, "outcome": "21211", "first": "x"}]},
    ],
)
def test_a_bad_patch_is_refused_and_changes_nothing(sandbox: Sandbox, patch: dict[str, object]) -> None:
    before = sandbox.control.get("/control/scenario").json()
    assert sandbox.control.post("/control/scenario", json=patch).status_code == 400
    assert sandbox.control.get("/control/scenario").json() == before


def test_fates_depend_on_the_recipient_and_the_seed_not_on_the_order() -> None:
    numbers = [f"+8190{n:08d}" for n in range(2_000)]
    forwards = {number: Scenario().recipient_outcome("sms", number, {}) for number in numbers}
    backwards = {number: Scenario().recipient_outcome("sms", number, {}) for number in reversed(numbers)}
    other = {number: Scenario({"seed": "other"}).recipient_outcome("sms", number, {}) for number in numbers}
    assert forwards == backwards
    assert forwards != other


def test_shares_are_kept_over_many_recipients() -> None:
    scenario = Scenario({"recipient": {"pnp": {"unknown": 0.25, "never": 0.1}}})
    drawn = [scenario.recipient_outcome("pnp", f"n{n}", {}) for n in range(4_000)]
    assert 0.22 < drawn.count("unknown") / 4_000 < 0.28
    assert 0.08 < drawn.count("never") / 4_000 < 0.12


def test_a_trouble_passes_when_the_request_is_repeated() -> None:
    scenario = Scenario({"request": {"line": {"fail_before": 0.5, "fail_after": 0, "rate_limited": 0}}})
    for user in range(50):
        outcomes = {scenario.request_outcome("line", f"U{user}", attempt, {}) for attempt in range(20)}
        assert "ok" in outcomes


def test_merging_follows_rfc_7396() -> None:
    assert merge_patch({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": [1]}}) == {"a": {"c": 2, "d": [1]}}
    assert merge_patch({"a": 1}, {"a": {"b": None}}) == {"a": {}}


def test_a_chance_is_a_number_from_0_to_1() -> None:
    assert all(0 <= chance(n) < 1 for n in range(1_000))


def test_the_store_forgets_the_oldest_at_its_limit() -> None:
    store = Store(limit=3)
    for number in range(5):
        store.add(channel="sms", bank="a", provider_id=str(number), recipient="r", owner=f"o{number % 2}")
    assert [message.provider_id for message in store.all()] == ["2", "3", "4"]
    assert [message.provider_id for message in store.owned_by("o0")] == ["2", "4"]
    assert store.owners() == ["o0", "o1"]


def test_the_inbox_outlives_the_process(tmp_path: Path) -> None:
    store = Store()
    store.add(channel="sms", bank="a", provider_id="gone", recipient="r", owner="o")
    store.add(channel="post", bank="a", provider_id="1", recipient="r", owner="o", blocks=[Block("text", "髙﨑 さま")])
    first = next(iter(store.all()))
    first.become("delivered", reason="handed over")
    keep(store, tmp_path)

    again = Store()
    recall(again, tmp_path)
    assert [message.as_json() for message in again.all()] == [message.as_json() for message in store.all()]
    assert again.add(channel="sms", bank="a", provider_id="2", recipient="r", owner="o").number == 3


def test_a_torn_record_of_the_inbox_does_not_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "messages.json").write_text('[{"number": 1')
    store = Store()
    recall(store, tmp_path)
    assert len(store) == 0


def test_reset_can_bring_back_the_first_scenario(sandbox: Sandbox) -> None:
    assert sandbox.control.post("/control/reset", json={"scenario": True}).status_code == 200
    assert sandbox.control.get("/control/scenario").json() == Scenario().document


def test_its_pages_wear_the_colours_of_the_product() -> None:
    """The sandbox stands alone, so it has a copy; one edited without the other is named here."""
    assert (ROOT / "sandbox/static/tokens.css").read_text() == (ROOT / "static/css/tokens.css").read_text()


def test_it_imports_nothing_of_the_product() -> None:
    ours = ("django", "cdd", "tenants", "customers", "channels", "audit", "portal", "campaigns")
    code = f"import sys, sandbox.server; print([m for m in sys.modules if m.split('.')[0] in {ours}])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_large_book_is_taken_and_a_broken_one_refused(sandbox: Sandbox) -> None:
    rows = "".join(f"N{n},個人,{'長' * 60}{n}\r\n" for n in range(40_000))
    book = ("顧客番号,区分,氏名\r\n" + rows).encode("cp932")
    assert len(book) > 5 * 1024 * 1024
    answer = sandbox.control.post("/control/people", params={"bank": "large"}, content=book)
    assert answer.json()["loaded"] == 40_000
    for broken in (b"a,b\r\n1,2\r\n", b"\xff\xfe\x00", b"", '顧客番号,区分,氏名\r\n1,個人,"'.encode() + b"x" * 200_000):
        refused = sandbox.control.post("/control/people", params={"bank": "broken"}, content=broken)
        assert (refused.status_code, "error" in refused.json()) == (400, True)


def test_a_large_body_elsewhere_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.control.post("/control/scenario", content=b" " * (5 * 1024 * 1024)).status_code == 413
