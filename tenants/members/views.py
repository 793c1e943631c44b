"""The members page, one member, invitations and joining, and the branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.services import Actor, record
from tenants.binding import for_any_institution
from tenants.branches import BranchTaken, add_branch, rename_branch
from tenants.granting import GRANTEES, NotGrantable, give_grant, grant_kinds, grants_of, offers_for, take_grant
from tenants.members.appointing import MemberRefused, awaiting, confirm_appointment, decline_appointment
from tenants.members.forms import (
    BranchForm,
    GrantForm,
    InvitationForm,
    JoinForm,
    MemberForm,
    NewBranchForm,
    end_of,
    name_of,
)
from tenants.members.inviting import (
    accept_invitation,
    account_of,
    find_invitation,
    invite_member,
    withdraw_invitation,
)
from tenants.members.selectors import REQUESTED, access_requests, member_rows, open_invitations
from tenants.members.services import change_member, end_member, reactivate_member
from tenants.middleware import StaffRequest
from tenants.models import Branch, Invitation, Membership, Role
from tenants.people import names_of
from tenants.permissions import Permission, requires
from tenants.scoping import tenant_context
from tenants.sign_in.reauthentication import requires_recent_sign_in


def _page_of(membership_id: UUID) -> str:
    return reverse("member", args=[membership_id])


@require_GET
@requires(Permission.MANAGE_MEMBERS)
def index(request: StaffRequest) -> HttpResponse:
    """Everybody who works here, who was asked to, and what members asked for."""
    now = timezone.now()
    context = {
        "rows": member_rows(now=now),
        "invitations": open_invitations(),
        "requests": access_requests(now=now),
        **_awaiting(),
        "now": now,
    }
    return render(request, "staff/members/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in()
def invite(request: StaffRequest) -> HttpResponse:
    """Ask somebody to join."""
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            invite_member(**form.place, actor=request.actor, now=timezone.now())
        except MemberRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The invitation goes out by mail now. It opens for 72 hours."))
            return redirect("members")
    return render(request, "staff/members/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def withdraw(request: StaffRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = get_object_or_404(Invitation.objects.filter(status=Invitation.Status.OPEN), pk=invitation_id)
    try:
        withdraw_invitation(invitation=invitation, actor=request.actor, now=timezone.now())
    except MemberRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is withdrawn."))
    return redirect("members")


@require_GET
@requires(Permission.MANAGE_MEMBERS)
def member(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """One member: place, grants, the end."""
    return _member_page(request, _find(membership_id))


@require_POST
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in(_page_of)
def change(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """Give the member another role, branch or end."""
    found, form = _find(membership_id), MemberForm(request.POST)
    if not form.is_valid():
        return _member_page(request, found, place_form=form)
    return _step(request, found, change_member, _("The change holds from the next request on."), **form.place)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in(_page_of)
def end(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """End the membership and its sessions."""
    return _step(request, _find(membership_id), end_member, _("The membership and its sessions have ended."))


@require_POST
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in(_page_of)
def reactivate(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """Let the member back in."""
    return _step(request, _find(membership_id), reactivate_member, _("The member may sign in again."))


@require_POST
@requires(Permission.MANAGE_MEMBERS)
@requires_recent_sign_in(_page_of)
def give(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """Share one campaign, branch or queue with the member."""
    found = _find(membership_id)
    form = _grant_form(found, request.POST)
    if not form.is_valid():
        return _member_page(request, found, grant_form=form)
    kind, _separator, thing = form.cleaned_data["thing"].partition(":")
    try:
        give_grant(
            kind=grant_kinds()[kind],
            member=found,
            target_id=UUID(thing),
            until=end_of(form.cleaned_data["last_day"]),
            actor=request.actor,
            now=timezone.now(),
        )
    except NotGrantable:
        raise Http404 from None
    messages.success(request, _("Shared."))
    return redirect("member", membership_id)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def take(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """End a grant of the member's."""
    found, wanted = _find(membership_id), request.POST.get("grant", "")
    grant = next((grant for grant in grants_of(found) if str(grant.pk) == wanted), None)
    if grant is None:
        raise Http404
    take_grant(grant=grant, member=found, actor=request.actor, now=timezone.now())
    messages.success(request, _("No longer shared."))
    return redirect("member", membership_id)


@require_GET
@requires(Permission.CONFIRM_ADMINISTRATOR)
def appointments(request: StaffRequest) -> HttpResponse:
    """Whom a second person has to confirm as an administrator."""
    return render(request, "staff/members/appointments.html", _awaiting())


@require_POST
@requires(Permission.CONFIRM_ADMINISTRATOR)
@requires_recent_sign_in()
def confirm(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """Confirm it: the member is an administrator from the next request on."""
    return _answer(request, membership_id, confirm_appointment, _("Confirmed. It holds from the next request on."))


@require_POST
@requires(Permission.CONFIRM_ADMINISTRATOR)
@requires_recent_sign_in()
def decline(request: StaffRequest, membership_id: UUID) -> HttpResponse:
    """Leave the member what they are."""
    return _answer(request, membership_id, decline_appointment, _("Everything stays as it was."))


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def branches(request: StaffRequest) -> HttpResponse:
    """Every branch by its code, and a form for a new one."""
    form = NewBranchForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            add_branch(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except BranchTaken:
            form.add_error("code", _("There is a branch of this code. Rename it in the list."))
        else:
            messages.success(request, _("The branch is there. Show it to somebody on their page."))
            return redirect("branches")
    context = {"form": form, "branches": Branch.objects.order_by("code")}
    return render(request, "staff/members/branches.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def branch(request: StaffRequest, branch_id: UUID) -> HttpResponse:
    """Another name for a branch."""
    found: Branch = get_object_or_404(Branch, pk=branch_id)
    form = BranchForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        rename_branch(branch=found, name=form.cleaned_data["name"], actor=request.actor, now=timezone.now())
        messages.success(request, _("The branch is named."))
        return redirect("branches")
    context = {"form": form, "branch": found}
    return render(request, "staff/members/branch.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_any_institution
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation. Opening the page changes nothing."""
    invitation = find_invitation(token)
    if invitation is None:
        return render(request, "staff/members/invitation_closed.html", status=404)
    with tenant_context(invitation.tenant_id):
        return _join(request, invitation)


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    account = account_of(invitation)
    if account is not None and account != request.user:
        return render(request, "staff/members/join.html", {"invitation": invitation, "must_sign_in": True})
    form = JoinForm(request.POST or None, email=invitation.email, initial={"name": invitation.name})
    if request.method == "POST" and (account is not None or form.is_valid()):
        name = account.name if account else form.cleaned_data["name"]
        password = None if account else form.cleaned_data["password"]
        try:
            accept_invitation(invitation=invitation, name=name, password=password, now=timezone.now())
        except MemberRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _welcome(invitation))
            return redirect("home" if account else "sign-in")
    context = {"invitation": invitation, "form": form, "account": account}
    return render(request, "staff/members/join.html", context, status=422 if form.errors else 200)


def _welcome(invitation: Invitation) -> str:
    if invitation.role == Role.ADMINISTRATOR:
        return _("Thank you. A second person at the institution confirms administrators; then you can sign in.")
    return _("Welcome. Sign in with your e-mail address and your password.")


@require_POST
def request_access(request: HttpRequest) -> HttpResponse:
    """Put on record that the person asks for a permission they lack; administrators see it."""
    membership: Any = getattr(request, "membership", None)
    wanted = request.POST.get("permission", "")
    if membership is None or wanted not in {permission.value for permission in Permission}:
        raise Http404
    target = Membership(id=membership.membership_id, tenant_id=membership.tenant_id)
    actor: Actor = getattr(request, "actor")  # noqa: B009  # set together with the membership
    record(REQUESTED, target=target, actor=actor, at=timezone.now(), permission=wanted)
    messages.success(request, _("Your request is on record. An administrator will see it."))
    return redirect("home")


def _find(membership_id: UUID) -> Membership:
    found: Membership = get_object_or_404(Membership.objects.select_related("user"), pk=membership_id)
    return found


def _step(
    request: StaffRequest, found: Membership, step: Callable[..., None], success: str, **changes: Any
) -> HttpResponse:
    try:
        step(member=found, actor=request.actor, now=timezone.now(), **changes)
    except MemberRefused as refusal:
        return _member_page(request, _find(found.pk), refusal=str(refusal))
    waits = _("Proposed. Somebody else has to confirm it before it holds.")
    messages.success(request, waits if found.is_awaiting else success)
    return redirect("member", found.pk)


def _awaiting() -> dict[str, Any]:
    found = awaiting()
    return {"awaiting": found, "people": names_of(member.appointed_by for member in found)}


def _answer(request: StaffRequest, membership_id: UUID, step: Callable[..., None], success: str) -> HttpResponse:
    found = _find(membership_id)
    try:
        step(member=found, actor=request.actor, now=timezone.now())
    except MemberRefused as refusal:
        context = {**_awaiting(), "refusal": str(refusal)}
        return render(request, "staff/members/appointments.html", context, status=422)
    messages.success(request, success)
    return redirect("appointments")


def _grant_form(found: Membership, data: Any = None) -> GrantForm:
    return GrantForm(grant_kinds(), offers_for(found), data, prefix="grant")


def _place_form(found: Membership) -> MemberForm:
    last_day = timezone.localdate(found.valid_until) if found.valid_until else None
    values = {name: getattr(found, name) for name in ("staff_number", "role", "branch_code")}
    return MemberForm(initial={**values, "last_day": last_day})


def _member_page(
    request: StaffRequest,
    found: Membership,
    *,
    place_form: MemberForm | None = None,
    grant_form: GrantForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    is_grantee = found.is_active and found.role in GRANTEES
    now = timezone.now()
    context = {
        "member": found,
        "is_own": found.user_id == request.user.pk,
        "place_form": place_form or _place_form(found),
        "grant_form": (grant_form or _grant_form(found)) if is_grantee else None,
        "grants": [
            (grant, grant._meta.verbose_name, name_of(grant.content_object), grant.valid_until <= now)  # type: ignore[attr-defined]  # by kind
            for grant in grants_of(found)
        ],
        "refusal": refusal,
        "form": place_form or grant_form,
    }
    failed = refusal or place_form is not None or grant_form is not None
    return render(request, "staff/members/member.html", context, status=422 if failed else 200)
