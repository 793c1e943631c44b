"""Keys and what they seal: anything altered, moved or cut is refused, and never turns into a value."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.keys import (
    HEADER,
    INDEX,
    CannotDecrypt,
    FileKeyEncryptionKey,
    TenantCipher,
    blind_index,
    cipher,
    create_tenant_key,
    forget_keys,
)
from tenants.models import Tenant, TenantKey
from tenants.scoping import NoTenantScope, tenant_context, tenant_scope

KEYS = {1: bytes(range(32)), 2: bytes(range(32, 64))}
ROW, OTHER_ROW = b"r" * 16, b"s" * 16
COLUMN, OTHER_COLUMN = b"customers_customer.profile", b"customers_contactpoint.value"


@pytest.fixture
def keys() -> TenantCipher:
    """A tenant's cipher that has been rotated once."""
    return TenantCipher(7, KEYS)


@given(
    plain=st.binary(max_size=200), column=st.binary(min_size=1, max_size=40), row=st.binary(min_size=16, max_size=16)
)
def test_what_is_sealed_opens_again(plain: bytes, column: bytes, row: bytes) -> None:
    keys = TenantCipher(7, KEYS)

    assert keys.open(keys.seal(plain, column, row), column, row) == plain


def test_sealing_twice_gives_different_bytes(keys: TenantCipher) -> None:
    assert keys.seal(b"same", COLUMN, ROW) != keys.seal(b"same", COLUMN, ROW)


def test_a_value_moved_to_another_row_or_column_does_not_open(keys: TenantCipher) -> None:
    """P2."""
    sealed = keys.seal(b"secret", COLUMN, ROW)

    for column, row in ((COLUMN, OTHER_ROW), (OTHER_COLUMN, ROW)):
        with pytest.raises(CannotDecrypt):
            keys.open(sealed, column, row)


def test_a_value_moved_to_another_tenant_does_not_open_even_under_the_same_key(keys: TenantCipher) -> None:
    """P2: the tenant is part of what is authenticated, not only of the key."""
    with pytest.raises(CannotDecrypt):
        TenantCipher(8, KEYS).open(keys.seal(b"secret", COLUMN, ROW), COLUMN, ROW)


def test_every_flipped_bit_is_noticed(keys: TenantCipher) -> None:
    """P2: scheme, key version, nonce, ciphertext and tag alike."""
    sealed = keys.seal(b"secret", COLUMN, ROW)

    for position in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[position // 8] ^= 1 << position % 8
        with pytest.raises(CannotDecrypt):
            keys.open(bytes(altered), COLUMN, ROW)


def test_every_truncation_and_extension_is_noticed(keys: TenantCipher) -> None:
    """P2."""
    sealed = keys.seal(b"secret", COLUMN, ROW)

    for altered in (*(sealed[:length] for length in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(CannotDecrypt):
            keys.open(altered, COLUMN, ROW)


def test_a_key_version_that_is_not_held_is_refused(keys: TenantCipher) -> None:
    """P2."""
    sealed = keys.seal(b"secret", COLUMN, ROW)

    with pytest.raises(CannotDecrypt, match="version"):
        TenantCipher(7, {1: KEYS[1]}).open(sealed, COLUMN, ROW)


def test_after_rotation_new_values_use_the_new_key_and_old_ones_still_open(keys: TenantCipher) -> None:
    """P4."""
    before = TenantCipher(7, {1: KEYS[1]}).seal(b"old", COLUMN, ROW)
    after = keys.seal(b"new", COLUMN, ROW)

    assert keys.open(before, COLUMN, ROW) == b"old"
    assert (before[1:3], after[1:3]) == (b"\0\1", b"\0\2")


def test_rotation_leaves_blind_indexes_comparable(keys: TenantCipher) -> None:
    assert keys.index("name", "ヤマダ") == TenantCipher(7, {1: KEYS[1]}).index("name", "ヤマダ")


def test_a_sealed_value_costs_31_bytes_more_than_its_text(keys: TenantCipher) -> None:
    assert len(keys.seal(b"x" * 48, COLUMN, ROW)) == 48 + HEADER + 16


@given(contents=st.binary(max_size=80).filter(lambda contents: len(contents) != 32))
def test_a_key_encryption_key_of_another_length_is_refused(
    tmp_path_factory: pytest.TempPathFactory, contents: bytes
) -> None:
    path = tmp_path_factory.mktemp("kek") / "kek"
    path.write_bytes(contents)

    with pytest.raises(ValueError, match="exactly 32 random bytes"):
        FileKeyEncryptionKey(path)


def test_a_wrapped_key_opens_only_whole_in_its_own_context_under_its_own_key(tmp_path: Path) -> None:
    """P2."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(os.urandom(32))
    second.write_bytes(os.urandom(32))
    kek = FileKeyEncryptionKey(first)
    wrapped = kek.wrap(KEYS[1], b"tenant 7 key 1")

    assert kek.unwrap(wrapped, b"tenant 7 key 1") == KEYS[1]
    for context in (b"tenant 8 key 1", b"tenant 7 key 2"):
        with pytest.raises(CannotDecrypt):
            kek.unwrap(wrapped, context)
    for length in range(len(wrapped)):
        with pytest.raises(CannotDecrypt):
            kek.unwrap(wrapped[:length], b"tenant 7 key 1")
    with pytest.raises(CannotDecrypt):
        FileKeyEncryptionKey(second).unwrap(wrapped, b"tenant 7 key 1")


def test_blind_indexes_are_equal_for_equal_values_only(tenant: Tenant) -> None:
    """P3."""
    with tenant_scope(tenant.pk):
        assert blind_index("name", "ヤマダ") == blind_index("name", "ヤマダ")
        assert len({blind_index("name", "ヤマダ"), blind_index("name", "ヤマタ"), blind_index("kana", "ヤマダ")}) == 3
        assert len(blind_index("name", "ヤマダ")) == INDEX


def test_a_blind_index_differs_between_tenants(tenant: Tenant, other_tenant: Tenant) -> None:
    """P3: equal customers of two banks cannot be matched by whoever reads the tables."""
    with tenant_scope(tenant.pk):
        ours = blind_index("name", "ヤマダ")
    with tenant_scope(other_tenant.pk):
        theirs = blind_index("name", "ヤマダ")

    assert ours != theirs


def test_without_a_tenant_there_is_no_key(db_clean: None) -> None:
    with pytest.raises(NoTenantScope):
        cipher()


def test_a_key_is_found_between_transactions_too(in_tenant: Tenant) -> None:
    """A worker opens what it sends with no transaction around the provider's call."""
    forget_keys()

    assert cipher().open(cipher().seal(b"secret", COLUMN, ROW), COLUMN, ROW) == b"secret"


def test_a_second_key_version_takes_over_without_losing_the_first(tenant: Tenant) -> None:
    """P4."""
    with tenant_scope(tenant.pk):
        sealed = cipher().seal(b"old", COLUMN, ROW)
        create_tenant_key(version=2)

        assert cipher().seal(b"new", COLUMN, ROW)[1:3] == b"\0\2"
        assert cipher().open(sealed, COLUMN, ROW) == b"old"


def test_making_a_key_version_again_changes_nothing(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        before = bytes(TenantKey.objects.get(version=1).wrapped)
        create_tenant_key(version=1)

        assert bytes(TenantKey.objects.get(version=1).wrapped) == before


def test_a_data_key_copied_to_another_tenant_does_not_open(
    tenant: Tenant, other_tenant: Tenant, superuser: psycopg.Connection
) -> None:
    """P2: whoever can write the key table still cannot lend one bank's key to another."""
    superuser.execute(
        "UPDATE tenants_tenantkey SET wrapped ="
        " (SELECT wrapped FROM tenants_tenantkey WHERE tenant_id = %s) WHERE tenant_id = %s",
        [tenant.pk, other_tenant.pk],
    )
    forget_keys()

    with tenant_context(other_tenant.pk), pytest.raises(CannotDecrypt):
        cipher()
    with tenant_context(tenant.pk):
        assert cipher().seal(b"secret", COLUMN, ROW)
