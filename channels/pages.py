"""Addresses of the pages about sending."""

from django.urls import path

from channels import views

urlpatterns = [
    path("channels/", views.index, name="sending"),
    path("channels/pause/", views.pause_all, name="sending-pause"),
    path("channels/resume/", views.resume_all, name="sending-resume"),
    path("channels/rules/", views.rules, name="sending-rules"),
    path("channels/<uuid:provider_account_id>/pause/", views.pause, name="sending-channel-pause"),
    path("channels/<uuid:provider_account_id>/resume/", views.resume, name="sending-channel-resume"),
    path("channels/<uuid:provider_account_id>/test/", views.test, name="sending-channel-test"),
    path("channels/<uuid:provider_account_id>/limits/", views.limits, name="sending-channel-limits"),
]
