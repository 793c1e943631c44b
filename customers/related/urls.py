"""Addresses of the pages about who stands behind a customer."""

from django.urls import path

from customers.related import pages, views

urlpatterns = [
    path("customers/<uuid:customer_id>/related/", views.index, name="customer-related"),
    path("customers/<uuid:customer_id>/related/new/", views.new, name="customer-related-new"),
    path("customers/<uuid:customer_id>/related/legal-form/", views.legal_form, name="customer-legal-form"),
    path("customers/<uuid:customer_id>/related/paper/", views.paper, name="customer-owner-paper"),
    path(
        "customers/<uuid:customer_id>/related/paper/<uuid:owner_paper_id>/",
        pages.index,
        name="customer-owner-paper-scans",
    ),
    path(
        "customers/<uuid:customer_id>/related/paper/<uuid:owner_paper_id>/add/",
        pages.add,
        name="customer-owner-paper-scan-add",
    ),
    path(
        "customers/<uuid:customer_id>/related/paper/<uuid:owner_paper_id>/<uuid:upload_id>/",
        pages.picture,
        name="customer-owner-paper-scan",
    ),
    path("customers/<uuid:customer_id>/related/<uuid:related_party_id>/", views.change, name="customer-related-change"),
    path("customers/<uuid:customer_id>/related/<uuid:related_party_id>/end/", views.end, name="customer-related-end"),
]
