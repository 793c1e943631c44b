"""Addresses of registry certificates."""

from django.urls import path

from companies.certificates import views

_ONE = "registry-certificates/<uuid:registry_certificate_id>/"
urlpatterns = [
    path("registry-certificates/", views.certificates, name="certificates"),
    path("customers/<uuid:customer_id>/certificates/", views.of_customer, name="customer-certificates"),
    path("customers/<uuid:customer_id>/certificates/new/", views.order, name="certificate-order"),
    path(_ONE, views.certificate, name="certificate"),
    path(f"{_ONE}papers/", views.add_paper, name="certificate-paper-add"),
    path(f"{_ONE}papers/<uuid:upload_id>/", views.paper, name="certificate-paper"),
    path(f"{_ONE}transcribe/", views.transcribe, name="certificate-transcribe"),
    path(f"{_ONE}check/", views.check, name="certificate-check"),
    path(f"{_ONE}return/", views.give_back, name="certificate-return"),
    path(f"{_ONE}cancel/", views.cancel, name="certificate-cancel"),
]
