"""What the customer file offers at the command line."""
