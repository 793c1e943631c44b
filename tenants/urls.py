"""Addresses of signing in and of the choices every page offers."""

from django.urls import include, path

from tenants import views

urlpatterns = [
    path("", include("tenants.sign_in.urls")),
    path("", include("tenants.members.urls")),
    path("", include("tenants.domains.urls")),
    path("switch-tenant/", views.switch_tenant, name="switch-tenant"),
    path("language/", views.language, name="language"),
]
