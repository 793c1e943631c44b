"""Commands of the customer file."""
