"""Ties to the bank's other systems: files that go back to the core system."""
