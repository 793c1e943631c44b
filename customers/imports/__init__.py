"""From a bank's file to the customer file: kept, read, taken in, settled."""
