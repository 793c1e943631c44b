"""Addresses of texts: the list, one place with its versions, one version, tests of it, and the guest list."""

from django.urls import path

from channels.wording.views import customers, guests, texts, trials

_VERSION = "templates/places/<slug:place>/<int:version>/"

urlpatterns = [
    path("templates/", texts.index, name="templates"),
    path("templates/guests/", guests.index, name="template-guests"),
    path("templates/guests/<uuid:guest_id>/remove/", guests.remove, name="template-guest-remove"),
    path("templates/places/<slug:place>/", texts.place, name="template-place"),
    path("templates/places/<slug:place>/draft/", texts.draft, name="template-draft"),
    path(f"{_VERSION}test/", trials.send, name="template-test"),
    path(f"{_VERSION}letter/", trials.letter, name="template-letter"),
    path(f"{_VERSION}customer/", customers.find, name="template-customer-find"),
    path(f"{_VERSION}customer/<uuid:customer_id>/", customers.customer, name="template-customer"),
    path(f"{_VERSION}customer/<uuid:customer_id>/letter/", customers.letter, name="template-customer-letter"),
    path("templates/<uuid:template_id>/", texts.template, name="template"),
    path("templates/<uuid:template_id>/write/", texts.write, name="template-write"),
    path("templates/<uuid:template_id>/submit/", texts.submit, name="template-submit"),
    path("templates/<uuid:template_id>/approve/", texts.approve, name="template-approve"),
    path("templates/<uuid:template_id>/return/", texts.give_back, name="template-return"),
    path("templates/<uuid:template_id>/discard/", texts.discard, name="template-discard"),
]
