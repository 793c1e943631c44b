"""Photographs and papers that are handed in with the answers."""
