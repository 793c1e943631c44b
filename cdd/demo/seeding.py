"""Filling the demonstration: banks, staff, rules, questionnaires, provider accounts and, if asked, full books."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.services import Actor
from campaigns.models import Campaign
from campaigns.selectors import current_hash
from campaigns.services import approve_campaign, plan_campaign, submit_campaign
from cdd.demo.accounts import channel_accounts, directory, ekyc_account
from cdd.demo.banks import BANKS, STAFF, Bank
from cdd.demo.drafting import leave_a_draft
from cdd.demo.looks import give_look, propose_own_domain
from channels.services import ensure_accounts, register_webhooks
from customers.accounts.inventing import PRODUCTS
from customers.accounts.selectors import products
from customers.accounts.services import set_product
from customers.lists.content import Entry
from customers.lists.editing import write_entry
from customers.lists.models import CodeListDraft
from customers.lists.services import begin_draft, edit_draft, propose_draft
from customers.models import Customer
from customers.services import run_import, start_import
from customers.synthetic import make_book
from ekyc.services import ensure_account
from questionnaires.services import publish, publish_standard
from questionnaires.standard import document
from risk.services import publish_default_policy, rate_waiting_customers
from tenants.branches import add_branch
from tenants.models import Branch, Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tenants.services import add_member, create_tenant
from tenants.sign_in.models import IdentityProvider
from tenants.sign_in.providers import save_provider

SYSTEM = Actor.system("demo")
# Ready questionnaires in force beside the standard ones, for a campaign to choose.
SUITABLE = ("foreign-resident", "residence-card", "sole-trader", "npo")
INDIVIDUALS, COMPANIES, BROKEN_ROWS = 5_000, 300, 44


def demo_password() -> str:
    """From DEMO_PASSWORD, or made once and kept where only this account can read it."""
    if given := os.environ.get("DEMO_PASSWORD"):
        return given
    file: Path = settings.DATA_DIR / "demo-password"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(9) + "\n")
    return file.read_text().strip()


def seed_bank(bank: Bank, *, password: str, now: datetime) -> Tenant:
    """A bank ready to receive its book. Idempotent; an account's password follows ``password``."""
    tenant = create_tenant(
        slug=bank.slug,
        name=bank.name,
        name_en=bank.name_en,
        kind_word=bank.kind_word,
        phone=bank.phone,
        phone_hours=bank.phone_hours,
        official_site=bank.official_site,
        postal_code=bank.postal_code,
        address=bank.address,
        actor=SYSTEM,
        now=now,
    )
    with tenant_scope(tenant.pk):
        for colleague in STAFF:
            add_member(
                email=colleague.email(bank),
                name=colleague.name,
                role=Role(colleague.role),
                staff_number=colleague.staff_number,
                branch_code=colleague.branch_code,
                valid_until=None if colleague.days is None else now + timedelta(days=colleague.days),
                password=password,
                actor=SYSTEM,
                now=now,
            )
        _name_branches(bank, now=now)
        _list_products(now=now)
        publish_default_policy(actor=SYSTEM, now=now)
        publish_standard(actor=SYSTEM, now=now)
        publish({key: document(key) for key in SUITABLE}, actor=SYSTEM, now=now)
        _propose_a_list(bank, now=now)
        accounts = channel_accounts(bank, sandbox_url=settings.SANDBOX_URL, sandbox_smtp=settings.SANDBOX_SMTP)
        ensure_accounts(accounts=accounts, actor=SYSTEM, now=now)
        vendor = ekyc_account(bank, sandbox_url=settings.SANDBOX_URL)
        ensure_account(credentials=vendor["credentials"], options=vendor["options"], actor=SYSTEM, now=now)
        give_look(bank, now=now)
        propose_own_domain(bank, now=now)
        if bank.has_directory and not IdentityProvider.objects.exists():
            values = directory(bank, sandbox_url=settings.SANDBOX_URL)
            save_provider(provider=IdentityProvider(), values=values, actor=SYSTEM, now=now)
    if settings.PICKUP_ROOT:
        (Path(settings.PICKUP_ROOT) / bank.slug).mkdir(parents=True, exist_ok=True)
    for colleague in STAFF:
        user = User.objects.get(email=colleague.email(bank))
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
    return tenant


def _propose_a_list(bank: Bank, *, now: datetime) -> None:
    """A change of the occupations that waits for an approver, with a choice that the risk policy has not judged."""
    if CodeListDraft.objects.exists():
        return
    administrator = next(colleague for colleague in STAFF if colleague.role == Role.ADMINISTRATOR)
    actor = Actor.user(User.objects.get(email=administrator.email(bank)).pk)
    words = {"ja": "フリーランス・業務受託", "ja-easy": "フリーランス", "en": "Freelancer", "zh-hans": "自由职业者"}
    freelance = Entry("freelance", words, also=("個人事業（業務受託）", "ギグワーカー"))
    draft = begin_draft(key="occupation", actor=actor, now=now)
    edit_draft(
        draft=draft,
        revision=draft.revision,
        edit=lambda held: write_entry(held, freelance, place=len(held.entries)),
        actor=actor,
        now=now,
    )
    propose_draft(draft=draft, revision=draft.revision, actor=actor, now=now)


def _name_branches(bank: Bank, *, now: datetime) -> None:
    known = set(Branch.objects.values_list("code", flat=True))
    for number, name in enumerate(bank.branches, start=1):
        if (code := f"{number:03}") not in known:
            add_branch(code=code, name=name, actor=SYSTEM, now=now)


def _list_products(*, now: datetime) -> None:
    known = products()
    for code, (name_ja, name_en, kind) in PRODUCTS.items():
        if code not in known:
            set_product(product=None, code=code, name_ja=name_ja, name_en=name_en, kind=kind, actor=SYSTEM, now=now)


def connect_bank(bank: Bank, *, now: datetime) -> list[str]:
    """Tell the providers that keep our address where to call; needs them running. Returns the addresses told."""
    tenant = Tenant.objects.get(slug=bank.slug)
    with tenant_scope(tenant.pk):
        return register_webhooks(now=now)


def book_path(bank: Bank) -> Path:
    """Where the bank's book lies, for people to look at and for the sandbox to know its customers."""
    directory: Path = settings.DATA_DIR / "books"
    return directory / f"{bank.slug}.csv"


def write_book(bank: Bank, *, now: datetime) -> Path:
    """The bank's synthetic book as a file, made once."""
    path = book_path(bank)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        book = make_book(
            individuals=INDIVIDUALS,
            companies=COMPANIES,
            broken=BROKEN_ROWS,
            seed=bank.book_seed,
            bank=bank.slug,
            today=timezone.localdate(now),
            with_accounts=True,
            is_detailed=True,
        )
        path.write_bytes(book.content)
    return path


def fill_bank(bank: Bank, tenant: Tenant, *, now: datetime) -> int:
    """Import and rate the bank's book and start a campaign, unless it has customers; returns how many it has."""
    path = write_book(bank, now=now)
    officer, approver = (Actor.user(_account(bank, name).pk) for name in ("officer", "approver"))
    with tenant_context(tenant.pk):
        with transaction.atomic():
            known = Customer.objects.count()
        if known:
            return known
        with path.open("rb") as file:
            imported = start_import(file=file, filename=path.name, actor=officer, now=now)
        run_import(import_id=imported.pk, actor=officer, now=now)
        while rate_waiting_customers(limit=2_000, now=now):
            pass
        _start_campaign(bank, officer, approver, now=now)
        leave_a_draft(officer=officer, now=now)
        with transaction.atomic():
            return Customer.objects.count()


def _start_campaign(bank: Bank, officer: Actor, approver: Actor, *, now: datetime) -> Campaign:
    today = timezone.localdate(now)
    campaign = plan_campaign(
        name=f"{today:%Y年%-m月} 定期確認",
        due_by=today + timedelta(days=14),
        deadline_on=today + timedelta(days=60),
        actor=officer,
        now=now,
    )
    submit_campaign(campaign=campaign, actor=officer, now=now)
    with transaction.atomic():
        seen = current_hash(campaign)
    approve_campaign(campaign=campaign, seen_hash=seen, actor=approver, now=now)
    return campaign


def _account(bank: Bank, local_part: str) -> User:
    return User.objects.get(email=f"{local_part}@{bank.slug}.example")


def seed_all(*, with_books: bool, now: datetime) -> dict[str, int]:
    """Every bank; returns how many customers each has, 0 without books."""
    password = demo_password()
    counts = {}
    for bank in BANKS:
        tenant = seed_bank(bank, password=password, now=now)
        counts[bank.slug] = fill_bank(bank, tenant, now=now) if with_books else 0
    return counts
