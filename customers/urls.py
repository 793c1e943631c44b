"""Addresses of the customer book and its imports; the page of one customer is in reporting."""

from django.urls import include, path

from customers import views
from customers.matching import views as matching

urlpatterns = [
    path("customers/", views.index, name="customers"),
    path("customers/search/", views.search, name="customer-search"),
    path("", include("customers.segments.urls")),
    path("customers/<uuid:customer_id>/end/", views.end, name="customer-end"),
    path("customers/matches/", matching.matches, name="customer-matches"),
    path("customers/matches/<uuid:match_candidate_id>/", matching.match, name="customer-match"),
    path("customers/matches/<uuid:match_candidate_id>/judge/", matching.match_judge, name="customer-match-judge"),
    path(
        "customers/matches/<uuid:match_candidate_id>/take-back/",
        matching.match_take_back,
        name="customer-match-take-back",
    ),
    path("imports/", views.imports, name="imports"),
    path("imports/new/", views.import_new, name="import-new"),
    path("imports/<uuid:import_id>/", views.import_detail, name="import"),
    path("imports/<uuid:import_id>/errors.csv", views.import_errors, name="import-errors"),
]
