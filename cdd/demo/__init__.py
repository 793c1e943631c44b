"""The demonstration: two invented banks, and a driver that lives the whole story through their pages."""
