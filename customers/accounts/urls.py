"""Addresses of the list of products, and of a customer's accounts."""

from django.urls import path

from customers.accounts import views

urlpatterns = [
    path("products/", views.index, name="products"),
    path("products/new/", views.product_new, name="product-new"),
    path("products/<uuid:product_id>/", views.product, name="product"),
    path("customers/<uuid:customer_id>/accounts/new/", views.account_new, name="customer-account-new"),
    path(
        "customers/<uuid:customer_id>/accounts/<uuid:customer_account_id>/",
        views.account,
        name="customer-account",
    ),
]
