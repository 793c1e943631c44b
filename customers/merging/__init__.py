"""Two customers who are one: proposed by one person, approved by another, taken back if nothing was built on it."""
