"""Template vocabulary of the staff pages."""
