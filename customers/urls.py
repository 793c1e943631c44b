"""Addresses of the customer book and its imports; the page of one customer is in reporting."""

from django.urls import include, path

from customers import views
from customers.imports import pages
from customers.matching import views as matching

urlpatterns = [
    path("customers/", views.index, name="customers"),
    path("customers/search/", views.search, name="customer-search"),
    path("customers/count/", views.count, name="customers-count"),
    path("", include("customers.segments.urls")),
    path("", include("customers.facts.urls")),
    path("", include("customers.lists.urls")),
    path("", include("customers.editing.urls")),
    path("customers/<uuid:customer_id>/end/", views.end, name="customer-end"),
    path("customers/matches/", matching.matches, name="customer-matches"),
    path("customers/matches/<uuid:match_candidate_id>/", matching.match, name="customer-match"),
    path("customers/matches/<uuid:match_candidate_id>/judge/", matching.match_judge, name="customer-match-judge"),
    path(
        "customers/matches/<uuid:match_candidate_id>/take-back/",
        matching.match_take_back,
        name="customer-match-take-back",
    ),
    path("imports/", pages.imports, name="imports"),
    path("imports/new/", pages.import_new, name="import-new"),
    path("imports/<uuid:import_id>/", pages.import_detail, name="import"),
    path("imports/<uuid:import_id>/reading/", pages.import_reading, name="import-reading"),
    path("imports/<uuid:import_id>/columns/", pages.import_columns, name="import-columns"),
    path("imports/<uuid:import_id>/reopen/", pages.import_reopen, name="import-reopen"),
    path("imports/<uuid:import_id>/commit/", pages.import_commit, name="import-commit"),
    path("imports/<uuid:import_id>/discard/", pages.import_discard, name="import-discard"),
    path("imports/<uuid:import_id>/undo/", pages.import_undo, name="import-undo"),
    path("imports/<uuid:import_id>/changes/", pages.import_changes, name="import-changes"),
    path("imports/<uuid:import_id>/errors.csv", pages.import_errors, name="import-errors"),
    path("", include("customers.accounts.urls")),
    path("", include("customers.fixed_layouts.urls")),
    path("", include("customers.merging.urls")),
    path("", include("customers.flags.urls")),
    path("", include("customers.stays.urls")),
    path("", include("customers.related.urls")),
    path("", include("customers.exporting.urls")),
]
