"""Exports: the customer book, or a part of it, as a file that one person ordered and that does not stay."""
