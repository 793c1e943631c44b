"""Template filters of the customer pages."""
