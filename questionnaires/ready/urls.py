"""Addresses of the ready questionnaires."""

from django.urls import path

from questionnaires.ready import views

urlpatterns = [
    path("questionnaires/templates/", views.index, name="questionnaire-templates"),
    path("questionnaires/templates/<slug:key>/", views.one, name="questionnaire-template"),
    path("questionnaires/templates/<slug:key>/begin/", views.begin, name="questionnaire-template-begin"),
    path("questionnaires/templates/<slug:key>/update/", views.update, name="questionnaire-template-update"),
    path("questionnaires/templates/<slug:key>/form.xlsx", views.workbook, name="questionnaire-template-workbook"),
]
