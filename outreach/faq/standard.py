"""What customers ask, and what the product answers, by audience and topic; says nothing about anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = Promise | str

PERSON, COMPANY, FOREIGN = "person", "company", "foreign"
AUDIENCES: Mapping[str, Words] = {
    PERSON: _("For individuals"),
    COMPANY: _("For companies"),
    FOREIGN: _("For residents from abroad"),
}
TOPICS: Mapping[str, Words] = {
    "notice": _("About this notice"),
    "answering": _("About answering"),
    "situations": _("If something is different with you"),
    "data": _("About what you tell us"),
}
_ALL = frozenset(AUDIENCES)
_PEOPLE = frozenset({PERSON, FOREIGN})


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its answer; places such as ``%(phone)s`` stand for the institution's own."""

    code: str
    topic: str
    ask: Words
    answer: Words
    audiences: frozenset[str] = _ALL


QUESTIONS: Sequence[Question] = (
    Question(
        "genuine",
        "notice",
        _("Is this notice genuine? Is it not fraud?"),
        _(
            "Look at the address of the page, or enter the reference number on the page “Is this notice genuine?”."
            " We never ask for your PIN or password, and never for money."
        ),
    ),
    Question(
        "why",
        "notice",
        _("Why did I get it now, and not my family?"),
        _(
            "We ask all customers in turn, every few years. The turn of your family may come at another time. It is"
            " not because of anything in your transactions."
        ),
        _PEOPLE,
    ),
    Question(
        "why-company",
        "notice",
        _("Why did our company get it now?"),
        _(
            "We ask all companies in turn, every few years, and when the register shows a change. It is not because"
            " of anything in your transactions."
        ),
        frozenset({COMPANY}),
    ),
    Question(
        "law",
        "notice",
        _("Which law is it based on?"),
        _(
            "On the Act on Prevention of Transfer of Criminal Proceeds and the guidelines of the Financial Services"
            " Agency. Every bank has to keep its customers’ details up to date."
        ),
    ),
    Question(
        "others",
        "notice",
        _("Another bank sent me the same thing."),
        _("Every bank makes this check for itself. Please answer each of them."),
    ),
    Question(
        "must",
        "answering",
        _("Do I have to answer?"),
        _(
            "It is a request based on the law and on the terms of your account. If there is something you do not"
            " want to answer, please tell us. We will listen and look for another way."
        ),
    ),
    Question(
        "silence",
        "answering",
        _("What happens if I do not answer, or the date has passed?"),
        _(
            "We contact you again by letter or telephone. Your account does not suddenly stop working. After the"
            " date you can still answer: with the same link, or by telephone."
        ),
    ),
    Question(
        "again",
        "answering",
        _("I have answered, and it came again."),
        _("Our letters crossed. We are sorry. Please throw it away."),
    ),
    Question(
        "accounts",
        "answering",
        _("I have several accounts."),
        _("Please answer once. It counts for all your accounts with us."),
    ),
    Question(
        "offline",
        "answering",
        _("I use neither a smartphone nor a computer."),
        _("You can answer by telephone, on paper or at a branch. Please call %(phone)s."),
        _PEOPLE,
    ),
    Question(
        "who-answers",
        "answering",
        _("Who in the company should answer?"),
        _(
            "Somebody who knows its business and its owners, for the representative. The persons who own or direct"
            " it may be asked for their own part."
        ),
        frozenset({COMPANY}),
    ),
    Question(
        "moved",
        "situations",
        _("I have moved, or my name has changed."),
        _(
            "You can change your address on the answer pages. For a change of name please bring a document with"
            " both names to a branch."
        ),
        _PEOPLE,
    ),
    Question(
        "company-changed",
        "situations",
        _("The company’s name, address or representative has changed."),
        _("Please enter it on the answer pages. If we need papers, the pages say which ones."),
        frozenset({COMPANY}),
    ),
    Question(
        "renewal",
        "situations",
        _("I have applied to extend my stay and do not have the new residence card yet."),
        _(
            "While your application is being examined you may stay up to two months longer. Please send the front"
            " and the back of your card, with the stamp that you have applied, and the new card when it comes."
        ),
        frozenset({FOREIGN}),
    ),
    Question(
        "abroad",
        "situations",
        _("I am abroad."),
        _("The pages work from abroad too. If you have moved there, please call us or write to us."),
        _PEOPLE,
    ),
    Question(
        "hospital",
        "situations",
        _("The account holder is in hospital, or cannot answer alone."),
        _(
            "The family may help with these pages, beside them. If they cannot decide themselves, please tell us"
            " on the page “If you cannot or do not wish to answer”."
        ),
        _PEOPLE,
    ),
    Question(
        "guardian",
        "situations",
        _("I am a guardian or an agent."),
        _("A guardian may answer in the customer’s place once we have seen the papers. As an agent, please call us."),
        _PEOPLE,
    ),
    Question(
        "died",
        "situations",
        _("The account holder has died."),
        _(
            "Please accept our condolences. You need not answer. Please tell us on the page “If you cannot or do not"
            " wish to answer”, or call %(phone)s."
        ),
        _PEOPLE,
    ),
    Question(
        "lost-papers",
        "situations",
        _("I have lost my identity document."),
        _(
            "Please choose another document from the list, or call us. If a card or a passbook of ours is lost,"
            " please call at once."
        ),
        _PEOPLE,
    ),
    Question(
        "work",
        "data",
        _("Why do you ask about my work and what the account is for?"),
        _(
            "If we know what is usual for you, we notice sooner when something is not, and can keep your account"
            " from being misused."
        ),
    ),
    Question(
        "owners",
        "data",
        _("Why do you ask for the persons behind the company?"),
        _("The law asks us to know the people who own or control a company. We use it for nothing else."),
        frozenset({COMPANY}),
    ),
    Question(
        "use",
        "data",
        _("What are the answers used for, and how long are they kept?"),
        _(
            "Only to keep your details right and your account from being misused, not for sales. The law asks us to"
            " keep records for seven years after the end of our dealings."
        ),
    ),
    Question(
        "my-number",
        "data",
        _("Do you need my My Number?"),
        _("No, not the 12 digits. Please neither write them nor send a picture of them."),
        _PEOPLE,
    ),
)

# What the law or the customers' trust asks for: the words may be the institution's own, but they are always there.
ALWAYS_SHOWN = frozenset({"genuine", "law", "must", "use"})
