"""How a person gets in: passwords, second factors, the institution's own identity provider, sessions and their end."""
