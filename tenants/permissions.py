"""Who may do what: one table from role to permission."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from tenants.middleware import StaffRequest
from tenants.models import Role


class Permission(Enum):
    """One thing a member of staff may be allowed to do."""

    VIEW_TASKS = "view_tasks"
    VIEW_CUSTOMERS = "view_customers"
    VIEW_PERSONAL_DATA = "view_personal_data"
    EDIT_CUSTOMER = "edit_customer"
    VIEW_IMPORTS = "view_imports"
    IMPORT_CUSTOMERS = "import_customers"
    EXPORT_DATA = "export_data"
    APPROVE_EXPORT = "approve_export"
    PLAN_CAMPAIGN = "plan_campaign"
    APPROVE_CAMPAIGN = "approve_campaign"
    EDIT_TEMPLATE = "edit_template"
    APPROVE_TEMPLATE = "approve_template"
    EDIT_QUESTIONNAIRE = "edit_questionnaire"
    APPROVE_QUESTIONNAIRE = "approve_questionnaire"
    DECIDE_CASE = "decide_case"
    APPROVE_CASE = "approve_case"
    FLAG_CUSTOMER = "flag_customer"
    READ_FLAG_REASON = "read_flag_reason"
    LIFT_FLAG = "lift_flag"
    APPROVE_FLAG = "approve_flag"
    VIEW_SENDING = "view_sending"
    STOP_SENDING = "stop_sending"
    CHANGE_REACH = "change_reach"
    WORK_OUTREACH = "work_outreach"
    ASSIGN_OUTREACH = "assign_outreach"
    KEY_PAPER = "key_paper"
    CHECK_PAPER = "check_paper"
    VIEW_RETENTION = "view_retention"
    PLACE_HOLD = "place_hold"
    PROPOSE_PURGE = "propose_purge"
    APPROVE_PURGE = "approve_purge"
    VIEW_AUDIT = "view_audit"
    EXPORT_AUDIT = "export_audit"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_SETTINGS = "manage_settings"
    APPROVE_SETTINGS = "approve_settings"
    CONFIRM_ADMINISTRATOR = "confirm_administrator"


ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.VIEW_CUSTOMERS,
            Permission.VIEW_TASKS,
            Permission.VIEW_IMPORTS,
            Permission.VIEW_RETENTION,
            Permission.VIEW_SENDING,
            Permission.STOP_SENDING,
            Permission.IMPORT_CUSTOMERS,
            Permission.VIEW_AUDIT,
            Permission.EXPORT_AUDIT,
            Permission.MANAGE_MEMBERS,
            Permission.MANAGE_SETTINGS,
            Permission.APPROVE_SETTINGS,
            Permission.CONFIRM_ADMINISTRATOR,
        }
    ),
    Role.OFFICER: frozenset(
        {
            Permission.VIEW_CUSTOMERS,
            Permission.VIEW_TASKS,
            Permission.VIEW_IMPORTS,
            Permission.VIEW_RETENTION,
            Permission.VIEW_SENDING,
            Permission.STOP_SENDING,
            Permission.VIEW_PERSONAL_DATA,
            Permission.EDIT_CUSTOMER,
            Permission.IMPORT_CUSTOMERS,
            Permission.EXPORT_DATA,
            Permission.PLAN_CAMPAIGN,
            Permission.EDIT_TEMPLATE,
            Permission.EDIT_QUESTIONNAIRE,
            Permission.DECIDE_CASE,
            Permission.FLAG_CUSTOMER,
            Permission.READ_FLAG_REASON,
            Permission.LIFT_FLAG,
            Permission.CHANGE_REACH,
            Permission.WORK_OUTREACH,
            Permission.ASSIGN_OUTREACH,
            Permission.KEY_PAPER,
            Permission.CHECK_PAPER,
            Permission.PLACE_HOLD,
            Permission.PROPOSE_PURGE,
        }
    ),
    Role.APPROVER: frozenset(
        {
            Permission.VIEW_CUSTOMERS,
            Permission.VIEW_TASKS,
            Permission.VIEW_IMPORTS,
            Permission.VIEW_RETENTION,
            Permission.VIEW_SENDING,
            Permission.STOP_SENDING,
            Permission.VIEW_PERSONAL_DATA,
            Permission.EXPORT_DATA,
            Permission.APPROVE_EXPORT,
            Permission.APPROVE_CAMPAIGN,
            Permission.APPROVE_TEMPLATE,
            Permission.APPROVE_QUESTIONNAIRE,
            Permission.APPROVE_CASE,
            Permission.CHECK_PAPER,
            Permission.READ_FLAG_REASON,
            Permission.APPROVE_FLAG,
            Permission.APPROVE_PURGE,
            # Who else, where the institution has no second administrator.
            Permission.APPROVE_SETTINGS,
            # Only where the institution has no second administrator.
            Permission.CONFIRM_ADMINISTRATOR,
            Permission.VIEW_AUDIT,
            Permission.EXPORT_AUDIT,
        }
    ),
    # Their own branch's customers, whom they call and visit; nothing to decide, nothing to take away.
    Role.BRANCH_STAFF: frozenset(
        {
            Permission.VIEW_CUSTOMERS,
            Permission.VIEW_TASKS,
            Permission.VIEW_PERSONAL_DATA,
            Permission.FLAG_CUSTOMER,
            Permission.CHANGE_REACH,
            Permission.WORK_OUTREACH,
            Permission.KEY_PAPER,
            Permission.CHECK_PAPER,
        },
    ),
    # Masked, and only what they were given.
    Role.CONTRACTOR: frozenset({Permission.VIEW_TASKS, Permission.WORK_OUTREACH}),
    Role.AUDITOR: frozenset(
        {
            Permission.VIEW_CUSTOMERS,
            Permission.VIEW_TASKS,
            Permission.VIEW_IMPORTS,
            Permission.VIEW_RETENTION,
            Permission.VIEW_SENDING,
            Permission.VIEW_AUDIT,
            Permission.EXPORT_AUDIT,
        }
    ),
    # Sees that the service runs, and nothing about anybody.
    Role.OPERATOR: frozenset(),
}

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
type StaffView[**P] = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def may(request: HttpRequest, permission: Permission) -> bool:
    """Whether the person who signed in may do this for the tenant they are working for."""
    membership: Any = getattr(request, "membership", None)
    return membership is not None and permission in ROLE_PERMISSIONS[membership.role]


def requires[**P](permission: Permission) -> Callable[[StaffView[P]], View[P]]:
    """Guard a staff view: sign-in, a membership, and this permission."""

    def decorate(view: StaffView[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not may(request, permission):
                raise PermissionDenied(permission.value)
            return view(cast(StaffRequest, request), *args, **kwargs)

        guard: View[P] = login_required(guarded)
        guard.required_permission = permission  # type: ignore[attr-defined]  # read by the route table's test
        return guard

    return decorate


def takes_body_of[**P](
    limit: Callable[[], int], *, whom: Callable[[HttpRequest], bool] = lambda request: True
) -> Callable[[View[P]], View[P]]:
    """Let a view take a larger body than the rest: up to ``limit`` bytes of file beside the form.

    ``whom``: who may send it, where no permission says so.
    """

    def decorate(view: View[P]) -> View[P]:
        view.body_limit = limit  # type: ignore[attr-defined]  # read by the middleware, before the body is
        view.body_sender = whom  # type: ignore[attr-defined]  # as above
        return view

    return decorate


def body_limit_of(view: object, request: HttpRequest) -> int:
    """The bytes of file this person may send to the view; 0 where it takes no more than a form."""
    limit: Callable[[], int] | None = getattr(view, "body_limit", None)
    permission: Permission | None = getattr(view, "required_permission", None)
    if limit is None or not getattr(view, "body_sender", bool)(request):
        return 0
    return limit() if permission is None or may(request, permission) else 0
