"""Addresses of XLSForm workbooks."""

from django.urls import path

from questionnaires.xlsform import views

urlpatterns = [
    path("questionnaires/import/", views.take_in, name="questionnaire-import"),
    path("questionnaires/import/take/", views.take, name="questionnaire-import-take"),
    path("questionnaires/import/errors.csv", views.findings, name="questionnaire-import-errors"),
    path(
        "questionnaires/versions/<uuid:questionnaire_version_id>/form.xlsx",
        views.version_workbook,
        name="questionnaire-version-workbook",
    ),
    path(
        "questionnaires/drafts/<uuid:questionnaire_draft_id>/form.xlsx",
        views.draft_workbook,
        name="questionnaire-draft-workbook",
    ),
]
