"""Addresses of campaigns."""

from django.urls import path

from campaigns import views
from campaigns.resends import views as resend_views

urlpatterns = [
    path("campaigns/", views.index, name="campaigns"),
    path("campaigns/new/", views.new, name="campaign-new"),
    path("campaigns/<uuid:campaign_id>/", views.campaign, name="campaign"),
    path("campaigns/<uuid:campaign_id>/customers/", views.customers, name="campaign-customers"),
    path("campaigns/<uuid:campaign_id>/steps/", views.steps, name="campaign-steps"),
    path("campaigns/<uuid:campaign_id>/letter.pdf", views.letter, name="campaign-letter"),
    path("campaigns/<uuid:campaign_id>/submit/", views.submit, name="campaign-submit"),
    path("campaigns/<uuid:campaign_id>/approve/", views.approve, name="campaign-approve"),
    path("campaigns/<uuid:campaign_id>/reject/", views.reject, name="campaign-reject"),
    path("campaigns/<uuid:campaign_id>/pause/", views.pause, name="campaign-pause"),
    path("campaigns/<uuid:campaign_id>/resume/", views.resume, name="campaign-resume"),
    path("campaigns/<uuid:campaign_id>/close/", views.close, name="campaign-close"),
    path("campaigns/<uuid:campaign_id>/resend/", resend_views.campaign_resend, name="campaign-resend"),
    path("notices/<uuid:delivery_attempt_id>/resend/", resend_views.attempt_resend, name="campaign-resend-one"),
    path("resends/", resend_views.resends, name="campaign-resends"),
    path("resends/<uuid:resend_proposal_id>/", resend_views.resend, name="campaign-resend-proposal"),
    path("resends/<uuid:resend_proposal_id>/approve/", resend_views.approve, name="campaign-resend-approve"),
    path("resends/<uuid:resend_proposal_id>/reject/", resend_views.reject, name="campaign-resend-reject"),
]
