"""What customers asked of us: no more messages at an address, or a LINE account tied to their file."""
