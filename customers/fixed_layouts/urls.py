"""Addresses of the pages about fixed-length layouts."""

from django.urls import path

from customers.fixed_layouts import views

urlpatterns = [
    path("imports/layouts/", views.index, name="fixed-layouts"),
    path("imports/layouts/new/", views.new, name="fixed-layout-new"),
    path("imports/layouts/<uuid:fixed_layout_id>/", views.change, name="fixed-layout"),
    path("imports/layouts/<uuid:fixed_layout_id>/remove/", views.remove, name="fixed-layout-remove"),
]
