"""The customer file: individuals, companies, contact points, imports and the history of what was known."""
