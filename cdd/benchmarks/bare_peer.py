"""What Django can do at most on this server: a view without middleware that reads one row by an index.

A WSGI application of its own, for gunicorn with the product's settings of the server.
"""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdd.settings")
django.setup(set_prefix=False)
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__
application = WSGIHandler()


def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The name of a bank."""
    from tenants.models import Tenant

    name = Tenant.objects.get(slug=slug).name.encode()
    return HttpResponse(name, headers={"Content-Length": str(len(name))})


urlpatterns = [path("<slug:slug>/", show)]
