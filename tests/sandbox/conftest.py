"""A real sandbox process on free ports, a small bank that receives its callbacks, and a scenario without surprises."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT.parent / "shared" / "specs"
HEADER = (
    "顧客番号,区分,氏名,カナ,生年月日,法人番号,代表者,郵便番号,住所,電話番号,メール,LINE識別子,国籍,居住国,在留期限,"
    "職業,業種,取引目的,外国PEP,多額現金,海外送金,口座番号,口座開設日,前回確認日,支店コード"
)
BOOK = """
C001,個人,山田 節子,ヤマダ セツコ,1948-05-03,,,154-0023,東京都世田谷区若林1-2-3,090-0000-5678,setsuko@example.com,\
U00000000000000000000000000000001,日本,日本,,無職,,生活費,無,無,無,1234567,1990-04-01,2023-10-01,001
C002,個人,佐藤 健一,サトウ ケンイチ,1990/11/30,,,530-0001,大阪府大阪市北区梅田1-1-1,080-1111-2222,kenichi@example.com,\
U00000000000000000000000000000002,日本,日本,,会社員,,給与,無,無,無,7654321,2010-04-01,2023-10-01,001
C003,法人,株式会社うみねこ製作所,ウミネコセイサクショ,,6120001039879,海野 一郎,100-0004,東京都千代田区大手町1-1-1,\
03-0000-1111,umineko@example.com,,日本,日本,,,製造業,事業,無,無,無,1112223,2000-04-01,2023-10-01,001
"""
PEOPLE = BOOK.strip().splitlines()
CALM: dict[str, Any] = {
    "request": dict.fromkeys(("line", "pnp", "sms", "email", "post", "ekyc", "houjin", "gbiz")),
    "recipient": dict.fromkeys(("line", "pnp", "sms", "email", "post", "ekyc", "houjin")),
    "callbacks": {"duplicate": 0, "shuffle": 0, "retry_ms": 50},
    "delay_ms": {name: [10, 30] for name in ("pnp", "sms", "email", "print", "post", "return", "ekyc")},
    "rules": [],
}


@dataclass
class Sandbox:
    """The process, and a client of its control API."""

    url: str
    smtp_port: int
    control: httpx.Client
    data: Path

    def rule(self, *rules: dict[str, Any]) -> None:
        self.scenario({"rules": list(rules)})

    def scenario(self, patch: dict[str, Any]) -> None:
        response = self.control.post("/control/scenario", json=patch)
        assert response.status_code == 200, response.text

    def messages(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control.get("/control/messages", params=query).json()["messages"]
        return found


@dataclass
class Call:
    """One callback as the bank received it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Bank:
    """Receives callbacks; refuses the first `refusals` of them."""

    url: str
    calls: list[Call] = field(default_factory=list)
    refusals: int = 0

    def wait(self, path: str, count: int = 1, seconds: float = 8) -> list[Call]:
        """The calls to a path, once there are enough; fails when they don't come."""

        def found() -> list[Call]:
            return [call for call in list(self.calls) if call.path == path]

        wait_until(lambda: len(found()) >= count, seconds)
        return found()


def wait_until(true: Callable[[], bool], seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def start_process(data: Path, *arguments: str) -> tuple[subprocess.Popen[str], str, int]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--data", str(data), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("sandbox ready"):
        assert process.stderr is not None
        raise AssertionError(process.stderr.read())
    words = dict(word.split("=", 1) for word in line.split()[2:])
    return process, words["http"], int(words["smtp"].rpartition(":")[2])


def stop_process(process: subprocess.Popen[str]) -> int:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
    code = process.wait(timeout=10)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return code


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data = tmp_path_factory.mktemp("sandbox")
    book = data / "asanagi.csv"
    book.write_bytes("\r\n".join([HEADER, *PEOPLE, ""]).encode("cp932"))
    process, url, smtp_port = start_process(data, "--people", str(book))
    with httpx.Client(base_url=url, timeout=60) as control:
        yield Sandbox(url=url, smtp_port=smtp_port, control=control, data=data)
    assert stop_process(process) == 0


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """Calm weather and an empty store, whatever the test before did."""
    sandbox_process.control.post("/control/release")
    sandbox_process.control.post("/control/reset")
    sandbox_process.scenario(CALM)
    return sandbox_process


@pytest.fixture
def bank() -> Iterator[Bank]:
    """A tiny server that keeps every POST it gets."""
    received = Bank(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.calls.append(Call(self.path, headers, body))
            status = 200
            if received.refusals:
                received.refusals -= 1
                status = 503
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silence: the test looks at what came, not at the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield received
    server.shutdown()
    server.server_close()
    thread.join()
