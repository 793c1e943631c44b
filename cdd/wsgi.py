"""The web application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from cdd.checks import refuse_insecure_production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdd.settings")
refuse_insecure_production()
application = get_wsgi_application()
