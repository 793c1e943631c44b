"""Template vocabulary of the customer file."""
