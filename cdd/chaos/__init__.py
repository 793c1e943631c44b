"""Trials of faults: the product's own processes, killed again and again, and what the providers really accepted."""
