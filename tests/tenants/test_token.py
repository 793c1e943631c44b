"""A key-encryption key that never leaves a PKCS#11 token, against SoftHSM; and one in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pkcs11
import pytest

from customers.models import Customer
from tenants.keys import CannotDecrypt, KeysUnavailable
from tenants.keys.encryption import open_key_encryption_key
from tenants.keys.token import TokenKeyEncryptionKey
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM
from tests.tenants.conftest import PIN, UseKek

DATA_KEY = bytes(range(32))
CONTEXT = b"tenant 7 key 1"


def test_the_token_opens_only_what_it_wrapped_whole_and_in_its_context(token: str) -> None:
    """P2."""
    kek = TokenKeyEncryptionKey(token)
    wrapped = kek.wrap(DATA_KEY, CONTEXT)

    assert kek.unwrap(wrapped, CONTEXT) == DATA_KEY
    assert kek.wrap(DATA_KEY, CONTEXT) != wrapped
    with pytest.raises(CannotDecrypt) as refused:
        kek.unwrap(wrapped, b"tenant 8 key 1")
    assert not isinstance(refused.value, KeysUnavailable), "the token works: the data is wrong"
    for at in (0, 11, 12, 30, len(wrapped) - 1):
        altered = bytearray(wrapped)
        altered[at] ^= 1
        with pytest.raises(CannotDecrypt):
            kek.unwrap(bytes(altered), CONTEXT)
    for length in (0, 5, 12, 28, len(wrapped) - 1):
        with pytest.raises(CannotDecrypt):
            kek.unwrap(wrapped[:length], CONTEXT)


def test_the_key_cannot_be_read_out_of_the_token(token: str) -> None:
    module = token.partition("module-path=")[2].partition("&")[0]
    with pkcs11.lib(module).get_token(token_label="keizoku").open(user_pin=PIN) as session:
        key = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label="kek")
        assert key[pkcs11.Attribute.EXTRACTABLE] is False
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            _ = key[pkcs11.Attribute.VALUE]


@pytest.mark.parametrize(
    ("old", "new"),
    [("token=keizoku", "token=gone"), ("object=kek", "object=gone"), ("softhsm/pin", "softhsm/gone")],
    ids=["no token", "no key", "no PIN"],
)
def test_a_token_that_cannot_be_used_is_said_to_be_so(token: str, old: str, new: str) -> None:
    """P2: not taken for damaged data."""
    wrapped = TokenKeyEncryptionKey(token).wrap(DATA_KEY, CONTEXT)
    kek = TokenKeyEncryptionKey(token.replace(old, new))

    with pytest.raises(KeysUnavailable):
        kek.wrap(DATA_KEY, CONTEXT)
    with pytest.raises(KeysUnavailable):
        kek.unwrap(wrapped, CONTEXT)


def test_the_product_works_on_a_token_and_refuses_while_it_is_away(db_clean: None, token: str, use_kek: UseKek) -> None:
    """P2: a tenant set up, sealed and read by the token alone; without it, an error and never a value."""
    from tenants.services import create_tenant

    use_kek(token)
    tenant = create_tenant(slug="token", name="鍵銀行", name_en="Key Bank", actor=SYSTEM, now=NOW)
    write(tenant, "1")

    use_kek(token)  # nothing is held in memory any more
    assert read(tenant) == ["客1"]

    use_kek(token.replace("token=keizoku", "token=gone"))
    with pytest.raises(KeysUnavailable, match="NoSuchToken"):
        read(tenant)
    with pytest.raises(KeysUnavailable):
        write(tenant, "2")
    with pytest.raises(KeysUnavailable):
        create_tenant(slug="other", name="別銀行", name_en="Other Bank", actor=SYSTEM, now=NOW)
    assert not Tenant.objects.filter(slug="other").exists()

    use_kek(token)
    write(tenant, "2")
    assert read(tenant) == ["客1", "客2"]


def write(tenant: Tenant, number: str) -> None:
    with tenant_scope(tenant.pk):
        Customer(number=number, kind=Customer.Kind.INDIVIDUAL, profile={"name": f"客{number}"}).save()


def read(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return [customer.profile["name"] for customer in Customer.objects.order_by("number")]


FORKED = """
import os, sys
from tenants.keys.token import TokenKeyEncryptionKey
kek = TokenKeyEncryptionKey(sys.argv[1])
wrapped = kek.wrap(bytes(32), b"c")
child = os.fork()
if child == 0:
    os._exit(0 if kek.unwrap(wrapped, b"c") == bytes(32) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_worker_that_was_forked_can_use_the_token(token: str, process_environment: dict[str, str]) -> None:
    """Celery and gunicorn fork after loading; a module's session does not survive that."""
    environment = process_environment | {"SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"]}
    subprocess.run([sys.executable, "-c", FORKED, token], env=environment, check=True)


def test_a_key_in_the_environment_opens_what_the_same_key_in_a_file_wrapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = os.urandom(32)
    (tmp_path / "kek").write_bytes(key)
    monkeypatch.setenv("BANK_KEY", b64encode(key).decode())
    wrapped = open_key_encryption_key(f"file:{tmp_path}/kek").wrap(DATA_KEY, CONTEXT)

    assert open_key_encryption_key("env:BANK_KEY").unwrap(wrapped, CONTEXT) == DATA_KEY


@pytest.mark.parametrize("value", ["", "not Base64!", b64encode(bytes(31)).decode(), b64encode(bytes(33)).decode()])
def test_what_is_no_key_in_the_environment_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_KEY", value)

    with pytest.raises(KeysUnavailable):
        open_key_encryption_key("env:BANK_KEY")


@pytest.mark.parametrize("address", ["", "/etc/kek", "vault:x", "file:/nowhere", "pkcs11:token=a"])
def test_an_address_that_names_no_key_is_refused(address: str) -> None:
    with pytest.raises(KeysUnavailable):
        open_key_encryption_key(address)
