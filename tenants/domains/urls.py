"""Addresses of staff's page of own domains."""

from django.urls import path

from tenants.domains import views

urlpatterns = [
    path("domains/", views.domains, name="domains"),
    path("domains/propose/", views.propose, name="domain-propose"),
    path("domains/<uuid:tenant_domain_id>/approve/", views.approve, name="domain-approve"),
    path("domains/<uuid:tenant_domain_id>/reject/", views.reject, name="domain-reject"),
    path("domains/<uuid:tenant_domain_id>/look/", views.look, name="domain-look"),
    path("domains/<uuid:tenant_domain_id>/retire/", views.retire, name="domain-retire"),
    path("domains/<uuid:tenant_domain_id>/end/", views.end, name="domain-end"),
]
