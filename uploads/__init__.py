"""Files that people send us: taken in, scanned, made harmless, kept sealed, and shown with care."""
