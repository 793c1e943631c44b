"""Addresses of calls and visits."""

from django.urls import include, path

from outreach.claims import views as claims
from outreach.inquiries import views as inquiries
from outreach.views import answering, assigning, entering, visiting, working

urlpatterns = [
    path("", include("outreach.papers.urls")),
    path("", include("outreach.faq.urls")),
    path("outreach/", working.index, name="outreach"),
    path("outreach/capacity/", assigning.capacity, name="outreach-capacity"),
    path("outreach/workload/", assigning.workload, name="outreach-workload"),
    path("outreach/assign/", assigning.assign_many, name="outreach-assign-many"),
    path("outreach/ask/<uuid:response_id>/", entering.ask, name="outreach-ask"),
    path("outreach/<uuid:task_id>/", working.detail, name="outreach-task"),
    path("outreach/<uuid:task_id>/take/", working.take, name="outreach-take"),
    path("outreach/<uuid:task_id>/assign/", assigning.assign, name="outreach-assign"),
    path("outreach/<uuid:task_id>/cancel/", working.cancel, name="outreach-cancel"),
    path("outreach/<uuid:task_id>/try/", working.tell, name="outreach-try"),
    path("outreach/<uuid:task_id>/identity/", working.identity, name="outreach-identity"),
    path("outreach/<uuid:task_id>/answer/", answering.begin, name="outreach-begin"),
    path("outreach/<uuid:task_id>/answer/check/", answering.check, name="outreach-check"),
    path("outreach/<uuid:task_id>/answer/<slug:page>/", answering.question, name="outreach-question"),
    path("outreach/<uuid:task_id>/visit/<slug:step>/", visiting.visit, name="outreach-visit"),
    path("outreach/<uuid:task_id>/photos/<uuid:upload_id>/", visiting.photo, name="outreach-photo"),
    path("inquiries/", inquiries.index, name="inquiries"),
    path("inquiries/<uuid:inquiry_id>/", inquiries.detail, name="inquiry"),
    path("inquiries/<uuid:inquiry_id>/answer/", inquiries.answer, name="inquiry-answer"),
    path("inquiries/<uuid:inquiry_id>/take/", inquiries.take, name="inquiry-take"),
    path("inquiries/<uuid:inquiry_id>/assign/", inquiries.assign, name="inquiry-assign"),
    path("inquiries/<uuid:inquiry_id>/close/", inquiries.close, name="inquiry-close"),
    path("inquiries/<uuid:inquiry_id>/reopen/", inquiries.reopen, name="inquiry-reopen"),
    path("claims/", claims.index, name="claims"),
    path("claims/<uuid:claim_id>/", claims.detail, name="claim"),
    path("claims/<uuid:claim_id>/decide/", claims.decide, name="claim-decide"),
    path("customers/<uuid:customer_id>/outreach/", entering.new, name="outreach-new"),
]
