"""The addresses on an institution's own host: its customers' pages, under the paths they have everywhere, and nothing
else. Two are shorter there, to be read out and typed: its first page and the page that says whether it wrote.
"""

from django.urls import include, path

from portal.entering.views.authenticity import authenticity
from portal.entering.views.own import check_here, enter_here, not_here
from portal.helping.views.questions import questions
from questionnaires.branding import serving

urlpatterns = [
    path("", enter_here, name="own-entry"),
    path("check/", check_here, name="own-check"),
    path("r/", include("portal.urls")),
    path("b/", include("portal.entering.urls")),
    path("check/<slug:slug>/", authenticity, name="authenticity"),
    path("check/<slug:slug>/questions/<slug:topic>/", questions, name="questions"),
    path("looks/<slug:made>/<slug:digest>.css", serving.sheet, name="look-sheet"),
    path("looks/<slug:slug>/<slug:digest>.png", serving.mark, name="look-mark"),
]

handler404 = not_here
