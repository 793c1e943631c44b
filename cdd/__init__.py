"""Puts the product together: settings, URLs, Celery, servers and commands; holds no business rule."""
