"""From the forms that banks' files come in (workbooks, fixed lengths, old calendars) to what the importer reads."""
