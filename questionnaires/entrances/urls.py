"""Addresses of the page of how customers come in."""

from django.urls import path

from questionnaires.entrances import views

urlpatterns = [
    path("entrances/", views.entrances, name="entrances"),
    path("entrances/facts/", views.propose_policy, name="entrance-policy-propose"),
    path("entrances/facts/<uuid:entrance_policy_id>/", views.decide_policy, name="entrance-policy-decide"),
    path("entrances/keys/", views.propose_key, name="entrance-key-propose"),
    path("entrances/keys/<uuid:entrance_key_id>/", views.decide_key, name="entrance-key-decide"),
    path("entrances/keys/<uuid:entrance_key_id>/retire/", views.retire_key, name="entrance-key-retire"),
]
