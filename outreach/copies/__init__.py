"""The copy of their answers that customers keep: as a PDF, for the rest of the day on which they sent them."""
