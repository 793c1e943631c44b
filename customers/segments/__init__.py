"""Segments: conditions on what stands plain in the customer file, kept under a name."""
