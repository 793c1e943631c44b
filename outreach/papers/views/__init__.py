"""The pages of paper answers."""
