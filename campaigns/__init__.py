"""The story: who is due, what they are sent, when, and what happens next."""
