"""Seeing and showing: the home page, figures, the audit list and evidence."""
