"""Addresses of retention: lengths, holds, purges and destruction records."""

from django.urls import path

from retention import views

urlpatterns = [
    path("retention/", views.index, name="retention"),
    path("retention/lengths/<slug:code>/", views.length, name="retention-length"),
    path("retention/find/", views.find, name="retention-find"),
    path("retention/holds/", views.holds, name="retention-holds"),
    path("retention/holds/place/", views.place, name="retention-hold-place"),
    path("retention/holds/<uuid:hold_id>/release/", views.release, name="retention-hold-release"),
    path("retention/purges/<uuid:purge_id>/", views.purge, name="retention-purge"),
    path("retention/purges/<uuid:purge_id>/propose/", views.propose, name="retention-purge-propose"),
    path("retention/purges/<uuid:purge_id>/approve/", views.approve, name="retention-purge-approve"),
    path("retention/purges/<uuid:purge_id>/reject/", views.reject, name="retention-purge-reject"),
    path("retention/records/<uuid:record_id>.txt", views.document, name="retention-record"),
]
