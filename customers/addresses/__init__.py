"""Japanese addresses in parts, compared with what Japan Post says of their postal code."""
