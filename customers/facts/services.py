"""Defining an institution's own attributes: by one person, or by two where the values are sensitive."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from audit.transitions import transition
from customers.facts.models import OwnAttribute
from customers.facts.own import PREFIX, SENSITIVE, Definition, Problem, choices_removed, fact_from, key_of, problems_of
from customers.facts.readers import readers_of
from customers.facts.selectors import definition_of, forget_own_facts
from customers.facts.shape import Fact, Kept
from customers.lists.selectors import lists_in_force
from customers.models import Customer
from tenants.permissions import Permission
from tenants.steps import Refused, Steps
from tenants.turns import take_turn

_STATUS = OwnAttribute.Status
_ONE_AT_A_TIME = 4_310  # advisory lock class; the key within it is the tenant
_SAID = ("name_ja", "name_en", "choices", "list_key", "titles", "bears_on_risk", "asks_customers")


class AttributeRefused(Exception):
    """The definition cannot be so; every reason, by field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = list(problems)


class StepRefused(Refused):
    """The attribute is not where this step could be taken; its text is a sentence for the person who asked."""

    OWN_WORK = _("Whoever proposed the attribute cannot decide on it. Ask somebody else.")
    TOO_LATE = _("The attribute has changed in the meantime. Look at its page again.")


_STEPS = Steps(StepRefused)


def lock_definitions() -> None:
    """One after the other until the transaction ends.

    Titles and the number of attributes are compared with all others, and what reads one may not begin to while it goes.
    """
    take_turn(_ONE_AT_A_TIME)


def define_attribute(*, definition: Definition, actor: Actor, now: datetime) -> OwnAttribute:
    """A new attribute: in use at once, or, if it is sensitive, when a second person has agreed.

    Raises:
        AttributeRefused: something is wrong with it.
        StepRefused: the role does not allow it.
    """
    with transaction.atomic():
        lock_definitions()
        standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
        _check(definition, _others())
        attribute: OwnAttribute = OwnAttribute.objects.create(
            code=definition.code,
            type=definition.type,
            kinds=definition.kinds,
            sensitivity=definition.sensitivity,
            **_said(definition),
            **standing.signs("proposed", now),
        )
        record("ownattribute.proposed", target=attribute, actor=actor, at=now, code=attribute.code)
        if attribute.sensitivity != SENSITIVE:
            transition(attribute, _STATUS.ACTIVE, actor=actor, at=now)
    forget_own_facts()
    return attribute


def change_attribute(*, attribute: OwnAttribute, definition: Definition, actor: Actor, now: datetime) -> None:
    """Other names, titles or choices; what the values are and how they are kept stays as it was defined.

    Raises:
        AttributeRefused: something is wrong with it, or a choice that customers may have is gone.
        StepRefused: the role does not allow it, or it is not in use.
    """
    with transaction.atomic():
        lock_definitions()
        _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
        mine: OwnAttribute = OwnAttribute.objects.select_for_update().get(pk=attribute.pk)
        if mine.status != _STATUS.ACTIVE:
            raise StepRefused(_("Only an attribute in use can be changed."))
        was = definition_of(mine)
        if was.bears_on_risk and not definition.bears_on_risk:
            _refuse_if_binding(mine)
        if was.asks_customers and not definition.asks_customers:
            _refuse_if_asked(mine)
        fixed = (was.code, was.type, was.kinds, was.sensitivity)
        if (definition.code, definition.type, definition.kinds, definition.sensitivity) != fixed:
            raise AttributeRefused([Problem("code", "fixed")])
        _check(definition, {key: fact for key, fact in _others().items() if key != key_of(was.code)})
        if used := _still_used(fact_from(was), choices_removed(was, definition)):
            raise AttributeRefused([Problem("choices", *used)])
        for name, value in _said(definition).items():
            setattr(mine, name, value)
        mine.save(update_fields=list(_SAID))
        record("ownattribute.changed", target=mine, actor=actor, at=now, code=mine.code)
    forget_own_facts()


def decide_attribute(*, attribute: OwnAttribute, is_agreed: bool, actor: Actor, now: datetime) -> None:
    """A second person puts a sensitive attribute in use, or refuses it.

    Raises:
        StepRefused: it is the same person, the role does not allow it, or it was decided already.
    """
    with transaction.atomic():
        standing = _STEPS.second(actor, Permission.APPROVE_SETTINGS, attribute.acts, now=now)
        decided = {"decided_by": standing.user_id, "decided_person": standing.person}
        _move(attribute, _STATUS.ACTIVE if is_agreed else _STATUS.REFUSED, _STATUS.PROPOSED, actor, now, **decided)


def retire_attribute(*, attribute: OwnAttribute, actor: Actor, now: datetime) -> None:
    """Nothing is added any more; what is known stays and can be read.

    Raises:
        StepRefused: the role does not allow it, or the risk policy in force reads it.
    """
    with transaction.atomic():
        lock_definitions()
        _refuse_if_binding(attribute)
        _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
        _move(attribute, _STATUS.RETIRED, _STATUS.ACTIVE, actor, now)


def restore_attribute(*, attribute: OwnAttribute, actor: Actor, now: datetime) -> None:
    """A retired attribute is in use again. Raises StepRefused."""
    with transaction.atomic():
        _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
        _move(attribute, _STATUS.ACTIVE, _STATUS.RETIRED, actor, now)


def _move(attribute: OwnAttribute, to: str, expected: str, actor: Actor, now: datetime, **changes: object) -> None:
    if attribute.status != expected:
        raise StepRefused(StepRefused.TOO_LATE)
    _STEPS.move(attribute, to, actor=actor, now=now, **changes)
    forget_own_facts()


def _refuse_if_binding(attribute: OwnAttribute) -> None:
    if binding := [reader.words for reader in readers_of(key_of(attribute.code)) if reader.is_binding]:
        raise StepRefused(
            _("%(readers)s would judge without it. Publish a version that does not read it, first.")
            % {"readers": _(", ").join(binding)}
        )


def _refuse_if_asked(attribute: OwnAttribute) -> None:
    if asking := [reader.words for reader in readers_of(key_of(attribute.code)) if reader.asks_customers]:
        raise StepRefused(
            _("%(readers)s asks customers for it. Publish a version that does not, first.")
            % {"readers": _(", ").join(asking)}
        )


def _others() -> dict[str, Fact]:
    rows = OwnAttribute.objects.exclude(status=_STATUS.REFUSED)
    return {PREFIX + row.code: fact_from(definition_of(row)) for row in rows}


def _check(definition: Definition, others: dict[str, Fact]) -> None:
    if problems := problems_of(definition, others, lists_in_force()):
        raise AttributeRefused(problems)


def _said(definition: Definition) -> dict[str, object]:
    return {
        "name_ja": definition.name.ja,
        "name_en": definition.name.en,
        "choices": [list(choice) for choice in definition.choices],
        "list_key": definition.list_key,
        "titles": list(definition.titles),
        "bears_on_risk": definition.bears_on_risk,
        "asks_customers": definition.asks_customers,
    }


def _still_used(fact: Fact, gone: Collection[str]) -> tuple[str, str] | None:
    """Why choices cannot go, and which; sealed values cannot be counted, so theirs never go."""
    if not gone:
        return None
    if fact.kept is not Kept.ATTRIBUTES:
        return "choice_sealed", ", ".join(gone)
    held = Customer.objects.filter(attributes__has_key=fact.key).values_list(f"attributes__{fact.key}", flat=True)
    used = {code for one in held.distinct() for code in (one if isinstance(one, list) else [one])}
    return next((("choice_in_use", code) for code in gone if code in used), None)
