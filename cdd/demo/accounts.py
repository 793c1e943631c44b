"""The invented banks' accounts with the sandbox's providers. Its secrets follow a convention: sandbox/README.md."""

from __future__ import annotations

import hashlib
from typing import Any

from cdd.demo.banks import Bank


def channel_accounts(bank: Bank, *, sandbox_url: str, sandbox_smtp: str) -> dict[str, dict[str, Any]]:
    """For `channels.services.ensure_accounts`."""
    host, _, port = sandbox_smtp.rpartition(":")
    slug = bank.slug
    return {
        "LINE": {
            "provider": "line",
            "credentials": {
                "access_token": f"sandbox-line-{slug}",
                "channel_secret": f"sandbox-line-secret-{slug}",
            },
            "options": {
                "base_url": f"{sandbox_url}/line",
                "notification_messages": True,
                "basic_id": f"@{slug}",
            },
        },
        "SMS": {
            "provider": "twilio",
            "credentials": {
                "account_sid": "AC" + hashlib.md5(slug.encode(), usedforsecurity=False).hexdigest(),
                "auth_token": f"sandbox-twilio-{slug}",
            },
            "options": {
                "base_url": f"{sandbox_url}/twilio",
                "messaging_url": f"{sandbox_url}/twilio/messaging",
                "sender": "+815050000000",
                "sender_numbers": [
                    {"carrier": "NTTドコモ・au・ソフトバンク・楽天モバイル", "number": "050-5000-0000"},
                ],
            },
        },
        "EMAIL": {
            "provider": "smtp",
            "credentials": {
                "username": slug,
                "password": f"sandbox-smtp-{slug}",
                "secret": f"sandbox-return-path-{slug}",
            },
            "options": {
                "host": host,
                "port": int(port),
                "security": "",
                "sender": f"kakunin@{slug}.example",
                "sender_name": bank.name,
                "bounce_domain": f"bounce.{slug}.example",
                "require_ready_domain": False,  # nobody publishes records for an invented bank
            },
        },
        "POST": {
            "provider": "print_shop",
            "credentials": {"token": f"sandbox-print-{slug}", "secret": f"sandbox-print-secret-{slug}"},
            "options": {"base_url": f"{sandbox_url}/print"},
        },
    }


def ekyc_account(bank: Bank, *, sandbox_url: str) -> dict[str, dict[str, Any]]:
    """For `ekyc.services.ensure_account`."""
    return {
        "credentials": {"token": f"sandbox-ekyc-{bank.slug}", "secret": f"sandbox-ekyc-secret-{bank.slug}"},
        "options": {"base_url": f"{sandbox_url}/ekyc"},
    }


def directory(bank: Bank, *, sandbox_url: str) -> dict[str, Any]:
    """For `tenants.sign_in.providers.save_provider`: the bank's own directory, by OpenID Connect."""
    return {
        "kind": "OIDC",
        "name": f"{bank.name} 社内認証基盤（模擬）",
        "issuer": f"{sandbox_url}/idp/{bank.slug}",
        "client_id": "keizoku",
        "secret": f"sandbox-idp-{bank.slug}",
        "email_domains": [f"{bank.slug}.example"],
        "is_active": True,
    }
