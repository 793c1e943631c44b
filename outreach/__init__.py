"""Customers whom no message reaches: calls and visits by people, one task each."""
