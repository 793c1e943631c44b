"""How risky a customer is, why, and therefore how often they are reviewed."""
