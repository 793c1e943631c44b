"""Addresses of questions and answers, as staff keep them."""

from django.urls import path

from outreach.faq import views

urlpatterns = [
    path("faq/", views.index, name="faq"),
    path("faq/new/", views.add, name="faq-new"),
    path("faq/proposals/<uuid:faq_entry_id>/", views.decide, name="faq-decide"),
    path("faq/<slug:code>/", views.edit, name="faq-edit"),
    path("faq/<slug:code>/words/", views.one, name="faq-one"),
]
