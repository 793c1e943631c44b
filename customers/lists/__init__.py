"""Lists of choices that an institution words, arranges and adds to: occupations, kinds of business, its own."""
