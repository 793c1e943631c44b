"""What the mail services of these tests are: their secrets, their answers, an account with one of them."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from channels.providers.anymail import AnymailProvider, anymail_provider
from tenants.outgoing import guarded_client

PASSWORD = "keizoku:hook-password"


EVENTS_KEY = ec.generate_private_key(ec.SECP256R1())


PUBLIC = base64.b64encode(
    EVENTS_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


MAILGUN_KEY = "mailgun-signing-key"


SECRETS: dict[str, dict[str, str]] = {
    "mailgun": {"api_key": "k-mailgun", "webhook_signing_key": MAILGUN_KEY},
    "mailjet": {"api_key": "k-mailjet", "secret_key": "s-mailjet"},
    "postmark": {"server_token": "k-postmark"},
    "sendgrid": {"api_key": "k-sendgrid", "tracking_webhook_verification_key": PUBLIC},
    "sparkpost": {"api_key": "k-sparkpost"},
}
TO = "setsuko@example.jp"


def provider(service: str = "postmark", *, seconds: float = 15.0, **more: Any) -> AnymailProvider:
    """An account with a service."""
    values: dict[str, Any] = {"webhook_secret": PASSWORD, **SECRETS[service], "require_ready_domain": False, **more}
    return anymail_provider(
        http=guarded_client(seconds=seconds),
        service=service,
        sender="kakunin@asanagi.example",
        sender_name="あさなぎ銀行",
        callback_url="https://keizoku.example/webhooks/mail/x/",
        **values,
    )
