"""Proving that the person answering is who they say they are, through a provider."""
