"""Template vocabulary of questionnaires."""
