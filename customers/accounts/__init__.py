"""Accounts: which a customer has, of which products, and what follows from having none left."""
