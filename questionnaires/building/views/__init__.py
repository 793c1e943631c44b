"""The pages of questionnaires: the list, versions, drafts, their parts, and ways to look at them."""
