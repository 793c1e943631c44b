"""The tenant's own addresses, under /b/: short enough to be read out and printed."""

from django.urls import path

from portal.delegating.views.parts import part
from portal.entering.views import numbers
from portal.entering.views.app import app
from portal.entering.views.tickets import ticket

app_name = "entering"

urlpatterns = [
    path("<slug:slug>/", numbers.number, name="number"),
    path("<slug:slug>/part/<str:token>/", part, name="part"),
    path("<slug:slug>/app/", app, name="app"),
    path("<slug:slug>/t/<str:token>/", ticket, name="ticket"),
    path("<slug:slug>/identity/", numbers.identity, name="identity"),
]
