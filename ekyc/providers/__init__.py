"""One vendor a file: plain Python, configuration in by constructor."""
