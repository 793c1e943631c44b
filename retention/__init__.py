"""How long what is kept, who may stop its destruction, and how it is destroyed by two people on the record."""
