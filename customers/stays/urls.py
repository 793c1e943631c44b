"""Addresses of stays that have ended."""

from django.urls import path

from customers.stays import views

urlpatterns = [
    path("ended-stays/", views.ended_stays, name="ended-stays"),
    path("ended-stays/<uuid:ended_stay_id>/", views.ended_stay, name="ended-stay"),
    path("ended-stays/<uuid:ended_stay_id>/decide/", views.decide, name="ended-stay-decide"),
]
