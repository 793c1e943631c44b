"""Every address of the product: staff pages, the customer's pages under /r/ and /b/, webhooks, health."""

from django.conf import settings
from django.urls import include, path

from cdd import health
from cdd.hosts import may_have_certificate
from cdd.operators import pages  # noqa: F401  # registers them
from cdd.operators.site import site as operators
from portal.entering.views.authenticity import authenticity
from portal.helping.views.questions import questions

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("internal/certificate/", may_have_certificate, name="may-have-certificate"),
    path("r/", include("portal.urls")),
    path("b/", include("portal.entering.urls")),
    path("check/<slug:slug>/", authenticity, name="authenticity"),
    path("check/<slug:slug>/questions/<slug:topic>/", questions, name="questions"),
    path("webhooks/", include("channels.urls")),
    path("webhooks/", include("ekyc.urls")),
    path(settings.ADMIN_PATH, operators.urls),
    path("", include("tenants.urls")),
    path("", include("reporting.urls")),
    path("", include("retention.urls")),
    path("", include("customers.urls")),
    path("", include("risk.urls")),
    path("", include("questionnaires.building.urls")),
    path("", include("channels.pages")),
    path("", include("channels.mail_setup.urls")),
    path("", include("questionnaires.ready.urls")),
    path("", include("questionnaires.xlsform.urls")),
    path("", include("questionnaires.branding.urls")),
    path("", include("questionnaires.entrances.urls")),
    path("", include("campaigns.urls")),
    path("", include("channels.wording.urls")),
    path("", include("reviews.urls")),
    path("", include("outreach.urls")),
    path("", include("companies.urls")),
    path("", include("integrations.urls")),
]

handler403 = "tenants.explaining.refused"
handler404 = "tenants.explaining.not_found"
