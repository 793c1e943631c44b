"""The receipt, and the copy of the answers to keep."""
