"""What may be known of a customer: the catalogue of facts, and what an institution adds to it."""
