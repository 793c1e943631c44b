"""What is told of a customer's circumstances: died, in a guardian's care, not willing to answer, not meant."""
