"""Return files: what was verified and changed, back to the core system in the bank's own layout."""
