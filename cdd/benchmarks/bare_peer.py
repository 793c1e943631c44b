"""What Django can do at most on this server: a view without middleware that reads one row by an index.

For gunicorn with the product's settings of the server, as `cdd.benchmarks.bare_peer:build()`.
"""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path


def build() -> WSGIHandler:
    """An application of its own. Called and not imported, because it changes the settings of the whole process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdd.settings")
    django.setup(set_prefix=False)
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = __name__
    return WSGIHandler()


def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The name of a bank."""
    from tenants.models import Tenant

    name = Tenant.objects.get(slug=slug).name.encode()
    return HttpResponse(name, headers={"Content-Length": str(len(name))})


urlpatterns = [path("<slug:slug>/", show)]
