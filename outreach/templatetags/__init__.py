"""Template vocabulary of calls and visits."""
