"""Addresses of the pages about sending."""

from django.urls import path

from channels import finding, views
from channels.accounts import views as account_views
from channels.wishes import views as wish_views

urlpatterns = [
    path("channels/", views.index, name="sending"),
    path("channels/pause/", views.pause_all, name="sending-pause"),
    path("channels/resume/", views.resume_all, name="sending-resume"),
    path("channels/rules/", views.rules, name="sending-rules"),
    path("channels/<uuid:provider_account_id>/pause/", views.pause, name="sending-channel-pause"),
    path("channels/<uuid:provider_account_id>/resume/", views.resume, name="sending-channel-resume"),
    path("channels/<uuid:provider_account_id>/test/", views.test, name="sending-channel-test"),
    path("channels/<uuid:provider_account_id>/limits/", views.limits, name="sending-channel-limits"),
    path("channels/new/", account_views.new, name="sending-channel-new"),
    path("channels/<uuid:provider_account_id>/", account_views.account, name="sending-channel"),
    path("channels/<uuid:provider_account_id>/settings/", account_views.settings, name="sending-channel-settings"),
    path("channels/changes/<uuid:account_change_id>/approve/", account_views.approve, name="sending-change-approve"),
    path("channels/changes/<uuid:account_change_id>/reject/", account_views.reject, name="sending-change-reject"),
    path("notices/find/", finding.find_by_number, name="notice-find"),
    path("channels/opt-outs/", wish_views.opt_outs, name="sending-opt-outs"),
    path("channels/opt-outs/<uuid:opt_out_id>/end/", wish_views.opt_out_end, name="sending-opt-out-end"),
    path("customers/<uuid:customer_id>/line/end/", wish_views.line_end, name="customer-line-end"),
]
