"""Addresses of the look: staff's page, and what customers' pages load."""

from django.urls import path

from questionnaires.branding import serving, views

urlpatterns = [
    path("look/", views.look, name="look"),
    path("look/draft/", views.save, name="look-save"),
    path("look/<uuid:branding_id>/propose/", views.propose, name="look-propose"),
    path("look/<uuid:branding_id>/approve/", views.approve, name="look-approve"),
    path("look/<uuid:branding_id>/reject/", views.reject, name="look-reject"),
    path("look/<uuid:branding_id>/restore/", views.restore, name="look-restore"),
    path("look/<uuid:branding_id>/<slug:screen>/<slug:scheme>/", views.preview, name="look-preview"),
    path("looks/<slug:made>/<slug:digest>.css", serving.sheet, name="look-sheet"),
    path("looks/<slug:slug>/<slug:digest>.png", serving.mark, name="look-mark"),
]
