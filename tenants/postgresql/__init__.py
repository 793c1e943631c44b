"""Django's PostgreSQL backend, with every transaction bound to one tenant."""
