"""The address of editing one customer."""

from django.urls import path

from customers.editing import views

urlpatterns = [path("customers/<uuid:customer_id>/edit/", views.edit, name="customer-edit")]
