"""What operators see of a bank, column by column: settings and states, never a sealed value."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin, action
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.models import AuditEvent
from audit.services import Actor, record
from campaigns.models import Campaign
from cdd.operators.columns import LABELS, filter_by, shown
from cdd.operators.site import site
from channels.models import DeliveryAttempt, ProviderAccount, WebhookEvent
from channels.services import resume_account
from customers.models import CustomerImport
from ekyc.models import EkycAccount
from questionnaires.models import QuestionnaireVersion
from risk.models import RiskPolicy
from tenants.models import Membership, Tenant, TenantKey
from tenants.scoping import required_tenant_id

HISTORY = 200


class Page(ModelAdmin[Any]):
    """Rows of the bank in scope, to look at. Subclasses name every column and what may be changed, if anything."""

    title: Promise | str = ""
    columns: tuple[str, ...] = ()
    changeable: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)
    change_list_template = "operators/list.html"
    change_form_template = "operators/row.html"

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """The columns, and nothing that a model might call itself."""
        return tuple(shown(self.opts.label, name) for name in self.columns)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> tuple[Any, ...]:
        """The first column leads to the row."""
        return tuple(list_display[:1])

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """The same columns on a row's own page."""
        return tuple(name if name in self.changeable else shown(self.opts.label, name) for name in self.columns)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """Whatever is not said to be changeable."""
        return tuple(shown(self.opts.label, name) for name in self.columns if name not in self.changeable)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Called as in the list."""
        return super().formfield_for_dbfield(db_field, request, label=LABELS[db_field.name], **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list under its own title."""
        return super().changelist_view(request, {"title": self.title, **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The row under the list's title."""
        return super().changeform_view(request, object_id, form_url, {"title": self.title, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The columns shown: sealed values are not even fetched."""
        rows = super().get_queryset(request).only(*self.columns)
        meta = self.model._meta
        followed = [name for name in self.columns if isinstance(meta.get_field(name), ForeignKey)]
        return rows.select_related(*followed) if followed else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        """For operators."""
        return site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """For operators."""
        return site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Where something is changeable."""
        return bool(self.changeable) and site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is made here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """List, row and history."""
        used = (f"{self.opts.app_label}_{self.opts.model_name}_{page}" for page in ("changelist", "history", "change"))
        routes = {route.name: route for route in super().get_urls()}
        return [routes[name] for name in used]

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Another bank's row is not found, like one that never was."""
        raise Http404

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]  # no row of the admin's own log
        """To the audit trail instead of the admin's own log: which fields, not what they hold."""
        fields = sorted({field for entry in message for field in entry.get("changed", {}).get("fields", [])})
        event = f"{obj._meta.model_name}.changed_by_operator"
        record(event, target=obj, actor=Actor.user(str(request.user.pk)), at=timezone.now(), fields=fields)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        """Field names as the code has them, whatever the language of the page."""
        return [{"changed": {"fields": form.changed_data}}] if form.changed_data else []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The row's acts from the audit trail, newest first."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        events = AuditEvent.objects.filter(tenant_id=required_tenant_id(), target_id=str(found.pk)).order_by("-id")
        context = {
            **site.each_context(request),
            "title": self.title,
            "events": events[:HISTORY],
            "opts": self.opts,
            "object": found,
        }
        return TemplateResponse(request, "operators/history.html", context)


class TenantPage(Page):
    """The bank itself: how customers reach it."""

    title = _("The institution")
    columns = (
        "slug", "name", "name_en", "status", "phone", "phone_hours", "official_site", "postal_code", "address",
    )  # fmt: skip
    changeable = ("phone", "phone_hours", "official_site", "postal_code", "address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The bank in scope only: the table itself is open to all."""
        return super().get_queryset(request).filter(pk=required_tenant_id())


class MembershipPage(Page):
    """Who works there; inviting and ending is the bank's own business."""

    title = _("Memberships")
    columns = ("id", "role", "branch_code", "is_active", "valid_until", "created_at")
    list_filter = (
        ("role", filter_by("role")),
        ("is_active", filter_by("is_active")),
    )


class AccountPage(Page):
    """Accounts with providers, without their secrets. What was stopped can be resumed."""

    title = _("Accounts with providers of notices")
    columns = ("channel", "provider", "public_id", "is_paused", "pause_reason", "created_at")
    actions = ("resume",)

    @action(description=_("Resume sending"), permissions=["view"])
    def resume(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        """Let messages leave again."""
        paused = list(queryset.filter(is_paused=True))
        for account in paused:
            resume_account(account=account, actor=Actor.user(str(request.user.pk)), now=timezone.now())
        text = ngettext("%(count)s account was resumed.", "%(count)s accounts were resumed.", len(paused))
        messages.success(request, text % {"count": len(paused)})


class EkycAccountPage(Page):
    """Accounts with eKYC providers, without their secrets."""

    title = _("Accounts with eKYC providers")
    columns = ("provider", "public_id", "created_at")


class CampaignPage(Page):
    """How campaigns stand."""

    title = _("Campaigns")
    columns = ("name", "status", "due_by", "deadline_on", "planned_at", "approved_at", "closed_at")
    list_filter = (("status", filter_by("status")),)


class ImportPage(Page):
    """How imports stand."""

    title = _("Imports")
    columns = (
        "id", "status", "size", "encoding", "uploaded_at", "finished_at", "rows_total", "rows_created",
        "rows_updated", "rows_unchanged", "rows_joined", "rows_rejected", "failure_code",
    )  # fmt: skip
    list_filter = (("status", filter_by("status")),)


class AttemptPage(Page):
    """What became of messages."""

    title = _("Tries to deliver")
    columns = ("id", "channel", "status", "tries", "failure_kind", "failure_code", "created_at")
    list_filter = (
        ("channel", filter_by("channel")),
        ("status", filter_by("status")),
    )


class WebhookPage(Page):
    """What providers told, without its body."""

    title = _("Reports of providers")
    columns = ("id", "provider", "received_at", "processed_at", "error")


class PolicyPage(Page):
    """Versions of the risk policy."""

    title = _("Versions of the risk policy")
    columns = ("version", "status", "sha256", "published_at")


class VersionPage(Page):
    """Versions of questionnaires."""

    title = _("Versions of questionnaires")
    columns = ("questionnaire", "number", "sha256", "published_at")


class KeyPage(Page):
    """Versions of the tenant's key; the key itself is nobody's to see."""

    title = _("Versions of the tenant's key")
    columns = ("version", "created_at")


site.register(Tenant, TenantPage)
site.register(Membership, MembershipPage)
site.register(ProviderAccount, AccountPage)
site.register(EkycAccount, EkycAccountPage)
site.register(Campaign, CampaignPage)
site.register(CustomerImport, ImportPage)
site.register(DeliveryAttempt, AttemptPage)
site.register(WebhookEvent, WebhookPage)
site.register(RiskPolicy, PolicyPage)
site.register(QuestionnaireVersion, VersionPage)
site.register(TenantKey, KeyPage)
