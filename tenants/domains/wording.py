"""What staff are told about domains."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: Mapping[str, Promise | str] = {
    "malformed": _("This is no name of a host. Enter it as in an address, such as kakunin.example-bank.co.jp."),
    "ip": _("Enter a name, not an IP address: customers cannot recognise a number."),
    "port": _("Enter the name alone, without a port."),
    "suffix": _("This is no domain of one institution. Enter the whole name."),
    "nowhere": _("Names with this ending exist in no public DNS."),
    "script": _("This name mixes letters that look alike. Use Latin letters, or Japanese ones, in each part."),
    "ours": _("This name belongs to the service itself. Enter one of your own."),
    "lookalike": _("This name is easily mistaken for another. Customers could not tell which one is genuine."),
    "taken": _("Another institution’s pages are served there. It has to end that first."),
}
