"""The accounts of an invented bank at the simulated providers, by the sandbox's conventions."""

from __future__ import annotations

import hashlib
from typing import Any

from channels.protocols import Channel


def sandbox_accounts(*, slug: str, name: str, url: str, smtp: str) -> dict[str, dict[str, Any]]:
    """What ``ensure_accounts`` takes. ``url`` is the sandbox's address, ``smtp`` its mail server as host:port."""
    host, _, port = smtp.rpartition(":")
    return {
        Channel.LINE: {
            "provider": "line",
            "credentials": {
                "access_token": f"sandbox-line-{slug}",
                "channel_secret": f"sandbox-line-secret-{slug}",
            },
            "options": {"base_url": f"{url}/line", "notification_messages": True},
        },
        Channel.SMS: {
            "provider": "twilio",
            "credentials": {
                "account_sid": "AC" + hashlib.md5(slug.encode(), usedforsecurity=False).hexdigest(),
                "auth_token": f"sandbox-twilio-{slug}",
                "shared_key": f"sandbox-twilio-key-{slug}",
            },
            "options": {"base_url": f"{url}/twilio", "sender": slug.upper()[:11]},
        },
        Channel.EMAIL: {
            "provider": "smtp",
            "credentials": {
                "username": slug,
                "password": f"sandbox-smtp-{slug}",
                "secret": f"sandbox-return-path-{slug}",
            },
            "options": {
                "host": host,
                "port": int(port),
                "sender": f"no-reply@{slug}.example",
                "sender_name": name,
                "bounce_domain": f"bounce.{slug}.example",
                "security": "",
            },
        },
        Channel.POST: {
            "provider": "print_shop",
            "credentials": {"token": f"sandbox-print-{slug}", "secret": f"sandbox-print-secret-{slug}"},
            "options": {"base_url": f"{url}/print"},
        },
    }
