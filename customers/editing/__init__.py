"""Editing what is on file about one customer, by hand, with a reason."""
