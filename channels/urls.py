"""Addresses that providers call."""

from django.urls import path

from channels import webhooks

urlpatterns = [
    path("line/<slug:public_id>/", webhooks.line, name="webhook-line"),
    path("twilio/<slug:public_id>/", webhooks.twilio, name="webhook-twilio-answers"),
    path("twilio/<slug:public_id>/<uuid:attempt_id>/", webhooks.twilio, name="webhook-twilio"),
    path("sms/<slug:public_id>/", webhooks.sms_gateway, name="webhook-sms"),
    path("mail/<slug:public_id>/", webhooks.mail_service, name="webhook-mail"),
    path("print/<slug:public_id>/", webhooks.print_shop, name="webhook-print"),
]
