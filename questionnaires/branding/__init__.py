"""How an institution looks to its customers: its names, its colour, its mark, and where they reach it."""
