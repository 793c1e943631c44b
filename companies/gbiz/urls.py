"""Addresses of gBizINFO's access and of one company's page."""

from django.urls import path

from companies.gbiz import views

urlpatterns = [
    path("settings/gbizinfo/", views.access_page, name="gbiz-access"),
    path("settings/gbizinfo/end/", views.access_end, name="gbiz-access-end"),
    path("customers/<uuid:customer_id>/gbizinfo/", views.profile, name="customer-gbiz"),
    path("customers/<uuid:customer_id>/gbizinfo/ask/", views.ask, name="customer-gbiz-ask"),
    path("customers/<uuid:customer_id>/gbizinfo/take/", views.take, name="customer-gbiz-take"),
]
