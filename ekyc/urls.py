"""Addresses that eKYC providers call."""

from django.urls import path

from ekyc import webhooks

urlpatterns = [path("ekyc/<slug:public_id>/", webhooks.hosted_page, name="webhook-ekyc")]
