"""Addresses of paper answers."""

from django.urls import path

from outreach.papers.views import keying, policy, printing, working

_ONE = "papers/<uuid:paper_answer_id>/"
urlpatterns = [
    path("papers/", working.index, name="papers"),
    path("papers/new/", working.receive, name="paper-receive"),
    path("papers/policy/", policy.policy, name="paper-policy"),
    path("papers/policy/propose/", policy.propose, name="paper-policy-propose"),
    path("papers/policy/<uuid:paper_policy_id>/", policy.decide, name="paper-policy-decide"),
    path("papers/print/<uuid:response_id>/", printing.sheet, name="paper-print"),
    path(_ONE, working.detail, name="paper-answer"),
    path(f"{_ONE}scans/", working.add, name="paper-scan-add"),
    path(f"{_ONE}scans/<uuid:upload_id>/", working.scan, name="paper-scan"),
    path(f"{_ONE}keying/", working.key, name="paper-key-begin"),
    path(f"{_ONE}checking/", working.check, name="paper-check-begin"),
    path(f"{_ONE}discard/", working.discard, name="paper-discard"),
    path(f"{_ONE}resume/", working.resume, name="paper-resume"),
    path(f"{_ONE}return/", working.give_back, name="paper-return"),
    path(f"{_ONE}look/", working.look, name="paper-look"),
    path(f"{_ONE}key/", keying.keyed, name="paper-key"),
    path(f"{_ONE}key/<slug:page>/", keying.key_one, name="paper-key-page"),
    path(f"{_ONE}check/", keying.checked, name="paper-check"),
    path(f"{_ONE}check/<slug:page>/", keying.check_one, name="paper-check-page"),
]
