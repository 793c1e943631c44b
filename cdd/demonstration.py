"""The product on one machine with every provider simulated: for a person to click through, or checked without one."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
from rich.panel import Panel

from cdd.machine import console, django, environment_on, only_one
from cdd.processes import Process, ProcessesError, Supervisor
from cdd.servers import EmbeddedServers
from cdd.servers.embedded import CHECKOUT

HOST = "127.0.0.1"
# Letters have a worker of their own: setting a batch takes half a minute, and webhooks must not wait for it.
WORKERS = {"worker": ("default,delivery,bulk", 2), "printer": ("letters", 1)}
SECONDS_TO_START = 90.0
# Migrations and set-up alone may hold these; the running product never sees them.
OWNER_VARIABLES = ("DATABASE_OWNER_URL", "KEYS_DATABASE_OWNER_URL", "SUPERUSER_URL")
# The sealer alone holds these.
SEALER_VARIABLES = ("DATABASE_SEALER_URL", "AUDIT_SIGNING_KEY_FILE")
# Theirs would reach a check that promises fresh data.
SERVER_VARIABLES = (
    "DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "KEK", "KEK_PREVIOUS", "KEK_FILE", "STATIC_ROOT",
    "AUDIT_CHECKPOINTS", "AUDIT_TRUSTED_KEYS_FILE", "TIMESTAMP_AUTHORITY_URL", "TIMESTAMP_AUTHORITY_CERTIFICATES",
    *OWNER_VARIABLES, *SEALER_VARIABLES,
)  # fmt: skip


class Addresses:
    """Where the demonstration answers, all on this machine only: the usual ports, or the next free ones.

    The ports are held until release(), so that nobody takes them while the database is being prepared.
    """

    def __init__(self) -> None:
        self._held = [_hold_port(usual) for usual in (8000, 9100, 9125, 9126, 9122)]
        ports = [held.getsockname()[1] for held in self._held]
        self.web_port, self.sandbox_port, self.smtp_port, self.bounce_port, self.sftp_port = ports

    def release(self) -> None:
        """Give the ports up to the processes that are about to listen on them."""
        for held in self._held:
            held.close()

    @property
    def web(self) -> str:
        return f"http://{HOST}:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://{HOST}:{self.sandbox_port}"

    def environment(self) -> dict[str, str]:
        return {
            "PUBLIC_BASE_URL": self.web,
            "WEB_URL": self.web,
            "SANDBOX_URL": self.sandbox,
            "SANDBOX_SMTP": f"{HOST}:{self.smtp_port}",
            "SANDBOX_SFTP": f"{HOST}:{self.sftp_port}",
            "TIMESTAMP_AUTHORITY_URL": f"{self.sandbox}/tsa",
        }


def show(data: Path) -> int:
    """Run until a signal comes (raises Stopped) or a process ends (raises ProcessesError)."""
    with ExitStack() as stack:
        stack.enter_context(only_one(data))
        addresses, supervisor, environment = _start(stack, data, os.environ, with_books=True)
        console.print(_welcome(addresses, data, environment))
        console.print(f"Logs are in {supervisor.folder}.")
        # Some customers answer while somebody looks on; however that ends, the rest goes on.
        with supervisor.log_of("enliven").open("wb") as log:
            command = django("seed_demo", "--enliven")
            crowd = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.enter_context(crowd)
        stack.callback(crowd.kill)
        supervisor.watch()
    return 0


def check(data: Path) -> int:
    """Play the whole story on fresh data and return its exit code; the logs of a failure stay in `data`.

    Servers named in the environment are left alone.
    """
    with ExitStack() as stack:
        stack.enter_context(only_one(data))
        servers = EmbeddedServers(data / "servers", durable=False)
        servers.remove()
        for leftover in ("sandbox", "static", "beat", "books", "audit-checkpoints", "pickups"):
            shutil.rmtree(data / leftover, ignore_errors=True)
        for key in ("audit-signing-key", "audit-trusted-keys"):
            (data / key).unlink(missing_ok=True)
        stack.callback(servers.remove)
        given = {name: value for name, value in os.environ.items() if name not in SERVER_VARIABLES}
        _, supervisor, environment = _start(stack, data, given, with_books=False, servers=servers)
        code = supervisor.run(Process("story", django("story_check"), environment))
        if code != 0:
            console.print(f"The processes' logs are in {supervisor.folder}.")
        return code


def _start(
    stack: ExitStack,
    data: Path,
    given: Mapping[str, str],
    *,
    with_books: bool,
    servers: EmbeddedServers | None = None,
) -> tuple[Addresses, Supervisor, dict[str, str]]:
    supervisor = Supervisor(data / "logs")
    if supervisor.clean_up():
        console.print("Cleaned up what a killed demonstration had left.")
    console.print("Starting PostgreSQL and Valkey …")
    environment = stack.enter_context(environment_on(data, {**given, "KEIZOKU_ENV": "demo"}, servers))
    addresses = Addresses()
    stack.callback(addresses.release)
    environment |= addresses.environment()
    environment.setdefault("PICKUP_ROOT", str(data / "pickups"))
    environment["TIMESTAMP_AUTHORITY_CERTIFICATES"] = str(data / "sandbox" / "timestamp-authority.pem")
    # A laptop has no virus scanner; the pages and the welcome say so.
    environment.setdefault("UPLOAD_SCAN", "required" if environment.get("CLAMAV_SOCKET") else "off")
    console.print("Preparing the database and the two demonstration banks …")
    _prepare(supervisor, environment, data, with_books=with_books)
    console.print("Starting web, worker, beat, sealer, bounces and sandbox …")
    stack.callback(supervisor.stop)
    addresses.release()
    _start_processes(supervisor, environment, addresses, data)
    return addresses, supervisor, environment


def _start_processes(supervisor: Supervisor, environment: Mapping[str, str], addresses: Addresses, data: Path) -> None:
    sealing = {name: value for name, value in environment.items() if name not in OWNER_VARIABLES}
    running = {name: value for name, value in sealing.items() if name not in SEALER_VARIABLES}
    beat = data / "beat"
    beat.mkdir(exist_ok=True)
    python = [sys.executable, "-m"]
    commands = {
        "sandbox": [
            *python, "sandbox", "--port", str(addresses.sandbox_port), "--smtp-port", str(addresses.smtp_port),
            "--sftp-port", str(addresses.sftp_port), "--data", str(data / "sandbox"), "--callback-base", addresses.web,
            "--bounce-smtp", f"{HOST}:{addresses.bounce_port}",
            "--people", *(str(book) for book in sorted(data.glob("books/*.csv"))),
        ],
        # No access log: the addresses of customers' pages hold their keys.
        "web": [
            *python, "gunicorn", "cdd.wsgi:application", "--config", "python:cdd.serving",
            "--bind", f"{HOST}:{addresses.web_port}", "--workers", "2", "--threads", "4", "--preload",
        ],
        **{
            name: [
                *python, "celery", "-A", "cdd", "worker", "--hostname", f"{name}@%h", "--queues", queues,
                "--concurrency", str(processes), "--without-gossip", "--without-mingle", "--loglevel", "INFO",
            ]
            for name, (queues, processes) in WORKERS.items()
        },
        "beat": [
            *python, "celery", "-A", "cdd", "beat", "--schedule", str(beat / "schedule"),
            "--pidfile", "", "--loglevel", "INFO",
        ],
        "sealer": django("seal_audit", "--every", "3"),
        "bounces": django("collect_bounces", "--host", HOST, "--port", str(addresses.bounce_port)),
    }  # fmt: skip
    ready = {"sandbox": addresses.sandbox, "web": f"{addresses.web}/readyz"}
    # Workers and beat last: a page can be looked at before they are up.
    for names in (("sandbox", "web"), (*WORKERS, "beat", "sealer", "bounces")):
        for name in names:
            supervisor.start(Process(name, commands[name], sealing if name == "sealer" else running))
        for name in names:
            if name in ready:
                supervisor.wait_until(_answers(ready[name]), name=name, seconds=SECONDS_TO_START)


def _prepare(supervisor: Supervisor, environment: Mapping[str, str], data: Path, *, with_books: bool) -> None:
    made_from = Path(environment.get("STATIC_ROOT") or data / "static") / ".made-from"
    digest = _static_digest()
    is_fresh = made_from.exists() and made_from.read_text() == digest
    wanted = [*(["--books"] if with_books else []), *([] if is_fresh else ["--static"])]
    if supervisor.run(Process("preparation", django("prepare_demo", *wanted), environment)) != 0:
        raise ProcessesError("The demonstration could not be prepared; the lines above say why.")
    made_from.write_text(digest)


def _static_digest() -> str:
    """Changes with any static file of ours and with the packages that bring others."""
    digest = hashlib.sha256()
    sources = [*CHECKOUT.glob("static/**/*"), *CHECKOUT.glob("*/static/**/*")]
    for path in [CHECKOUT / "uv.lock", *sorted(sources)]:
        digest.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    return digest.hexdigest()


def _answers(url: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).status_code < 500
        except httpx.HTTPError:
            return False

    return answers


def _hold_port(usual: int) -> socket.socket:
    for port in range(usual, usual + 25):
        held = socket.socket()
        # As the servers do: a port whose last connections are still fading away is free.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((HOST, port))
            held.listen(1)
        except OSError:
            held.close()
            continue
        return held
    raise ProcessesError(f"The ports {usual} to {usual + 24} are all taken. Free one of them and start again.")


def _welcome(addresses: Addresses, data: Path, environment: Mapping[str, str]) -> Panel:
    password = environment.get("DEMO_PASSWORD") or (data / "demo-password").read_text().strip()
    return Panel.fit(
        f"Staff pages  {addresses.web}/\n"
        "  あさなぎ銀行      officer@asanagi.example\n"
        "  こもれび信用金庫  officer@komorebi.example\n"
        "  Others            approver@ auditor@ admin@ branch@ contractor@\n"
        "                    examiner@ operator@ officer2@ of the same two\n"
        f"  Password          {password}\n"
        f"  Own account       {addresses.web}/sign-in/at/komorebi/\n\n"
        f"Inbox        {addresses.sandbox}/\n"
        "  What LINE, SMS, e-mail and the post brought to the customers.\n"
        "  The links in it open the customers' own pages.\n\n"
        f"Documents    {_scanning(environment)}\n\n"
        "Ctrl-C stops everything.",
        title="Keizoku",
        padding=(1, 2),
    )


def _scanning(environment: Mapping[str, str]) -> str:
    if environment["UPLOAD_SCAN"] == "off":
        return "Pictures are NOT scanned for viruses: set CLAMAV_SOCKET."
    return f"Pictures sent in are scanned by {environment['CLAMAV_SOCKET']}."
