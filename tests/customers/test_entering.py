"""What is made ready in bulk is what is made one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.arrays import array_of
from customers.folding import fold_kana, fold_name
from customers.indexing import contact_index, contact_indexes
from customers.searching import _folded, folded_names, names_in
from tenants.models import Tenant
from tenants.scoping import tenant_scope

NAME = st.text("山髙﨑田株式会社(株)ァャカーｶﾞéß aZ", min_size=1, max_size=12)


@given(NAME, st.none() | NAME, st.none() | NAME)
def test_names_folded_once_are_found_by_what_a_search_folds(name: str, kana: str | None, former: str | None) -> None:
    facts = {"name": name, "kana": kana, "former_name": former, "latin_name": None}
    folded = folded_names(facts, name=fold_name(name), kana=fold_kana(kana) if kana else None)
    assert list(filter(None, folded)) == list(filter(None, map(_folded, names_in(facts))))


def test_addresses_of_several_channels_keep_their_order(tenant: Tenant) -> None:
    points = [("PHONE", "+81312345678"), ("EMAIL", "A@b.example"), ("PHONE", "+819012345678"), ("LINE", "U1")]
    with tenant_scope(tenant.pk):
        assert contact_indexes(points) == [contact_index(channel, value) for channel, value in points]
        assert contact_indexes([]) == []


@pytest.mark.parametrize(("kind", "size"), [("bytea", 5), ("bytea", 1_023), ("bytea", 1_024), ("uuid", 16)])
def test_short_bytes_travel_as_long_ones_do(kind: str, size: int) -> None:
    value = bytes(size)
    assert array_of([value, memoryview(value) if kind == "bytea" else value], kind)[20:] == 2 * (
        size.to_bytes(4, "big") + value
    )
