"""Who the embedded servers run as, and the private directories they live in."""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

SERVICE_USER = "nobody"
STATE_ROOT = Path("/var/lib/keizoku")
CACHE_ROOT = Path("/var/cache/keizoku")
# sun_path holds 108 bytes with its closing zero; the longest name in the directory is PostgreSQL's lock file.
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")
LONGEST_SOCKET_PATH = 107
# Sticky and short; what we make there is verified by private_directory().
SHORT_ROOT = Path("/tmp")  # noqa: S108  # as said above


class ServersError(Exception):
    """The embedded servers cannot run; the message tells a person why and what to do next."""


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True)
class Account:
    """The account the servers run as: our own, or `nobody` when we are root, whom PostgreSQL refuses."""

    uid: int
    gid: int
    is_dropped: bool = False
    identity: Identity = field(default_factory=Identity)

    @classmethod
    def for_servers(cls) -> "Account":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        try:
            nobody = pwd.getpwnam(SERVICE_USER)
        except KeyError:
            raise ServersError(
                f"PostgreSQL cannot run as root and there is no account `{SERVICE_USER}` here. "
                "Run this command as an ordinary user."
            ) from None
        identity = Identity(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        return cls(nobody.pw_uid, nobody.pw_gid, True, identity)

    def run(self, command: Sequence[str | Path], *, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run to the end as this account; not in our own directory, which it may not be able to enter."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
        return subprocess.run(
            [str(part) for part in command],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
            start_new_session=True,
            **self.identity,
        )

    def can_run(self, program: Path) -> bool:
        try:
            return self.run([program, "--version"]).returncode == 0
        except OSError:
            return False

    def can_enter(self, directory: Path) -> bool:
        return not self.is_dropped or self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory]).returncode == 0


def home_of(base: Path, account: Account) -> Path:
    """Where the servers' files go: `base`, or one under /var/lib when `base` is closed to the account.

    Somebody's closed home directory stays closed: no parent is ever chmodded.
    """
    base = Path(os.path.abspath(base))
    make_directory(base, mode=0o711 if account.is_dropped else 0o700)
    if account.can_enter(base):
        return base
    make_directory(STATE_ROOT, mode=0o711)
    home = STATE_ROOT / digest_of(base)
    make_directory(home, mode=0o711)
    return home


def make_directory(path: Path, *, mode: int) -> None:
    """Create with exactly this mode whatever the umask; an existing directory keeps its own."""
    if path.is_dir():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir()
        path.chmod(mode)
    except FileExistsError:
        return
    except OSError as error:
        raise ServersError(f"Cannot create {path}: {error.strerror}. Choose another place with DATA_DIR.") from error


def private_directory(path: Path, account: Account) -> Path:
    """A 0700 directory of the account; an existing link or a stranger's directory is refused."""
    try:
        path.mkdir(mode=0o700)
        path.chmod(0o700)
        if account.is_dropped:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) & 0o077:
        raise ServersError(
            f"{path} is not a private directory of the servers' account (user id {account.uid}). "
            "Remove it if it is not yours to keep, or choose another place with DATA_DIR."
        )
    return path


def socket_directory(home: Path, account: Account) -> Path:
    """The directory of the unix sockets: inside `home` when its path is short enough, else one under /tmp.

    It follows from `home` alone, so that every process finds the same sockets whatever its TMPDIR.
    """
    chosen = home / "run"
    if len(os.fsencode(chosen)) + LONGEST_SOCKET_NAME > LONGEST_SOCKET_PATH:
        chosen = SHORT_ROOT / f"keizoku-{account.uid}-{digest_of(home)}"
    return private_directory(chosen, account)


def secret(home: Path, name: str) -> str:
    """A password made once and kept in a 0600 file that only the person who starts the servers can read."""
    folder = home / "secrets"
    make_directory(folder, mode=0o700)
    path = folder / name
    if not path.is_file():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()


def write_private(path: Path, content: str | bytes, account: Account | None = None) -> None:
    """Replace a file in one step; mode 0600, given to the account when one is named."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(descriptor)
    if account is not None and account.is_dropped:
        os.chown(draft, account.uid, account.gid)
    os.replace(draft, path)


def copy_for_everyone(sources: Sequence[Path], name: str) -> Path:
    """Copy programs out of a closed directory to a cache the account can read; once per version."""
    target = CACHE_ROOT / name
    if not target.is_dir():
        make_directory(CACHE_ROOT, mode=0o755)
        draft = Path(tempfile.mkdtemp(dir=CACHE_ROOT, prefix=f".{name}."))
        for source in sources:
            shutil.copytree(source, draft / source.name, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)
    return target


def digest_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
