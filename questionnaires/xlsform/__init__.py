"""Questionnaires as XLSForm workbooks: what other tools and people with a spreadsheet write and read."""
