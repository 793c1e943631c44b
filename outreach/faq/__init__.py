"""Questions and answers of the help pages: the product's, and what an institution adds, rewords or hides."""
