"""Parts of a company's answers that somebody else gives, asked for by its representative."""
