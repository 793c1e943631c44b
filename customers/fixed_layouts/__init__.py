"""Layouts of fixed-length files: how a bank's host writes its records, kept under a name and chosen at the upload."""
