"""The tenant's own addresses, under /b/: short enough to be read out and printed."""

from django.urls import path

from portal.entering import views

app_name = "entering"

urlpatterns = [
    path("<slug:slug>/", views.number, name="number"),
    path("<slug:slug>/identity/", views.identity, name="identity"),
]
