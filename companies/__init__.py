"""What the register of corporate numbers says of companies, and what becomes of it for a tenant's customers."""
