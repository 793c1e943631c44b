"""What may be entered of an account: each check gives the value as it is kept, or says what to enter instead."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from channels.line_rules import reply_problems, template_problems
from tenants.outgoing import OutgoingRefused, check_url

_DOMAIN = re.compile(r"(?=.{4,200}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")
_SENDER = re.compile(r"\+\d{7,15}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_BASIC_ID = re.compile(r"@[a-z0-9._-]{1,30}")


def one_line(value: str) -> str:
    """Nothing that would begin another line of a header or a record."""
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        raise ValidationError(_("Enter one line."))
    return value


def domain(value: str) -> str:
    """A name of DNS, in lower case."""
    name = value.lower().rstrip(".")
    if not _DOMAIN.fullmatch(name):
        raise ValidationError(_("Enter a domain such as bounce.bank.example."))
    return name


def selector(value: str) -> str:
    """The first part of a DKIM record's name."""
    if not _SELECTOR.fullmatch(value.lower()):
        raise ValidationError(_("Enter a selector such as k1."))
    return value.lower()


def mailbox(value: str) -> str:
    """An e-mail address."""
    validate_email(value)
    return value


def sms_sender(value: str) -> str:
    """A number, a name or a messaging service."""
    if not _SENDER.fullmatch(value):
        raise ValidationError(_("Enter a number such as +815012345678, a name of up to 11 letters, or MG…."))
    return value


def basic_id(value: str) -> str:
    """With its @."""
    if not _BASIC_ID.fullmatch(value):
        raise ValidationError(_("Enter the ID with its @, such as @bank."))
    return value


def header(value: str) -> str:
    """The name of a header of HTTP."""
    if not _HEADER.fullmatch(value):
        raise ValidationError(_("Enter the name of a header, such as X-API-Key."))
    return value


def address(value: str) -> str:
    """One that we may speak to; what it leads to is looked at again when we connect."""
    try:
        check_url(value)
    except OutgoingRefused as error:
        raise ValidationError(_("Enter an address of the internet that begins with https://.")) from error
    return value


def address_with_key(value: str) -> str:
    """With a place for our id."""
    if "{key}" not in value:
        raise ValidationError(_("Write {key} where the message's id stands."))
    address(value.replace("{key}", "0"))
    return value


def line_template(value: Any) -> Any:
    """LINE's template with its key and body."""
    if not isinstance(value, dict) or template_problems(value):
        raise ValidationError(_("LINE would refuse this template. Check templateKey, its items and its buttons."))
    return value


def auto_reply(value: str) -> str:
    """Within LINE's rules, and without a link."""
    if reply_problems(value):
        raise ValidationError(_("LINE would refuse this text, or it holds a link. Write it without links."))
    return value
