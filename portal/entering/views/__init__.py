"""One entrance a file."""
