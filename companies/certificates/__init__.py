"""Certificates of the commercial registry: who obtains them until when, what they say, and who checked it."""
