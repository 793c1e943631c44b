"""Where a customer who answered ties their LINE account."""
