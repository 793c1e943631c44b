"""Addresses of signing in and of the choices every page offers."""

from django.db.transaction import non_atomic_requests
from django.urls import path

from tenants import views

# An attempt is recorded in each of the account's tenants, and one transaction belongs to one tenant.
urlpatterns = [
    path("sign-in/", non_atomic_requests(views.SignIn.as_view()), name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("switch-tenant/", views.switch_tenant, name="switch-tenant"),
    path("language/", views.language, name="language"),
]
