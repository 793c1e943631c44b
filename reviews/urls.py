"""Addresses of the review queue and its cases."""

from django.urls import path

from reviews import pages, views

urlpatterns = [
    path("queues/", pages.queues, name="queues"),
    path("reviews/", views.queue, name="reviews"),
    path("reviews/<uuid:case_id>/", views.case, name="case"),
    path("reviews/<uuid:case_id>/decide/", views.decide, name="case-decide"),
    path("reviews/<uuid:case_id>/approve/", views.approve, name="case-approve"),
    path("reviews/<uuid:case_id>/return/", views.give_back, name="case-return"),
    path("reviews/<uuid:case_id>/documents/", views.documents, name="case-documents"),
    path("reviews/<uuid:case_id>/documents/add/", views.add_document, name="case-document-add"),
    path("reviews/<uuid:case_id>/documents/<uuid:upload_id>/", views.document, name="case-document"),
    path("reviews/<uuid:case_id>/answers/<uuid:upload_id>/", views.answer_file, name="case-answer-file"),
]
