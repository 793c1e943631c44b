"""How a tenant lets its customers in: by which facts, and by whose word."""
