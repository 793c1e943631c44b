"""The page of a mail domain: records to publish, what DNS says, keys and the certificate that sign."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels.dns_resolver import DnsResolver
from channels.findings import words_of
from channels.mail_certificates import NoCertificate, drop_certificate, put_certificate, signer_of
from channels.mail_keys import NoSuchKey, TooManyKeys, add_dkim_key, drop_dkim_key, use_dkim_key
from channels.mail_setup.forms import CertificateForm, KeyForm
from channels.mail_setup.records import SERVICE, SMTP, DnsRecord, Seen, is_key_published, look, records_of
from channels.mail_smime import BadCertificate, Signer, addresses_of, ends_soon, problem_of
from channels.models import ProviderAccount
from channels.protocols import Finding, TransientFailure
from channels.registry import webhook_url
from tenants.keys import cipher
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_GET
@transaction.non_atomic_requests
@requires(Permission.VIEW_SENDING)
def setup(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """The records; with ``?ask=dns`` what DNS says now, which takes some seconds."""
    with transaction.atomic():
        account = _account(provider_account_id)
        records = records_of(account)
        cipher()  # its credentials are opened outside
    seen = _look(account, records) if records and request.GET.get("ask") == "dns" else {}
    with transaction.atomic():
        return _page(request, account, records=records, seen=seen, is_asked="ask" in request.GET)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def add_key(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Make a key that waits to be published."""
    account, form = _account(provider_account_id, signs=True), KeyForm(request.POST)
    if form.is_valid():
        selector = form.cleaned_data["selector"]
        try:
            add_dkim_key(account=account, selector=selector, actor=request.actor, now=timezone.now())
        except TooManyKeys:
            form.add_error("selector", _("There are two keys, or one of this name. Remove the old one first."))
        else:
            messages.success(request, _("The key has been made. Publish its record, then ask DNS."))
            return _back(account)
    return _page(request, account, key_form=form)


@require_POST
@transaction.non_atomic_requests
@requires(Permission.MANAGE_SETTINGS)
def use_key(request: StaffRequest, provider_account_id: UUID, selector: str) -> HttpResponse:
    """Sign with another key, if DNS has it: a signature that nobody can check would spoil every mail."""
    with transaction.atomic():
        account = _account(provider_account_id, signs=True)
        cipher()
    try:
        is_there = is_key_published(account, selector, _resolver(account))
    except TransientFailure:
        is_there = False
    with transaction.atomic():
        if not is_there:
            messages.error(
                request, _("DNS does not have this key's record yet, so it does not sign. Publish it first.")
            )
            return _back(account)
        use_dkim_key(account=account, selector=selector, actor=request.actor, now=timezone.now())
        messages.success(
            request, _("This key signs from now on. Leave the other one published for a week, for mail on its way.")
        )
        return _back(account)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def drop_key(request: StaffRequest, provider_account_id: UUID, selector: str) -> HttpResponse:
    """Forget a key that signs no more."""
    account = _account(provider_account_id, signs=True)
    try:
        drop_dkim_key(account=account, selector=selector, actor=request.actor, now=timezone.now())
    except NoSuchKey:
        messages.error(request, _("This key signs, or has been removed. Nothing was changed."))
    else:
        messages.success(request, _("The key has been removed. Remove its record from DNS, too."))
    return _back(account)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def put_smime(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Sign by S/MIME with this file."""
    account = _account(provider_account_id, signs=True)
    form = CertificateForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            put_certificate(
                account=account,
                data=form.cleaned_data["file"],
                password=form.cleaned_data["password"],
                actor=request.actor,
                now=timezone.now(),
            )
        except BadCertificate as error:
            form.refuse(words_of(Finding(error.code, is_ok=False)))
        else:
            messages.success(request, _("Mail is signed with this certificate from now on."))
            return _back(account)
    return _page(request, account, certificate_form=form)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def drop_smime(request: StaffRequest, provider_account_id: UUID) -> HttpResponse:
    """Sign by S/MIME no more."""
    account = _account(provider_account_id, signs=True)
    try:
        drop_certificate(account=account, actor=request.actor, now=timezone.now())
    except NoCertificate:
        messages.error(request, _("There is no certificate any more. Nothing was changed."))
    else:
        messages.success(request, _("Mail is no longer signed by S/MIME."))
    return _back(account)


def _page(
    request: StaffRequest,
    account: ProviderAccount,
    *,
    records: list[DnsRecord] | None = None,
    seen: dict[DnsRecord, Seen] | None = None,
    is_asked: bool = False,
    key_form: KeyForm | None = None,
    certificate_form: CertificateForm | None = None,
) -> HttpResponse:
    rows = [(record, (seen or {}).get(record)) for record in (records or records_of(account))]
    keys = [record.selector for record, _seen in rows if record.purpose == "mail_dkim"]
    form = key_form or certificate_form
    context = {
        "account": account,
        "rows": rows,
        "is_asked": is_asked,
        "is_silent": bool(is_asked and rows and not seen),
        "signs": account.provider == SMTP,
        "webhook": webhook_url(account) if account.provider == SERVICE else "",
        "keys": keys,
        "signer": _shown(signer_of(account), account) if account.provider == SMTP else None,
        "form": form,
        "key_form": key_form or KeyForm(),
        "certificate_form": certificate_form or CertificateForm(),
    }
    return render(request, "staff/channels/mail.html", context, status=422 if form else 200)


def _shown(signer: Signer | None, account: ProviderAccount) -> dict[str, Any] | None:
    if signer is None:
        return None
    now = timezone.now()
    problem = problem_of(signer, sender=str(account.options.get("sender", "")), now=now)
    return {
        "addresses": addresses_of(signer.certificate),
        "issuer": signer.certificate.issuer.rfc4514_string(),
        "ends_at": signer.ends_at,
        "problem": words_of(Finding(problem, is_ok=False)) if problem else "",
        "ends_soon": ends_soon(signer, now=now),
    }


def _look(account: ProviderAccount, records: list[DnsRecord]) -> dict[DnsRecord, Seen]:
    try:
        return look(account, records, _resolver(account))
    except TransientFailure:
        return {}


def _resolver(account: ProviderAccount) -> DnsResolver:
    return DnsResolver(account.options.get("dns_servers", ()))


def _account(provider_account_id: UUID, *, signs: bool = False) -> ProviderAccount:
    providers = [SMTP] if signs else [SMTP, SERVICE]
    mail = ProviderAccount.objects.filter(provider__in=providers)
    account: ProviderAccount = get_object_or_404(mail, pk=provider_account_id)
    return account


def _back(account: ProviderAccount) -> HttpResponse:
    return redirect("sending-mail", account.pk)
