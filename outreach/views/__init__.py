"""Pages of calls and visits: the lists and one task, answers on behalf, the record of a visit."""
