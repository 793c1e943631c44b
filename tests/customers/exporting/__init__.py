"""Exports of the customer book."""
