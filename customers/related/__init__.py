"""The people and companies behind a customer, and what the law makes of a company's owners."""
