"""Adapters, one source a file."""
