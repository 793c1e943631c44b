"""Whose data it is: tenants, users, roles, the scope every query runs in, keys and encrypted fields."""
