"""The page of an e-mail account's domain: what DNS must say, what it says, and what signs the mail."""
