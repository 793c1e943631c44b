"""Addresses of segments."""

from django.urls import path

from customers.segments import views

urlpatterns = [
    path("customers/segments/", views.segments, name="segments"),
    path("customers/segments/new/", views.segment_new, name="segment-new"),
    path("customers/segments/count/", views.segment_count, name="segment-count"),
    path("customers/segments/<uuid:segment_id>/", views.segment, name="segment"),
    path("customers/segments/<uuid:segment_id>/remove/", views.segment_remove, name="segment-remove"),
]
