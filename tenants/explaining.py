"""Why somebody may not see something: the permission or the reach, and who can give more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import Role
from tenants.permissions import Permission
from tenants.scoping import tenant_context

_PARTLY_SIGHTED = (Role.BRANCH_STAFF, Role.CONTRACTOR)
NAMES: dict[Permission, Promise | str] = {
    Permission.VIEW_TASKS: _("See reviews and campaigns"),
    Permission.VIEW_CUSTOMERS: _("See the customer book"),
    Permission.VIEW_PERSONAL_DATA: _("See personal data unmasked"),
    Permission.VIEW_IMPORTS: _("See imported files"),
    Permission.IMPORT_CUSTOMERS: _("Import customers"),
    Permission.EDIT_CUSTOMER: _("Edit the customer file"),
    Permission.EXPORT_DATA: _("Export customer data"),
    Permission.APPROVE_EXPORT: _("Approve files that leave"),
    Permission.FLAG_CUSTOMER: _("Raise flags on customers"),
    Permission.READ_FLAG_REASON: _("Read why a flag was raised"),
    Permission.LIFT_FLAG: _("Lift flags on customers"),
    Permission.APPROVE_FLAG: _("Approve the lifting of flags"),
    Permission.PLAN_CAMPAIGN: _("Plan campaigns"),
    Permission.APPROVE_CAMPAIGN: _("Approve campaigns"),
    Permission.EDIT_TEMPLATE: _("Write texts of notices"),
    Permission.APPROVE_TEMPLATE: _("Approve texts of notices"),
    Permission.EDIT_QUESTIONNAIRE: _("Write questionnaires"),
    Permission.APPROVE_QUESTIONNAIRE: _("Approve questionnaires"),
    Permission.DECIDE_CASE: _("Decide cases"),
    Permission.APPROVE_CASE: _("Approve decisions"),
    Permission.VIEW_SENDING: _("See how sending goes"),
    Permission.STOP_SENDING: _("Stop and resume sending"),
    Permission.CHANGE_REACH: _("End opt-outs and ties to LINE"),
    Permission.WORK_OUTREACH: _("Make calls and visits"),
    Permission.KEY_PAPER: _("Key answers on paper"),
    Permission.CHECK_PAPER: _("Check answers on paper"),
    Permission.ASSIGN_OUTREACH: _("Assign calls and visits"),
    Permission.VIEW_RETENTION: _("See retention and purges"),
    Permission.PLACE_HOLD: _("Place holds on destruction"),
    Permission.PROPOSE_PURGE: _("Propose destruction"),
    Permission.APPROVE_PURGE: _("Approve destruction"),
    Permission.VIEW_AUDIT: _("See the audit trail"),
    Permission.EXPORT_AUDIT: _("Export the audit trail"),
    Permission.MANAGE_MEMBERS: _("Manage members"),
    Permission.MANAGE_SETTINGS: _("Manage settings"),
    Permission.APPROVE_SETTINGS: _("Approve changes of settings"),
    Permission.CONFIRM_ADMINISTRATOR: _("Confirm administrators"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """What the page of a refusal says."""

    permission: Permission
    roles: list[str]
    administrators: list[str]


def reason_for(permission: Permission) -> Reason:
    """Who could, and who can change that; asked in the tenant's scope."""
    from tenants.members.selectors import administrators, roles_with

    return Reason(permission, roles_with(permission), administrators())


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of status 403: a missing permission is explained to a member, everything else is not."""
    membership: Any = getattr(request, "membership", None)
    wanted = _permission_in(exception)
    if wanted is None or membership is None:
        return render(request, "403.html", {"may_have_ended": request.user.is_authenticated}, status=403)
    with tenant_context(membership.tenant_id), transaction.atomic():
        context = {"reason": reason_for(wanted), "membership": membership}
        return render(request, "staff/refused.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of status 404: the same for what is not there, another branch's and another institution's."""
    membership: Any = getattr(request, "membership", None)
    if membership is None or membership.role not in _PARTLY_SIGHTED:
        return render(request, "404.html", status=404)
    with tenant_context(membership.tenant_id), transaction.atomic():
        return render(request, "404.html", {"ask": whom_to_ask()}, status=404)


def sight_of(membership: Any) -> str:
    """Whose customers and cases a narrow role sees, and whom to ask for more; "" where a role sees all."""
    if membership is None or membership.role not in _PARTLY_SIGHTED:
        return ""
    if membership.role == Role.BRANCH_STAFF:
        words = _(
            "You see the customers of branch %(branch)s and what was shared with you."
            " If you need others for your work, ask an administrator: %(administrators)s."
        )
    else:
        words = _(
            "You see only what was shared with you, for as long as it is shared."
            " If you need more for your work, ask an administrator: %(administrators)s."
        )
    return words % {"branch": membership.branch_code, "administrators": whom_to_ask()}


def whom_to_ask() -> str:
    """The names of those who can share more; asked in the tenant's scope."""
    from tenants.members.selectors import administrators

    return "、".join(administrators()) or "—"


def _permission_in(exception: Exception) -> Permission | None:
    words = exception.args[0] if isinstance(exception, PermissionDenied) and exception.args else ""
    return next((permission for permission in Permission if permission.value == words), None)
