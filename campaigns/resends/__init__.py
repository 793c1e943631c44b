"""Notices sent again because one person asked for it and another let it happen."""
