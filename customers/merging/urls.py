"""Addresses of merging."""

from django.urls import path

from customers.merging import views

urlpatterns = [
    path("customers/matches/<uuid:match_candidate_id>/merge/", views.merge_new, name="customer-merge-new"),
    path("customers/merges/", views.merges, name="customer-merges"),
    path("customers/merges/<uuid:customer_merge_id>/", views.merge, name="customer-merge"),
    path("customers/merges/<uuid:customer_merge_id>/approve/", views.merge_approve, name="customer-merge-approve"),
    path("customers/merges/<uuid:customer_merge_id>/reject/", views.merge_reject, name="customer-merge-reject"),
    path("customers/merges/<uuid:customer_merge_id>/reverse/", views.merge_reverse, name="customer-merge-reverse"),
]
