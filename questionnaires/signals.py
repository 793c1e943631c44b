"""What questionnaires tell the parts above them."""

from django.dispatch import Signal

# Sent in the submitting transaction with response_id, reference and now.
response_submitted = Signal()
