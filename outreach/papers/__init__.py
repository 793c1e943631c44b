"""Answers that come back on paper: received, keyed by one person, checked by another, and only then an answer."""
