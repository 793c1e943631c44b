"""Pages of texts: writing and approving them, sending them as tests, seeing them as one customer would."""
