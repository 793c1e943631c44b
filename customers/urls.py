"""Addresses of the customer book and its imports; the page of one customer is in reporting."""

from django.urls import path

from customers import views

urlpatterns = [
    path("customers/", views.index, name="customers"),
    path("customers/<uuid:customer_id>/end/", views.end, name="customer-end"),
    path("imports/", views.imports, name="imports"),
    path("imports/new/", views.import_new, name="import-new"),
    path("imports/<uuid:import_id>/", views.import_detail, name="import"),
    path("imports/<uuid:import_id>/errors.csv", views.import_errors, name="import-errors"),
]
