"""Commands of the channels, one a file."""
