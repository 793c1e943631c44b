"""Views of help, and the door they have in common."""
