"""Custody of customers' keys: one small table in a database of its own, whose back-ups are short-lived."""
