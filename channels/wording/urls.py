"""Addresses of templates: the list, one place with its versions, one version and what becomes of it."""

from django.urls import path

from channels.wording import views

urlpatterns = [
    path("templates/", views.index, name="templates"),
    path("templates/places/<slug:place>/", views.place, name="template-place"),
    path("templates/places/<slug:place>/draft/", views.draft, name="template-draft"),
    path("templates/<uuid:template_id>/", views.template, name="template"),
    path("templates/<uuid:template_id>/write/", views.write, name="template-write"),
    path("templates/<uuid:template_id>/submit/", views.submit, name="template-submit"),
    path("templates/<uuid:template_id>/approve/", views.approve, name="template-approve"),
    path("templates/<uuid:template_id>/return/", views.give_back, name="template-return"),
    path("templates/<uuid:template_id>/discard/", views.discard, name="template-discard"),
]
