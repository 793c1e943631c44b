"""Flags on customers: who is left alone, who is reached otherwise, and why, which few may read."""
