"""Production refuses insecure values one by one, and accepts good ones without a murmur."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from cdd.checks import check_production

ROOT = Path(__file__).resolve().parents[2]
SECRET = "q8r7w6e5t4y3u2i1o0p9a8s7d6f5g4h3j2k1l0z9x8c7v6b5n4m3Q2W1"

# What web, worker and beat do first; everything the checks have to say is printed as well.
START = """
from cdd.checks import check_production, refuse_insecure_production
print(*(message.msg for message in check_production(None)), sep="\\n")
refuse_insecure_production()
"""

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """An environment that a bank could run with."""
    kek = tmp_path / "kek"
    kek.write_bytes(os.urandom(32))
    kek.chmod(0o400)
    return {
        "PATH": os.environ["PATH"],
        "KEIZOKU_ENV": "production",
        "SECRET_KEY": SECRET,
        "KEK_FILE": str(kek),
        "DATABASE_URL": "postgresql://keizoku_app:one@db.internal/keizoku?sslmode=verify-full",
        "DATABASE_OWNER_URL": "postgresql://keizoku_owner:two@db.internal/keizoku?sslmode=verify-full",
        "KEYS_DATABASE_URL": "postgresql://keizoku_app:one@keys.internal/keizoku_keys?sslmode=verify-full",
        "KEYS_DATABASE_OWNER_URL": "postgresql://keizoku_owner:two@keys.internal/keizoku_keys?sslmode=verify-full",
        "REDIS_URL": "rediss://:secret@redis.internal:6379/0",
        "PUBLIC_BASE_URL": "https://kakunin.asanagi.example",
        "ALLOWED_HOSTS": "kakunin.asanagi.example,unyo.internal",
        "ADMIN_HOST": "unyo.internal",
        "CLAMAV_SOCKET": "unix:///run/clamav/clamd.ctl",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "cdd.settings",
    }


@pytest.fixture
def run(production: dict[str, str]) -> Run:
    """Runs Python with some of the environment changed; None removes a variable."""

    def run(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        environment = {**production, **changes}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={name: value for name, value in environment.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_good_production_values_pass_every_deployment_check(run: Run) -> None:
    result = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_the_check_command_names_every_insecure_value_at_once(run: Run, tmp_path: Path) -> None:
    result = run(
        "manage.py",
        "check",
        SECRET_KEY="short",
        PUBLIC_BASE_URL="http://kakunin.asanagi.example",
        ALLOWED_HOSTS="*",
        EMBEDDED="1",
        SANDBOX_URL="http://127.0.0.1:9100",
        DATABASE_URL="postgresql://postgres@db.internal/keizoku",
        KEK_FILE=str(tmp_path / "missing"),
        REDIS_URL="redis://redis.internal",
    )

    assert result.returncode != 0
    errors = ["E002", "E003", "E005", "E008", "E009", "E010", "E012", "W001", "W002", "W003"]
    assert [code for code in errors if f"(cdd.{code})" not in result.stderr] == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "Set SECRET_KEY in the environment; .env.example says what it is for."),
        ({"SECRET_KEY": "development-only-" + "k" * 40}, "SECRET_KEY is the development value, which everybody knows."),
        ({"SECRET_KEY": SECRET[:49]}, "SECRET_KEY is shorter than 50 characters."),
        (
            {"PUBLIC_BASE_URL": "http://kakunin.asanagi.example"},
            "PUBLIC_BASE_URL must begin with https://, because customers' links are made from it.",
        ),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is empty: name the hosts that this service answers for."),
        ({"ALLOWED_HOSTS": "*"}, 'ALLOWED_HOSTS contains "*": name the hosts that this service answers for.'),
        ({"ALLOWED_HOSTS": "other.example"}, "ALLOWED_HOSTS does not contain the host of PUBLIC_BASE_URL."),
        ({"ADMIN_HOST": "elsewhere.internal"}, "ALLOWED_HOSTS does not contain ADMIN_HOST."),
        ({"EMBEDDED": "1"}, "EMBEDDED is set: the embedded servers are not for production."),
        (
            {"SANDBOX_URL": "http://127.0.0.1:9100"},
            "SANDBOX_URL or SANDBOX_SMTP is set: notices would reach a simulation, not customers.",
        ),
        (
            {"SANDBOX_SMTP": "127.0.0.1:9125"},
            "SANDBOX_URL or SANDBOX_SMTP is set: notices would reach a simulation, not customers.",
        ),
        ({"SANDBOX_SFTP": "127.0.0.1:9122"}, "SANDBOX_SFTP is set: invented customers would be taken in."),
        (
            {"PICKUP_NETWORKS": "10.20.30.0/24,bank"},
            "PICKUP_NETWORKS holds 'bank', which is no network such as 10.20.30.0/24.",
        ),
        (
            {"PICKUP_NETWORKS": "10.0.0.0/8"},
            "PICKUP_NETWORKS opens 10.0.0.0/8 to every tenant: name single networks.",
        ),
        (
            {"PICKUP_NETWORKS": "169.254.0.0/16"},
            "PICKUP_NETWORKS opens 169.254.0.0/16 to every tenant: name single networks.",
        ),
        ({"PICKUP_ROOT": "files"}, "PICKUP_ROOT must be the absolute path of a folder."),
        ({"PICKUP_ROOT": "/tmp"}, "PICKUP_ROOT can be written by every account of this machine: chmod o-w /tmp."),
        ({"DATABASE_URL": None}, "Set DATABASE_URL in the environment; .env.example says what it is for."),
        (
            {"DATABASE_URL": "postgresql://keizoku_owner:two@db.internal/keizoku?sslmode=verify-full"},
            "DATABASE_URL signs in as keizoku_owner, not as keizoku_app, so row-level security may not hold.",
        ),
        (
            {"DATABASE_URL": "postgresql://db.internal/keizoku?sslmode=verify-full"},
            "DATABASE_URL signs in as nobody, not as keizoku_app, so row-level security may not hold.",
        ),
        (
            {"DATABASE_OWNER_URL": "postgresql://keizoku_owner:one@db.internal/keizoku?sslmode=verify-full"},
            "DATABASE_URL and DATABASE_OWNER_URL have the same password.",
        ),
        (
            {"DATABASE_SEALER_URL": "postgresql://keizoku_sealer:three@db.internal/keizoku"},
            "DATABASE_SEALER_URL is set: it is for the sealer, not for web and workers.",
        ),
        (
            {"DATABASE_SEALER_URL": "postgresql://keizoku_owner:three@db.internal/keizoku"},
            "DATABASE_SEALER_URL signs in as keizoku_owner, not as keizoku_sealer",
        ),
        (
            {"DATABASE_SEALER_URL": "postgresql://keizoku_sealer:three@db.internal/keizoku"},
            "AUDIT_CHECKPOINTS is empty: checkpoints must leave the database.",
        ),
        (
            {"DATABASE_SEALER_URL": "postgresql://keizoku_sealer:one@db.internal/keizoku"},
            "DATABASE_SEALER_URL has the password of another role.",
        ),
        (
            {"UPLOAD_SCAN": "off"},
            "UPLOAD_SCAN is off: files would be shown to staff without a virus scan.",
        ),
        ({"CLAMAV_SOCKET": None}, "CLAMAV_SOCKET must be the unix:///path or tcp://host:port of a clamd."),
        ({"CLAMAV_SOCKET": "clamd:3310"}, "CLAMAV_SOCKET must be the unix:///path or tcp://host:port of a clamd."),
        ({"KEK_FILE": None}, "Set KEK in the environment; .env.example says what it is for."),
        ({"KEK_FILE": "/nowhere/kek"}, "The file of KEK cannot be read: No such file or directory."),
        ({"KEK_FILE": "/"}, "KEK must be a file of exactly 32 random bytes."),
        ({"KEK": "/etc/kek"}, "KEK cannot be used: KEK must begin with file:, env: or pkcs11:."),
        ({"KEK": "env:KEK_BASE64"}, "KEK cannot be used: The key-encryption key cannot be used: KEK_BASE64 must hold"),
        ({"KEK": "env:"}, "KEK cannot be used: The key-encryption key cannot be used: KEK_BASE64 must hold"),
        ({"KEK": "pkcs11:token=a;object=b"}, "KEK cannot be used: the address lacks module-path, pin-source."),
        (
            {"KEK": "pkcs11:token=a;object=b?module-path=/m&pin-value=1234"},
            "KEK cannot be used: a PIN does not belong in an address: write it to a file and name it as pin-source.",
        ),
        (
            {"KEK": "pkcs11:token=a;object=b?module-path=/m&pin-source=/nowhere/pin"},
            "KEK names a PIN that cannot be read: No such file or directory.",
        ),
        ({"KEK_PREVIOUS": "file:/nowhere/kek"}, "The file of KEK_PREVIOUS cannot be read: No such file or directory."),
        ({"KEYS_DATABASE_URL": None}, "Set KEYS_DATABASE_URL in the environment; .env.example says what it is for."),
        (
            {"KEYS_DATABASE_URL": "postgresql://keizoku_app:one@db.internal/keizoku?sslmode=verify-full"},
            "KEYS_DATABASE_URL is the database of DATABASE_URL: a shredded customer would live on in its back-ups.",
        ),
        (
            {"KEYS_DATABASE_URL": "postgresql://keizoku_owner:two@keys.internal/keizoku_keys?sslmode=verify-full"},
            "KEYS_DATABASE_URL signs in as keizoku_owner, not as keizoku_app.",
        ),
        (
            {"KEYS_DATABASE_OWNER_URL": "postgresql://keizoku_owner:one@keys.internal/keizoku_keys"},
            "KEYS_DATABASE_URL and KEYS_DATABASE_OWNER_URL have the same password.",
        ),
        ({"DELIVERY_HURRY": "60"}, "DELIVERY_HURRY is not 1: messages would be repeated before providers can say."),
        (
            {"HOUJIN_API_URL": "http://api.houjin-bangou.nta.go.jp/4"},
            "HOUJIN_API_URL must begin with https://: the application id stands in every question.",
        ),
        (
            {"GBIZ_API_URL": "http://api.info.gbiz.go.jp/hojin"},
            "GBIZ_API_URL must begin with https://: each question carries a tenant's token.",
        ),
        ({"REDIS_URL": None}, "Set REDIS_URL in the environment; .env.example says what it is for."),
        ({"KEIZOKU_ENV": "prod"}, "KEIZOKU_ENV must be one of development, demo, test, production, not 'prod'."),
    ],
)
def test_an_insecure_value_is_refused_with_its_sentence(
    run: Run, changes: dict[str, str | None], sentence: str
) -> None:
    result = run("-c", START, **changes)

    assert result.returncode != 0
    assert sentence in result.stderr


def test_a_key_file_of_the_wrong_size_is_refused(run: Run, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(os.urandom(31))
    short.chmod(0o400)

    result = run("-c", START, KEK_FILE=str(short))

    assert result.returncode != 0
    assert "KEK must be a file of exactly 32 random bytes." in result.stderr


@pytest.mark.parametrize("mode", [0o404, 0o420, 0o402, 0o644])
def test_a_key_file_open_to_others_is_refused(run: Run, production: dict[str, str], mode: int) -> None:
    Path(production["KEK_FILE"]).chmod(mode)

    result = run("-c", START)

    assert result.returncode != 0
    assert "The file of KEK is open to other accounts of this machine: chmod 0400 it." in result.stderr


def test_a_pin_open_to_others_is_refused(run: Run, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("1234")
    address = f"pkcs11:token=keizoku;object=kek?module-path=/m&pin-source={pin}"
    pin.chmod(0o444)
    assert "The PIN of KEK is open to other accounts" in run("-c", START, KEK=address).stderr

    pin.chmod(0o400)
    assert run("-c", START, KEK=address).returncode == 0


def test_a_key_in_the_environment_is_taken(run: Run) -> None:
    key = b64encode(os.urandom(32)).decode()

    assert run("-c", START, KEK="env:BANK_KEY", BANK_KEY=key, KEK_FILE=None).returncode == 0


def test_a_key_file_that_its_group_may_read_is_taken(run: Run, production: dict[str, str]) -> None:
    Path(production["KEK_FILE"]).chmod(0o440)

    assert run("-c", START).returncode == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"REDIS_URL": "redis://:secret@redis.internal:6379/0"},
            "REDIS_URL crosses the network without TLS: use rediss://.",
        ),
        ({"REDIS_URL": "rediss://redis.internal:6379/0"}, "REDIS_URL has no password."),
        (
            {"DATABASE_URL": "postgresql://keizoku_app:one@db.internal/keizoku"},
            "DATABASE_URL crosses the network without requiring TLS: add sslmode=verify-full.",
        ),
        ({"CLAMAV_SOCKET": "tcp://clamd:3310"}, "CLAMAV_SOCKET crosses the network, which clamd does not encrypt."),
    ],
)
def test_an_open_way_across_the_network_is_warned_of(run: Run, changes: dict[str, str], sentence: str) -> None:
    result = run("-c", START, **changes)

    assert result.returncode == 0
    assert result.stdout.splitlines() == [sentence]


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "redis://localhost/0", "redis://[::1]:6379/0", "unix:///run/valkey.sock?db=0"]
)
def test_a_broker_on_the_same_machine_needs_neither_tls_nor_password(run: Run, url: str) -> None:
    result = run("-c", START, REDIS_URL=url)

    assert (result.returncode, result.stdout.strip()) == (0, "")


def test_debug_is_refused(settings: Settings, production: dict[str, str]) -> None:
    settings.IS_PRODUCTION = True
    settings.DEBUG = True

    assert "DEBUG is on: error pages would show personal data." in [m.msg for m in check_production(None)]


def test_a_laptop_is_not_held_to_the_rules_of_production(settings: Settings) -> None:
    settings.DEBUG = True

    assert check_production(None) == []


@pytest.mark.parametrize("process", ["cdd.wsgi", "cdd.celery"])
def test_no_process_starts_on_insecure_values(run: Run, process: str) -> None:
    result = run("-c", f"import {process}", EMBEDDED="1", PUBLIC_BASE_URL="http://kakunin.asanagi.example")

    assert result.returncode != 0
    assert "EMBEDDED is set: the embedded servers are not for production." in result.stderr
    assert "PUBLIC_BASE_URL must begin with https://" in result.stderr
