"""Addresses of the risk policy."""

from django.urls import path

from risk import views

urlpatterns = [
    path("risk-policy/", views.policy, name="risk-policy"),
    path("risk-policy/judge/", views.judge, name="risk-policy-judge"),
    path("risk-policy/draft/", views.draft, name="risk-policy-draft"),
    path("risk-policy/<uuid:policy_draft_id>/approve/", views.approve, name="risk-policy-approve"),
    path("risk-policy/<uuid:policy_draft_id>/reject/", views.reject, name="risk-policy-reject"),
]
