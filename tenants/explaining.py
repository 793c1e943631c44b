"""Why somebody may not see a page: the permission, the roles that have it, and who can give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.permissions import Permission
from tenants.scoping import tenant_context

NAMES: dict[Permission, Promise | str] = {
    Permission.VIEW_TASKS: _("See reviews and campaigns"),
    Permission.VIEW_CUSTOMERS: _("See the customer book"),
    Permission.VIEW_PERSONAL_DATA: _("See personal data unmasked"),
    Permission.VIEW_IMPORTS: _("See imported files"),
    Permission.IMPORT_CUSTOMERS: _("Import customers"),
    Permission.EXPORT_DATA: _("Export customer data"),
    Permission.PLAN_CAMPAIGN: _("Plan campaigns"),
    Permission.APPROVE_CAMPAIGN: _("Approve campaigns"),
    Permission.DECIDE_CASE: _("Decide cases"),
    Permission.APPROVE_CASE: _("Approve decisions"),
    Permission.VIEW_RETENTION: _("See retention and purges"),
    Permission.PLACE_HOLD: _("Place holds on destruction"),
    Permission.PROPOSE_PURGE: _("Propose destruction"),
    Permission.APPROVE_PURGE: _("Approve destruction"),
    Permission.VIEW_AUDIT: _("See the audit trail"),
    Permission.EXPORT_AUDIT: _("Export the audit trail"),
    Permission.MANAGE_MEMBERS: _("Manage members"),
    Permission.MANAGE_SETTINGS: _("Manage settings"),
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


def _permission_in(exception: Exception) -> Permission | None:
    words = exception.args[0] if isinstance(exception, PermissionDenied) and exception.args else ""
    return next((permission for permission in Permission if permission.value == words), None)
