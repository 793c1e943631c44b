"""Accounts with providers as staff set them up: one table of options, and changes that two people make."""
