"""Addresses of a customer's flags."""

from django.urls import path

from customers.flags import views

urlpatterns = [
    path("customers/<uuid:customer_id>/flags/", views.index, name="customer-flags"),
    path("customers/<uuid:customer_id>/flags/new/", views.new, name="customer-flag-new"),
    path(
        "customers/<uuid:customer_id>/flags/<uuid:customer_flag_id>/reason/",
        views.reason,
        name="customer-flag-reason",
    ),
    path("customers/<uuid:customer_id>/flags/<uuid:customer_flag_id>/lift/", views.lift, name="customer-flag-lift"),
    path(
        "customers/<uuid:customer_id>/flags/<uuid:customer_flag_id>/evidence/",
        views.evidence,
        name="customer-flag-evidence",
    ),
    path(
        "customers/<uuid:customer_id>/flags/<uuid:customer_flag_id>/evidence/add/",
        views.add_evidence,
        name="customer-flag-evidence-add",
    ),
    path(
        "customers/<uuid:customer_id>/flags/<uuid:customer_flag_id>/evidence/<uuid:upload_id>/",
        views.picture,
        name="customer-flag-picture",
    ),
    path("customers/flags/liftings/", views.liftings, name="customer-flag-liftings"),
    path(
        "customers/flags/liftings/<uuid:flag_lifting_id>/approve/", views.approve, name="customer-flag-lifting-approve"
    ),
    path("customers/flags/liftings/<uuid:flag_lifting_id>/reject/", views.reject, name="customer-flag-lifting-reject"),
]
