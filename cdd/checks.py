"""What production must not be started with: one sentence for each insecure value."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from tenants.keys import KEY, KeysUnavailable
from tenants.keys.addresses import TokenAddress
from tenants.keys.encryption import open_key_encryption_key

SECRET_KEY_LENGTH = 50
APP_ROLE = "keizoku_app"
SEALER_ROLE = "keizoku_sealer"
LONGEST_SESSION, LONGEST_IDLE = 12 * 3600, 3600
VERIFYING_MODES = {"require", "verify-ca", "verify-full"}
# The widest networks that may be opened to tenants' addresses.
WIDEST_IPV4, WIDEST_IPV6 = 16, 48
OPEN_TO_OTHERS = stat.S_IRWXO | stat.S_IWGRP


def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A system check: nothing to say outside production."""
    if not settings.IS_PRODUCTION:
        return []
    return [message for look_at in _CHECKS for message in look_at()]


def refuse_insecure_production() -> None:
    """For processes that are no management command and so run no checks.

    Raises:
        ImproperlyConfigured: with every sentence that `manage.py check` would print as an error.
    """
    errors = [message for message in check_production(None) if isinstance(message, Error)]
    if settings.IS_PRODUCTION and settings.DATABASES["sealer"]["USER"]:
        # What could be tricked into sealing is kept away from what the network talks to.
        errors.append(
            Error("DATABASE_SEALER_URL is set: it is for the sealer, not for web and workers.", id="cdd.E018")
        )
    if errors:
        raise ImproperlyConfigured("\n".join(str(error.msg) for error in errors))


def _secret_key() -> Iterator[CheckMessage]:
    if settings.SECRET_KEY.startswith("development-only"):
        yield Error("SECRET_KEY is the development value, which everybody knows.", id="cdd.E001")
    elif len(settings.SECRET_KEY) < SECRET_KEY_LENGTH:
        yield Error(f"SECRET_KEY is shorter than {SECRET_KEY_LENGTH} characters.", id="cdd.E002")


def _addresses() -> Iterator[CheckMessage]:
    public = urlsplit(settings.PUBLIC_BASE_URL)
    if public.scheme != "https":
        yield Error(
            "PUBLIC_BASE_URL must begin with https://, because customers' links are made from it.", id="cdd.E003"
        )
    if not settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS is empty: name the hosts that this service answers for.", id="cdd.E004")
    elif "*" in settings.ALLOWED_HOSTS:
        yield Error('ALLOWED_HOSTS contains "*": name the hosts that this service answers for.', id="cdd.E005")
    elif not validate_host(public.hostname or "", settings.ALLOWED_HOSTS):
        yield Error("ALLOWED_HOSTS does not contain the host of PUBLIC_BASE_URL.", id="cdd.E006")


def _operators() -> Iterator[CheckMessage]:
    if not settings.ADMIN_HOST:
        yield Warning("ADMIN_HOST is empty: the operators' pages are reachable on every host.", id="cdd.W040")
    elif not validate_host(settings.ADMIN_HOST, settings.ALLOWED_HOSTS):
        yield Error("ALLOWED_HOSTS does not contain ADMIN_HOST.", id="cdd.E040")


def _makeshifts() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error("DEBUG is on: error pages would show personal data.", id="cdd.E007")
    if settings.EMBEDDED:
        yield Error("EMBEDDED is set: the embedded servers are not for production.", id="cdd.E008")
    if settings.SANDBOX_URL or settings.SANDBOX_SMTP:
        yield Error(
            "SANDBOX_URL or SANDBOX_SMTP is set: notices would reach a simulation, not customers.", id="cdd.E009"
        )
    if settings.SANDBOX_SFTP:
        yield Error("SANDBOX_SFTP is set: invented customers would be taken in.", id="cdd.E062")


def _database() -> Iterator[CheckMessage]:
    app, owner = settings.DATABASES["default"], settings.DATABASES["owner"]
    # A cloud provider may want the server's name after the role's.
    if app["USER"].partition("@")[0] != APP_ROLE:
        yield Error(
            f"DATABASE_URL signs in as {app['USER'] or 'nobody'}, not as {APP_ROLE}, "
            "so row-level security may not hold.",
            id="cdd.E010",
        )
    if app["USER"] != owner["USER"] and app["PASSWORD"] and app["PASSWORD"] == owner["PASSWORD"]:
        yield Error("DATABASE_URL and DATABASE_OWNER_URL have the same password.", id="cdd.E011")
    if not _is_local(app["HOST"]) and app["OPTIONS"].get("sslmode") not in VERIFYING_MODES:
        yield Warning("DATABASE_URL crosses the network without requiring TLS: add sslmode=verify-full.", id="cdd.W001")


def _keys() -> Iterator[CheckMessage]:
    yield from _key_address("KEK", settings.KEK)
    if settings.KEK_PREVIOUS:
        yield from _key_address("KEK_PREVIOUS", settings.KEK_PREVIOUS)
    keys, owner, main = (settings.DATABASES[alias] for alias in ("keys", "keys_owner", "default"))
    if keys["USER"].partition("@")[0] != APP_ROLE:
        yield Error(f"KEYS_DATABASE_URL signs in as {keys['USER'] or 'nobody'}, not as {APP_ROLE}.", id="cdd.E031")
    if [keys[part] for part in ("HOST", "PORT", "NAME")] == [main[part] for part in ("HOST", "PORT", "NAME")]:
        yield Error(
            "KEYS_DATABASE_URL is the database of DATABASE_URL: a shredded customer would live on in its back-ups.",
            id="cdd.E032",
        )
    if keys["USER"] != owner["USER"] and keys["PASSWORD"] and keys["PASSWORD"] == owner["PASSWORD"]:
        yield Error("KEYS_DATABASE_URL and KEYS_DATABASE_OWNER_URL have the same password.", id="cdd.E033")
    if not _is_local(keys["HOST"]) and keys["OPTIONS"].get("sslmode") not in VERIFYING_MODES:
        yield Warning(
            "KEYS_DATABASE_URL crosses the network without requiring TLS: add sslmode=verify-full.", id="cdd.W031"
        )


def _key_address(name: str, address: str) -> Iterator[CheckMessage]:
    kind, _, rest = address.partition(":")
    if kind == "file":
        yield from _key_file(name, Path(rest))
        return
    try:
        if kind == "pkcs11":
            pin = TokenAddress.parse(address).pin_source
            if stat.S_IMODE(pin.stat().st_mode) & OPEN_TO_OTHERS:
                yield Error(f"The PIN of {name} is open to other accounts: chmod 0400 {pin}.", id="cdd.E035")
        else:
            open_key_encryption_key(address)
    except OSError as error:
        yield Error(f"{name} names a PIN that cannot be read: {error.strerror}.", id="cdd.E034")
    except (ValueError, KeysUnavailable) as error:
        yield Error(f"{name} cannot be used: {error}", id="cdd.E034")


def _key_file(name: str, path: Path) -> Iterator[CheckMessage]:
    try:
        found = path.stat()
    except OSError as error:
        yield Error(f"The file of {name} cannot be read: {error.strerror}.", id="cdd.E012")
        return
    if not stat.S_ISREG(found.st_mode) or found.st_size != KEY:
        yield Error(f"{name} must be a file of exactly {KEY} random bytes.", id="cdd.E013")
    # The group may read: secrets mounted by a container platform come like this.
    if stat.S_IMODE(found.st_mode) & OPEN_TO_OTHERS:
        yield Error(f"The file of {name} is open to other accounts of this machine: chmod 0400 it.", id="cdd.E014")


def _sealer() -> Iterator[CheckMessage]:
    """Only in the environment of the process that seals the audit trail."""
    sealer = settings.DATABASES["sealer"]
    if not sealer["USER"]:
        return
    if sealer["USER"].partition("@")[0] != SEALER_ROLE:
        yield Error(
            f"DATABASE_SEALER_URL signs in as {sealer['USER']}, not as {SEALER_ROLE}, "
            "so whoever seals the audit trail could change it.",
            id="cdd.E015",
        )
    if not settings.AUDIT_CHECKPOINTS:
        yield Error("AUDIT_CHECKPOINTS is empty: checkpoints must leave the database.", id="cdd.E016")
    others = [settings.DATABASES[alias]["PASSWORD"] for alias in ("default", "owner")]
    if sealer["PASSWORD"] and sealer["PASSWORD"] in others:
        yield Error("DATABASE_SEALER_URL has the password of another role.", id="cdd.E017")
    if not settings.TIMESTAMP_AUTHORITY_URL:
        yield Warning("TIMESTAMP_AUTHORITY_URL is empty: nobody outside witnesses the audit trail.", id="cdd.W004")


def _broker() -> Iterator[CheckMessage]:
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme == "unix" or _is_local(redis.hostname or ""):
        return
    if redis.scheme != "rediss":
        yield Warning("REDIS_URL crosses the network without TLS: use rediss://.", id="cdd.W002")
    if not redis.password:
        yield Warning("REDIS_URL has no password.", id="cdd.W003")


def _uploads() -> Iterator[CheckMessage]:
    if settings.UPLOAD_SCAN != "required":
        yield Error("UPLOAD_SCAN is off: files would be shown to staff without a virus scan.", id="cdd.E030")
    address = urlsplit(settings.CLAMAV_SOCKET)
    if not ((address.scheme == "unix" and address.path) or (address.scheme == "tcp" and address.hostname)):
        yield Error("CLAMAV_SOCKET must be the unix:///path or tcp://host:port of a clamd.", id="cdd.E031")
    elif address.scheme == "tcp" and not _is_local(address.hostname or ""):
        yield Warning("CLAMAV_SOCKET crosses the network, which clamd does not encrypt.", id="cdd.W004")


def _sign_in() -> Iterator[CheckMessage]:
    if settings.SESSION_COOKIE_AGE > LONGEST_SESSION or settings.SESSION_IDLE_SECONDS > LONGEST_IDLE:
        yield Error("SESSION_HOURS may be 12 at most and SESSION_IDLE_MINUTES 60.", id="cdd.E020")
    if settings.DEFAULT_MFA_POLICY != "REQUIRED":
        yield Error("DEFAULT_MFA_POLICY must be REQUIRED: new institutions begin with a second factor.", id="cdd.E021")
    if settings.DEFAULT_QUIET_HOURS is None or not settings.DEFAULT_CONTACT_BUDGET:
        yield Error("New institutions must begin with quiet hours and a contact budget.", id="cdd.E023")
    mailer: Any = settings.MAILERS["default"]
    options = mailer.get("OPTIONS", {})
    if not _is_local(options.get("host", "")) and not options.get("use_tls"):
        yield Error("STAFF_SMTP_TLS is off: links to new passwords would cross the network in clear.", id="cdd.E022")


def _registry() -> Iterator[CheckMessage]:
    if urlsplit(settings.HOUJIN_API_URL).scheme != "https":
        yield Error(
            "HOUJIN_API_URL must begin with https://: the application id stands in every question.", id="cdd.E061"
        )
    if urlsplit(settings.GBIZ_API_URL).scheme != "https":
        yield Error("GBIZ_API_URL must begin with https://: each question carries a tenant's token.", id="cdd.E064")


def _pick_ups() -> Iterator[CheckMessage]:
    for network in settings.PICKUP_NETWORKS:
        try:
            found = ip_network(network)
        except ValueError:
            yield Error(f"PICKUP_NETWORKS holds {network!r}, which is no network such as 10.20.30.0/24.", id="cdd.E063")
            continue
        is_wide = found.prefixlen < (WIDEST_IPV4 if found.version == 4 else WIDEST_IPV6)
        if is_wide or found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified:
            yield Error(f"PICKUP_NETWORKS opens {network} to every tenant: name single networks.", id="cdd.E064")
    if not settings.PICKUP_ROOT:
        return
    root = Path(settings.PICKUP_ROOT)
    if not root.is_absolute() or not root.is_dir():
        yield Error("PICKUP_ROOT must be the absolute path of a folder.", id="cdd.E065")
    elif stat.S_IMODE(root.stat().st_mode) & stat.S_IWOTH:
        yield Error(f"PICKUP_ROOT can be written by every account of this machine: chmod o-w {root}.", id="cdd.E066")


def _is_local(host: str) -> bool:
    """Whether nothing leaves the machine: a socket, or a loopback address."""
    if host in {"", "localhost"} or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _hurry() -> Iterator[CheckMessage]:
    if settings.DELIVERY_HURRY != 1:
        yield Error("DELIVERY_HURRY is not 1: messages would be repeated before providers can say.", id="cdd.E060")


_CHECKS: tuple[Callable[[], Iterator[CheckMessage]], ...] = (
    _secret_key,
    _addresses,
    _operators,
    _makeshifts,
    _database,
    _keys,
    _sealer,
    _broker,
    _uploads,
    _sign_in,
    _hurry,
    _registry,
    _pick_ups,
)
