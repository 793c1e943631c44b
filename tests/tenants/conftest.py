"""A key-encryption key in a SoftHSM token, and a way to change which one is in use."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pkcs11
import pytest
from django.conf import settings

from tenants.keys import forget_keys, key_encryption_key

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
PIN = "493817"


@pytest.fixture(scope="session")
def token(place: Path) -> Iterator[str]:
    """The address of an AES key inside a token, which it cannot leave."""
    module = next(path for path in MODULES if Path(path).exists())
    folder = place / "softhsm"
    (folder / "tokens").mkdir(parents=True)
    (folder / "pin").write_text(PIN)
    (folder / "conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "keizoku", "--pin", PIN, "--so-pin", "882211"]
        subprocess.run(command, check=True, capture_output=True)
        held = pkcs11.lib(module).get_token(token_label="keizoku")
        with held.open(rw=True, user_pin=PIN) as session:
            session.generate_key(
                pkcs11.KeyType.AES,
                256,
                label="kek",
                store=True,
                template={pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.SENSITIVE: True},
            )
        yield f"pkcs11:token=keizoku;object=kek?module-path={module}&pin-source={folder}/pin"


type UseKek = Callable[..., None]


@pytest.fixture
def use_kek() -> Iterator[UseKek]:
    """As a restart with other settings: ``use_kek("file:/new", previous="file:/old")``."""
    was = settings.KEK, settings.KEK_PREVIOUS

    def use(address: str, *, previous: str = "") -> None:
        settings.KEK, settings.KEK_PREVIOUS = address, previous
        key_encryption_key.cache_clear()
        forget_keys()

    yield use
    use(was[0], previous=was[1])
