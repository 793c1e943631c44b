"""The staff's page of how customers come in: proposed by one, let in by another, retired by one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from questionnaires.models import EntranceKey, EntrancePolicy
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import SignIn

POLICY = {"individual": "BIRTH_PHONE", "company": "PHONE_NUMBER", "app_asks_facts": "on"}


@pytest.fixture
def pem() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_of(tenant: Tenant) -> EntranceKey:
    with tenant_scope(tenant.pk):
        found: EntranceKey = EntranceKey.objects.get()
        return found


def policy_of(tenant: Tenant) -> EntrancePolicy:
    with tenant_scope(tenant.pk):
        found: EntrancePolicy = EntrancePolicy.objects.get()
        return found


def test_facts_are_proposed_by_one_and_approved_by_another(
    tenant: Tenant, administrator: User, approver: User, staff_client: SignIn
) -> None:
    first, second = staff_client(administrator), staff_client(approver)
    assert first.post("/entrances/facts/", POLICY).status_code == 302
    assert first.post("/entrances/facts/", POLICY).status_code == 422, "one waits already"
    address = f"/entrances/facts/{policy_of(tenant).pk}/"
    first.post(address, {"decision": "approve"})
    assert policy_of(tenant).status == EntrancePolicy.Status.PROPOSED, "not by oneself"
    assert second.get("/entrances/").status_code == 200
    assert second.post(address, {"decision": "approve"}).status_code == 302
    held = policy_of(tenant)
    assert (held.status, held.approved_by, held.app_asks_facts) == ("APPROVED", approver.pk, True)
    assert second.post(address, {"decision": "reject"}).status_code == 422, "decided once"


def test_a_key_is_let_in_by_two_and_retired_by_one(
    tenant: Tenant, administrator: User, approver: User, staff_client: SignIn, pem: str
) -> None:
    first, second = staff_client(administrator), staff_client(approver)
    assert first.post("/entrances/keys/", {"name": "アプリ", "public_key": "no key"}).status_code == 422
    assert first.post("/entrances/keys/", {"name": "アプリ", "public_key": pem}).status_code == 302
    key = key_of(tenant)
    page = first.get("/entrances/").content.decode()
    assert key.key_id in page
    assert "/b/asanagi/app/" in page
    assert second.post(f"/entrances/keys/{key.pk}/", {"decision": "approve"}).status_code == 302
    assert key_of(tenant).status == EntranceKey.Status.APPROVED
    assert second.post(f"/entrances/keys/{key.pk}/retire/").status_code == 302
    assert key_of(tenant).retired_at is not None
    assert second.post(f"/entrances/keys/{key.pk}/retire/").status_code == 422


def test_who_may_not_change_settings_is_refused_also_past_the_page(
    tenant: Tenant, officer: User, staff_client: SignIn, pem: str
) -> None:
    client = staff_client(officer)
    assert client.post("/entrances/facts/", POLICY).status_code == 403
    assert client.post("/entrances/keys/", {"name": "x", "public_key": pem}).status_code == 403
    assert "entrances/keys/" not in client.get("/entrances/").content.decode()


def test_staff_find_a_customer_by_the_number_they_read_out(
    tenant: Tenant, other_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    from tests.portal.test_entrances import numbered
    from tests.questionnaires.filing import send_link

    now = timezone.now()
    sent, foreign = send_link(tenant, now=now), send_link(other_tenant, now=now)
    number, others = numbered(sent, now=now), numbered(foreign, now=now)
    client = staff_client(officer)
    typed = f"{number[:4]} {number[4:8]}－{number[8:]}"
    assert client.post("/notices/find/", {"number": typed}).headers["Location"] == f"/customers/{sent.customer.pk}/"
    assert client.post("/notices/find/", {"number": others}).status_code == 422
    assert client.post("/notices/find/", {"number": number[:-1]}).status_code == 422
