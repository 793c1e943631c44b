"""The customer's side: every page that is reachable without a login."""
