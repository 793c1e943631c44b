"""Every event the code records reads as a sentence, and one that it does not know still reads."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.utils import translation

from audit.models import AuditEvent
from audit.transitions import Stateful, event_name
from reporting.sentences import SENTENCES, Names, describe
from tests.conftest import NOW, ROOT


def event(name: str, *, kind: str = "user", actor: str = "7", payload: str = "{}") -> AuditEvent:
    return AuditEvent(
        id=1,
        tenant_id=1,
        at=NOW,
        actor_kind=kind,
        actor_id=actor,
        event=name,
        target_type="customers.customer",
        target_id="0193-abc",
        payload=payload,
    )


NAMES = Names(users={"7": "佐伯 真由美"}, targets={("customers.customer", "0193-abc"): "0048213907"})


def test_every_arrival_in_a_status_has_its_sentence() -> None:
    """A status added to a model without a sentence is named here."""
    reachable = {
        event_name(model, status)
        for model in apps.get_models()
        if issubclass(model, Stateful)
        for statuses in model.TRANSITIONS.values()
        for status in statuses
    }
    assert reachable - SENTENCES.keys() == set()


def test_every_act_that_services_record_has_its_sentence() -> None:
    """Read from the source: an act recorded anywhere without a sentence is named here."""
    recorded = {
        name
        for path in ROOT.rglob("*.py")
        if is_ours(path)
        for name in re.findall(r"record(?:_many|_ids)?\(\s*\"([a-z_]+\.[a-z_]+)\"", path.read_text(encoding="utf-8"))
    }
    assert len(recorded) > 10
    assert recorded - SENTENCES.keys() == set()


def is_ours(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] not in {"tests", "sandbox", ".venv", ".data", ".tools"}


def test_a_sentence_says_who_did_what_to_whom() -> None:
    with translation.override("en"):
        line = describe(event("customer.viewed", payload='{"reason":"INQUIRY"}'), NAMES)
    assert line.text == "佐伯 真由美 looked at the personal data of customer 0048213907."
    assert line.details == ["Reason: To answer the customer's inquiry"]


def test_an_event_nobody_has_heard_of_still_reads() -> None:
    with translation.override("en"):
        line = describe(event("comet.passed", kind="system", actor="sky"), NAMES)
    assert line.text == "The system: comet.passed (0048213907)"


def test_an_event_without_its_data_reads_with_a_dash() -> None:
    with translation.override("en"):
        line = describe(event("customer.rated"), NAMES)
    assert line.text == "Customer 0048213907 was rated —."


def test_codes_read_as_words() -> None:
    with translation.override("en"):
        line = describe(event("customer.rated", payload='{"tier":"HIGH"}'), NAMES)
    assert line.text == "Customer 0048213907 was rated High."


def test_starting_and_resuming_a_campaign_read_differently() -> None:
    started = describe(event("campaign.running", payload='{"was":"AWAITING_APPROVAL"}'), NAMES)
    resumed = describe(event("campaign.running", payload='{"was":"PAUSED"}'), NAMES)
    assert started.text != resumed.text


def test_everybody_who_acts_has_a_name() -> None:
    with translation.override("en"):
        actors = [
            describe(event("campaign.paused", kind=kind, actor=actor), NAMES).text.split(" stopped")[0]
            for kind, actor in (("user", "7"), ("user", "8"), ("customer", "x"), ("provider", "line"), ("system", "y"))
        ]
    assert actors == ["佐伯 真由美", "A former member of staff", "The customer", "The provider line", "The system"]
