"""Template vocabulary of campaigns."""
