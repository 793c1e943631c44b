"""What to say on the telephone and at the door, and what customers ask: read out, so in a bank's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the conversation, or a question with its answer."""

    title: str
    text: str


def opening(tenant: Tenant, *, is_visit: bool) -> Sequence[Line]:
    """What is said before anything about the customer is."""
    bank = {"bank": tenant.name}
    if is_visit:
        greeting = gettext(
            "“Good day. I am (your name) of %(bank)s. I have come about a confirmation of your details.”"
        )
    else:
        greeting = gettext(
            "“Good day. This is (your name) of %(bank)s. I am calling about a confirmation of your details.”"
        )
    return [
        Line(gettext("Introduce yourself"), greeting % bank),
        Line(
            gettext("Say that they can make sure"),
            gettext(
                "“If you would like to make sure that it is really us, please call the number on your cash"
                " card or on our website.”"
            ),
        ),
        Line(
            gettext("Ask who you are speaking to"),
            gettext(
                "Let the person say two of the facts below and enter what they say. Never read anything out"
                " first, and never"
                " ask for a PIN or a password."
            ),
        ),
    ]


def explanation(tenant: Tenant) -> Sequence[Line]:
    """What is said once it is certain who they are."""
    return [
        Line(
            gettext("Explain"),
            gettext(
                "“By law and the guidelines of the Financial Services Agency we ask all customers from time"
                " to time whether their"
                " details are still right. It takes about five minutes, and there is no charge.”"
            ),
        ),
        Line(
            gettext("Take the answers"),
            gettext("Read out the questions as they stand, enter the answers, and read them back before sending."),
        ),
        Line(
            gettext("End the conversation"),
            gettext("“Thank you very much. If anything changes, please call us at %(phone)s.”")
            % {"phone": tenant.phone},
        ),
    ]


def questions(tenant: Tenant) -> Sequence[Line]:
    """What customers ask, and what to answer."""
    pairs = [
        (
            gettext("Is this really the bank?"),
            gettext(
                "We never ask for a PIN, a password or a card number, and never for money. Please hang up and"
                " call the number on your"
                " cash card or in your passbook, if you have any doubt."
            ),
        ),
        (
            gettext("Why me, and why now?"),
            gettext(
                "All customers are asked in turn, more or less often according to their dealings. It does not"
                " mean that anything is"
                " suspected."
            ),
        ),
        (
            gettext("Do I have to answer? By which law?"),
            gettext(
                "The Act on Prevention of Transfer of Criminal Proceeds and the guidelines of the Financial"
                " Services Agency oblige us"
                " to keep our customers' details up to date. We ask for your cooperation."
            ),
        ),
        (
            gettext("What happens if I do not answer?"),
            gettext(
                "We may ask you again, and dealings may be limited in part. Nothing is limited on account of"
                " this conversation."
            ),
        ),
        (
            gettext("Why do you ask about my work and my income?"),
            gettext("To understand which dealings are usual for you, so that misuse of your account can be noticed."),
        ),
        (
            gettext("Will it be used for sales?"),
            gettext("No. The answers are not used for sales."),
        ),
        (
            gettext("I have answered already."),
            gettext("Thank you. Answers take some days to arrive. I will check, and we will not trouble you again."),
        ),
        (
            gettext("I have moved, or my name has changed."),
            gettext("I can note it with your answers. A branch will tell you which papers are needed."),
        ),
        (
            gettext("I do not use the internet."),
            gettext("You can answer now as we speak, or at any branch."),
        ),
        (
            gettext("The account holder is ill, abroad, or has died."),
            gettext(
                "I am sorry to hear that. I will note it, and the branch will contact you. No answers are"
                " taken from others."
            ),
        ),
    ]
    return [Line(question, answer) for question, answer in pairs]
