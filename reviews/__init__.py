"""Judgement: answers against the file, discrepancies, decisions and the second pair of eyes."""
