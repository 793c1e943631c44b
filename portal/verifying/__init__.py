"""The identity check that follows the answers."""
