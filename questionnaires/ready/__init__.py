"""The ready questionnaires on their page, and what came of them."""
