"""Sentences of Django's own that our catalogue says anew, in words that a bank would use."""

from django.utils.translation import gettext_noop

# What is missing may be a choice as well as a text.
MISSING = gettext_noop("This field is required.")
