"""The representative's page, and the pages of who was asked."""
