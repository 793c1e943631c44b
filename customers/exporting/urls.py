"""Addresses of exports."""

from django.urls import path

from customers.exporting import views

urlpatterns = [
    path("exports/", views.index, name="exports"),
    path("exports/new/", views.export_new, name="export-new"),
    path("exports/limit/", views.limit, name="export-limit"),
    path("exports/limit/propose/", views.limit_propose, name="export-limit-propose"),
    path("exports/limit/<uuid:export_limit_id>/approve/", views.limit_approve, name="export-limit-approve"),
    path("exports/limit/<uuid:export_limit_id>/reject/", views.limit_reject, name="export-limit-reject"),
    path("exports/<uuid:customer_export_id>/", views.export, name="export"),
    path("exports/<uuid:customer_export_id>/approve/", views.export_approve, name="export-approve"),
    path("exports/<uuid:customer_export_id>/reject/", views.export_reject, name="export-reject"),
    path("exports/<uuid:customer_export_id>/discard/", views.export_discard, name="export-discard"),
    path("exports/<uuid:customer_export_id>/file/", views.export_file, name="export-file"),
]
