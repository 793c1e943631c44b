"""The mail services that are spoken to through Anymail: which ones, with what settings, and over which connection."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import requests
from anymail.exceptions import AnymailConfigurationError
from anymail.webhooks.base import AnymailCoreWebhookView
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Service:
    """What one service needs. All but ``options`` are secrets.

    ``keys`` are those of its API, ``signs`` what verifies its webhooks beside their password. ``keeps_id`` if it sends
    our own Message-ID, given ``headers``.
    """

    view: str
    keys: tuple[str, ...]
    signs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    keeps_id: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


# Only services that can be told with each mail not to track it, and that give back what we say of it. Brevo and Resend
# track as their console says, MailerSend gives nothing back, Amazon's needs a library of its own.
SERVICES = {
    "mailgun": Service(
        "MailgunTrackingWebhookView", ("api_key",), ("webhook_signing_key",), ("sender_domain",), keeps_id=True
    ),
    "mailjet": Service("MailjetTrackingWebhookView", ("api_key", "secret_key")),
    "postmark": Service(
        "PostmarkTrackingWebhookView", ("server_token",), options=("message_stream",),
        keeps_id=True, headers={"X-PM-KeepID": "true"},
    ),
    "sendgrid": Service("SendGridTrackingWebhookView", ("api_key",), ("tracking_webhook_verification_key",)),
    "sparkpost": Service("SparkPostTrackingWebhookView", ("api_key",), options=("subaccount",)),
}  # fmt: skip
# What was entered for another of them, before the institution changed, is left alone.
SETTINGS = frozenset(name for one in SERVICES.values() for name in (*one.keys, *one.signs, *one.options))


class GuardedSession:
    """Stands where Anymail keeps a session of requests: the same requests, over the client of `tenants.outgoing`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def request(self, *, method: str, url: str, timeout: object = None, **asked: Any) -> requests.Response:
        """Raises what httpx raises. The client's own time-outs hold, whatever ``timeout`` says."""
        prepared = requests.Request(method, url, **asked).prepare()
        body: Any = prepared.body
        headers = {name: str(value) for name, value in prepared.headers.items()}
        answer = self._http.request(method, str(prepared.url), content=body, headers=headers)
        said = requests.Response()
        said.status_code, said.reason, said.url = answer.status_code, answer.reason_phrase, str(prepared.url)
        said.headers.update(answer.headers)
        said.encoding, said.raw = "utf-8", io.BytesIO(answer.content)
        return said


def backend_of(name: str, *, http: httpx.Client, api_url: str, settings: Mapping[str, str]) -> Any:
    """Anymail's backend of a service, set up by these values alone.

    Raises:
        KeyError, TypeError, ValueError: the service is not one of ours, or a setting is missing or of none of them.
    """
    service = SERVICES[name]
    unknown = set(settings) - SETTINGS
    if unknown:
        raise TypeError(min(unknown))
    given = {option: settings[option] for option in service.options if settings.get(option)}
    where = {"api_url": api_url} if api_url else {}
    keys = {key: settings[key] for key in service.keys}
    backend = _made(f"anymail.backends.{name}.EmailBackend", {**keys, **given, **where})
    backend.session = GuardedSession(http)
    return backend


def view_of(name: str, *, password: str, settings: Mapping[str, str]) -> AnymailCoreWebhookView:
    """What reads the webhooks of a service. ``password`` is "user:password", which each call must bring.

    Raises:
        KeyError, ValueError: the password or a key is missing.
    """
    service = SERVICES[name]
    if not all(password.partition(":")):
        raise ValueError("No user and password.")
    keys = {key: settings[key] for key in service.signs}
    view: AnymailCoreWebhookView = _made(
        f"anymail.webhooks.{name}.{service.view}", {**keys, "webhook_secret": password}
    )
    return view


def _made(path: str, values: Mapping[str, str]) -> Any:
    with warnings.catch_warnings():
        # Anymail's maintainers cannot try SendGrid any more and say so each time; our tests do what can be done.
        warnings.filterwarnings("ignore", message=".*dropped official support")
        try:
            return import_string(path)(**values)
        except AnymailConfigurationError as error:
            raise ValueError("A setting is missing.") from error
