"""An institution's own domain for its customers' pages: proposed, approved, proved in DNS, served, and let go of."""
