"""Who may enter the operators' pages, and on which host and path they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from tenants.models import Role


class OperatorSite(AdminSite):
    """Open to operators while a bank's membership lets them in; shows that bank, and nobody's personal data."""

    site_header = _("Operators' pages")
    site_title = _("Operators' pages")
    index_title = _("What runs")
    index_template = "operators/index.html"
    final_catch_all_view = False
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request is an operator's: the membership says so, and the middleware that it still holds."""
        membership: Any = getattr(request, "membership", None)
        return membership is not None and membership.role == Role.OPERATOR

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead a stranger to the one way in; tell everybody else that this is not for their role."""
        if request.user.is_authenticated:
            raise PermissionDenied("operator")
        return redirect_to_login(request.get_full_path(), login_url=reverse(settings.LOGIN_URL))

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """None: what happened is in the audit trail."""
        return LogEntry.objects.none()

    def get_urls(self) -> list[Any]:
        """The pages that are used; signing in and out is the product's own."""
        wrap = self.admin_view
        models: list[Any] = []
        for model, page in self._registry.items():
            place = f"{model._meta.app_label}/{model._meta.model_name}/"
            models += [path(place + str(route.pattern), route.callback, name=route.name) for route in page.urls]
        return [
            path("", wrap(self.index), name="index"),
            path("texts/", wrap(self.i18n_javascript, cacheable=True), name="jsi18n"),
            *models,
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """One list, in the order the pages were registered and by their titles."""
        models = [
            {
                "model": model,
                "name": page.title,  # type: ignore[attr-defined]  # every page of ours has one
                "object_name": model._meta.object_name,
                "perms": {},
                "admin_url": reverse(f"operators:{model._meta.app_label}_{model._meta.model_name}_changelist"),
                "add_url": None,
                "view_only": True,
            }
            for model, page in self._registry.items()
        ]
        place = reverse("operators:index")
        name = self.index_title
        return [{"name": name, "app_label": "all", "app_url": place, "has_module_perms": True, "models": models}]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guarded, never cached, and rendered before the request's transaction ends: rows are read only in one."""

        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                return self.login(request)
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return guarded


class OperatorsHost:
    """Keeps the operators' pages on ``ADMIN_HOST`` alone, when that is set: elsewhere they do not exist."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host, _port = split_domain_port(request.get_host())
        if settings.ADMIN_HOST and _is_for_operators(request.path) and host != settings.ADMIN_HOST:
            raise Http404
        return self.get_response(request)


def _is_for_operators(address: str) -> bool:
    try:
        return address.startswith(reverse("operators:index"))
    except NoReverseMatch:  # a part of the addresses alone, in a test
        return False


site = OperatorSite(name="operators")
