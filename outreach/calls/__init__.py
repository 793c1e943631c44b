"""When customers want to be called."""
