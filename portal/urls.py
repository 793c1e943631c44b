"""The customer's addresses, all under /r/: a token opens the first two, a session the rest."""

from django.urls import path

from portal import views
from portal.delegating.views.asking import helpers
from portal.delegating.views.parts import parts
from portal.entering.views.handing import later, phone
from portal.helping import urls as helping
from portal.linking.views import line
from portal.receipts.views import copy, done
from portal.verifying.views import ekyc, ekyc_return

app_name = "portal"

urlpatterns = [
    *helping.urlpatterns,
    path("display/", views.display, name="display"),
    path("answer/", views.resume, name="resume"),
    path("answer/check/", views.check, name="check"),
    path("answer/ekyc/", ekyc, name="ekyc"),
    path("answer/ekyc/return/", ekyc_return, name="ekyc-return"),
    path("answer/done/", done, name="done"),
    path("answer/done/copy/", copy, name="copy"),
    path("part/", parts, name="parts"),
    path("part/<slug:page_id>/", parts, name="parts-page"),
    path("answer/helpers/", helpers, name="helpers"),
    path("answer/later/", later, name="later"),
    path("answer/phone/", phone, name="phone"),
    path("answer/line/", line, name="line"),
    path("answer/<slug:page_id>/", views.question, name="question"),
    path("<str:token>/", views.landing, name="landing"),
    path("<str:token>/identity/", views.identity, name="identity"),
]
