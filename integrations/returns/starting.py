"""What the page of the layout begins with where none is set: the usual facts, each with its mark, in a CSV file."""

from __future__ import annotations

from collections.abc import Mapping

from customers.facts.catalogue import COLUMNS
from customers.facts.shape import Fact
from integrations.returns.layouts import MARK, ReturnForm, form_from

_FACTS = ("name", "kana", "postal_code", "address", "phone", "email", "occupation", "purpose")


def starting_form(facts: Mapping[str, Fact]) -> ReturnForm:
    """A layout to change; ``facts`` are those that there are."""
    body = [{"what": "customer_number", "title": COLUMNS["customer_number"][0]}]
    for key in _FACTS:
        title = COLUMNS[key][0]
        body += [{"what": key, "title": title}, {"what": f"{MARK}{key}", "title": f"{title}変更区分"}]
    document = {"format": "csv", "encoding": "cp932", "newline": "crlf", "titles": True, "body": body}
    return form_from(document, facts=facts)
