"""Addresses of the pages that look across the apps."""

from django.urls import path

from reporting import views

urlpatterns = [
    path("", views.home, name="home"),
    path("customers/<uuid:customer_id>/", views.customer, name="customer"),
    path("customers/<uuid:customer_id>/reveal/", views.customer_reveal, name="customer-reveal"),
    path("customers/<uuid:customer_id>/past/", views.customer_past, name="customer-past"),
    path("customers/<uuid:customer_id>/timeline/", views.customer_timeline, name="customer-timeline"),
    path("audit/", views.audit, name="audit"),
    path("audit/export/", views.audit_export, name="audit-export"),
]
