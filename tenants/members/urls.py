"""Addresses of the members pages, of joining, and of asking for access."""

from django.urls import path

from tenants.members import views

urlpatterns = [
    path("members/", views.index, name="members"),
    path("members/invite/", views.invite, name="member-invite"),
    path("members/invitations/<uuid:invitation_id>/withdraw/", views.withdraw, name="invitation-withdraw"),
    path("members/<uuid:membership_id>/", views.member, name="member"),
    path("members/<uuid:membership_id>/change/", views.change, name="member-change"),
    path("members/<uuid:membership_id>/end/", views.end, name="member-end"),
    path("members/<uuid:membership_id>/reactivate/", views.reactivate, name="member-reactivate"),
    path("members/<uuid:membership_id>/grants/", views.give, name="grant-give"),
    path("members/<uuid:membership_id>/grants/take/", views.take, name="grant-take"),
    path("appointments/", views.appointments, name="appointments"),
    path("appointments/<uuid:membership_id>/confirm/", views.confirm, name="appointment-confirm"),
    path("appointments/<uuid:membership_id>/decline/", views.decline, name="appointment-decline"),
    path("branches/", views.branches, name="branches"),
    path("branches/<uuid:branch_id>/", views.branch, name="branch"),
    path("access/", views.request_access, name="access-request"),
    path("join/<str:token>/", views.join, name="join"),
]
