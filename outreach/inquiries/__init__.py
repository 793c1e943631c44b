"""What customers ask in writing, and what is answered."""
