"""The weather: who fails, how often, how late, and who answers what; seeded, so a run can be repeated."""

import copy
import hashlib
import json
import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

Document = dict[str, Any]
OK = "ok"

_HTTP_TROUBLE = {"fail_before", "fail_after", "timeout_before", "timeout_after", "rate_limited"}
REQUEST_OUTCOMES: dict[str, set[str]] = {
    "line": _HTTP_TROUBLE | {"quota"},
    "pnp": _HTTP_TROUBLE | {"quota", "forbidden"},
    "sms": _HTTP_TROUBLE,
    "email": {"defer", "drop_before", "drop_after"},
    "post": _HTTP_TROUBLE,
    "ekyc": _HTTP_TROUBLE,
    "houjin": _HTTP_TROUBLE,
    "gbiz": _HTTP_TROUBLE,
}
RECIPIENT_OUTCOMES: dict[str, str] = {
    "line": r"blocked|invalid",
    "pnp": r"never|unknown",
    "sms": r"2[01]\d{3}|(undelivered|failed):30\d{3}|sent_forever",
    "email": r"(reject|defer):[45]\d\d|bounce:[45]\.\d+\.\d+|bounce_plain|out_of_office|complaint",
    "post": r"returned:(unknown_address|moved|refused|unclaimed)|rejected:\w+",
    "ekyc": r"rejected:\w+",
    "houjin": r"(closed|merged|moved|renamed|reopened)(:\d{4}-\d\d-\d\d)?",
}
OPTIONAL = {"callback_base", "bounce_smtp"}
PERSONAS = ("unchanged", "moved", "changed_job", "sends_abroad", "silent", "wrong_identity", "late_half")

DEFAULT: Document = {
    "seed": "keizoku",
    "request": {
        "line": {"fail_before": 0.006, "fail_after": 0.004, "rate_limited": 0.004},
        "pnp": {"fail_before": 0.006, "fail_after": 0.003, "rate_limited": 0.004},
        "sms": {"fail_before": 0.006, "fail_after": 0.004, "rate_limited": 0.004},
        "email": {"defer": 0.006, "drop_before": 0.003},
        "post": {"fail_before": 0.02, "fail_after": 0.02},
        "ekyc": {"fail_before": 0.005},
        "houjin": {},
        "gbiz": {},
    },
    "recipient": {
        "line": {"blocked": 0.04},
        "pnp": {"unknown": 0.12, "never": 0.03},
        "sms": {
            "21614": 0.01,
            "21211": 0.005,
            "21610": 0.005,
            "undelivered:30003": 0.015,
            "undelivered:30005": 0.01,
            "undelivered:30006": 0.005,
            "undelivered:30007": 0.002,
            "undelivered:30004": 0.008,
            "sent_forever": 0.01,
        },
        "email": {
            "reject:550": 0.01,
            "defer:451": 0.004,
            "bounce:5.1.1": 0.02,
            "bounce:5.2.2": 0.008,
            "bounce_plain": 0.004,
            "out_of_office": 0.004,
            "complaint": 0.001,
        },
        "post": {
            "returned:unknown_address": 0.02,
            "returned:moved": 0.02,
            "returned:refused": 0.004,
            "returned:unclaimed": 0.006,
        },
        "ekyc": {"rejected:face_mismatch": 0.02, "rejected:document_unreadable": 0.02},
        "houjin": {"closed": 0.02, "merged": 0.01, "moved": 0.04, "renamed": 0.02},
    },
    "rules": [],
    "latency_ms": {
        "line": [2, 12],
        "pnp": [2, 12],
        "sms": [2, 12],
        "email": [0, 4],
        "post": [5, 30],
        "ekyc": [2, 12],
        "houjin": [5, 20],
        "gbiz": [5, 20],
    },
    "delay_ms": {
        "pnp": [200, 1500],
        "sms": [200, 1500],
        "email": [300, 2000],
        "print": [500, 1500],
        "post": [1500, 3000],
        "return": [3000, 6000],
        "ekyc": [300, 1200],
    },
    "timeout_ms": 30_000,
    "callbacks": {"duplicate": 0.02, "shuffle": 0.05, "line_redelivery": True, "retry_ms": 1000},
    "line": {"monthly_quota": 200_000, "pnp_known": "drawn"},
    "twilio": {"signature": "sha1"},
    "bounce_smtp": None,
    "callback_base": None,
    "personas": {
        "unchanged": 0.55,
        "moved": 0.09,
        "changed_job": 0.07,
        "sends_abroad": 0.05,
        "silent": 0.18,
        "wrong_identity": 0.02,
        "late_half": 0.04,
    },
    "persona_rules": [],
    "banks": {
        "asanagi": {"name": "あさなぎ銀行", "name_en": "Asanagi Bank"},
        "komorebi": {"name": "こもれび信用金庫", "name_en": "Komorebi Shinkin Bank"},
    },
}


class ScenarioRefused(ValueError):
    """The document says something the sandbox can't do; the message names it."""


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but `parts`."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects merge, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def _check_shares(name: str, shares: object, allowed: str | Container[str]) -> None:
    if not isinstance(shares, dict):
        raise ScenarioRefused(f"{name} must be an object of shares")
    total = 0.0
    for outcome, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ScenarioRefused(f"{name}.{outcome} must be a number from 0 to 1")
        known = re.fullmatch(allowed, outcome) if isinstance(allowed, str) else outcome in allowed
        if not known:
            raise ScenarioRefused(f"{name} does not know the outcome {outcome!r}")
        total += share
    if total > 1.000001:
        raise ScenarioRefused(f"{name} adds up to {total:.3f}, more than 1")


def _check_ranges(name: str, ranges: object) -> None:
    if not isinstance(ranges, dict):
        raise ScenarioRefused(f"{name} must be an object of [least, most] milliseconds")
    for key, pair in ranges.items():
        good = isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int | float) for n in pair)
        if not good or not 0 <= pair[0] <= pair[1]:
            raise ScenarioRefused(f"{name}.{key} must be [least, most] milliseconds")


def _check_shape(document: Document) -> None:
    """Every key holds what the built-in scenario has there: an object, a list, a number or a text."""
    gone = set(DEFAULT) - set(document) - OPTIONAL
    if gone:
        raise ScenarioRefused(f"{min(gone)} may not be removed")
    for key, value in document.items():
        usual = DEFAULT[key]
        optional = key in OPTIONAL
        wanted = (str, type(None)) if optional else (int, float) if key == "timeout_ms" else type(usual)
        if not isinstance(value, wanted):
            raise ScenarioRefused(f"{key} has the wrong type")
        if isinstance(usual, dict) and isinstance(value, dict):
            for name, own in value.items():
                _check_kind(f"{key}.{name}", own, usual.get(name))
    if not all(isinstance(bank, dict) for bank in document.get("banks", {}).values()):
        raise ScenarioRefused("banks must hold objects")


def _check_kind(name: str, own: object, usual: object) -> None:
    if isinstance(usual, dict | list | str) and not isinstance(own, type(usual)):
        raise ScenarioRefused(f"{name} has the wrong type")
    if isinstance(usual, int | float) and not isinstance(own, int | float):
        raise ScenarioRefused(f"{name} must be a number")


def _check_match(match: Mapping[str, Any]) -> None:
    for name, value in match.items():
        wanted = dict if name == "attribute" else str
        if name not in {"equals", "suffix", "prefix", "contains", "attribute"} or not isinstance(value, wanted):
            raise ScenarioRefused(f"a rule can't match {name!r} with {value!r}")


def _check_rule(rule: object) -> None:
    is_object = isinstance(rule, dict) and isinstance(rule.get("match"), dict)
    if not isinstance(rule, dict) or not is_object or not isinstance(rule.get("outcome"), str):
        raise ScenarioRefused('each rule needs "provider", "match" (an object) and "outcome"')
    _check_match(rule["match"])
    if not isinstance(rule.get("first", 1), int):
        raise ScenarioRefused('"first" of a rule is a number')
    provider, outcome = rule.get("provider"), rule["outcome"]
    if provider not in REQUEST_OUTCOMES:
        raise ScenarioRefused(f"a rule names the unknown provider {provider!r}")
    lasting = re.fullmatch(RECIPIENT_OUTCOMES[provider], outcome)
    if outcome != OK and outcome not in REQUEST_OUTCOMES[provider] and not lasting:
        raise ScenarioRefused(f"{provider} does not know the outcome {outcome!r}")


def check(document: object) -> Document:
    """The document itself when the sandbox can play it; raises ScenarioRefused with a sentence otherwise."""
    if not isinstance(document, dict):
        raise ScenarioRefused("a scenario is a JSON object")
    unknown = set(document) - set(DEFAULT)
    if unknown:
        raise ScenarioRefused(f"unknown keys: {', '.join(sorted(unknown))}")
    _check_shape(document)
    for kind, table in (("request", REQUEST_OUTCOMES), ("recipient", RECIPIENT_OUTCOMES)):
        for provider, shares in document.get(kind, {}).items():
            if provider not in table:
                raise ScenarioRefused(f"{kind} names the unknown provider {provider!r}")
            _check_shares(f"{kind}.{provider}", shares, table[provider])
    _check_shares("personas", document.get("personas", {}), PERSONAS)
    _check_ranges("latency_ms", document.get("latency_ms", {}))
    _check_ranges("delay_ms", document.get("delay_ms", {}))
    for rule in document.get("rules", []):
        _check_rule(rule)
    for rule in document.get("persona_rules", []):
        shaped = isinstance(rule, dict) and isinstance(rule.get("match"), dict)
        if not shaped or rule.get("persona") not in PERSONAS:
            raise ScenarioRefused('each persona rule needs "match" (an object) and a known "persona"')
        _check_match(rule["match"])
    return document


def _matches(match: Mapping[str, Any], recipient: str, attributes: Mapping[str, str]) -> bool:
    """Every condition must hold: equals, suffix, prefix, contains (recipient), attribute (people's columns)."""
    return bool(match) and all(_holds(name, value, recipient, attributes) for name, value in match.items())


def _holds(name: str, value: Any, recipient: str, attributes: Mapping[str, str]) -> bool:
    if name == "attribute":
        return all(attributes.get(column) == wanted for column, wanted in value.items())
    if name == "suffix":
        return recipient.endswith(value)
    if name == "prefix":
        return recipient.startswith(value)
    return recipient == value if name == "equals" else name == "contains" and value in recipient


class Scenario:
    """A checked document and the draws made from it."""

    def __init__(self, document: Document | None = None) -> None:
        self.document = check(merge_patch(DEFAULT, document or {}))

    @classmethod
    def from_file(cls, path: Path) -> "Scenario":
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def patch(self, patch: Document) -> None:
        """Merges `patch` into the running scenario; the old one stays when the result is refused."""
        self.document = check(merge_patch(self.document, patch))

    def chance(self, *parts: object) -> float:
        return chance(self.document["seed"], *parts)

    def _drawn(self, shares: Mapping[str, float], *parts: object) -> str:
        point = self.chance(*parts)
        for outcome, share in shares.items():
            if point < share:
                return outcome
            point -= share
        return OK

    def request_outcome(self, provider: str, recipient: str, attempt: int, attributes: Mapping[str, str]) -> str:
        """`ok` or a trouble; always the same for the same recipient and attempt number (from 0)."""
        for rule in self.document["rules"]:
            if rule["provider"] != provider or not _matches(rule["match"], recipient, attributes):
                continue
            if attempt >= int(rule.get("first", attempt + 1)):
                continue
            if rule["outcome"] == OK or rule["outcome"] in REQUEST_OUTCOMES[provider]:
                return str(rule["outcome"])
        shares = self.document["request"].get(provider, {})
        return self._drawn(shares, provider, "request", recipient, attempt)

    def recipient_outcome(self, provider: str, recipient: str, attributes: Mapping[str, str]) -> str:
        """What this recipient is like: `ok` or a lasting fate such as an unused number."""
        for rule in self.document["rules"]:
            if rule["provider"] != provider or rule["outcome"] in REQUEST_OUTCOMES[provider]:
                continue
            if _matches(rule["match"], recipient, attributes):
                return str(rule["outcome"])
        return self._drawn(self.document["recipient"].get(provider, {}), provider, "recipient", recipient)

    def persona(self, key: str, attributes: Mapping[str, str]) -> str:
        for rule in self.document["persona_rules"]:
            if _matches(rule["match"], key, attributes):
                return str(rule["persona"])
        drawn = self._drawn(self.document["personas"], "persona", key)
        return "unchanged" if drawn == OK else drawn

    def seconds(self, table: str, name: str, *parts: object) -> float:
        """A drawn time from `latency_ms` or `delay_ms`, in seconds."""
        least, most = self.document[table].get(name, (0, 0))
        return float(least + (most - least) * self.chance(table, name, *parts)) / 1000

    def happens(self, knob: str, *parts: object) -> bool:
        """Whether a callback knob (`duplicate`, `shuffle`) strikes here."""
        return self.chance("callback", knob, *parts) < float(self.document["callbacks"].get(knob, 0))
