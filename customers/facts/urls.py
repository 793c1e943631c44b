"""Addresses of an institution's own attributes."""

from django.urls import path

from customers.facts import views

urlpatterns = [
    path("attributes/", views.attributes, name="attributes"),
    path("attributes/new/", views.attribute_new, name="attribute-new"),
    path("attributes/<uuid:own_attribute_id>/", views.attribute, name="attribute"),
    path("attributes/<uuid:own_attribute_id>/decide/", views.attribute_decide, name="attribute-decide"),
    path("attributes/<uuid:own_attribute_id>/keep/", views.attribute_keep, name="attribute-keep"),
    path("attributes/<uuid:own_attribute_id>/retire/", views.attribute_retire, name="attribute-retire"),
    path("attributes/<uuid:own_attribute_id>/restore/", views.attribute_restore, name="attribute-restore"),
]
