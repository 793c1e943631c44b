"""Talking to the sandbox's control interface: it plays the customers and knows what really arrived."""

from __future__ import annotations

from typing import Any

import httpx


class Sandbox:
    """The control interface of a running sandbox."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/control", timeout=180)

    def load_people(self, slug: str, book: bytes) -> int:
        """Tell the sandbox who a bank's customers are; returns how many it now knows of the bank."""
        answer = self._client.post("/people", params={"bank": slug}, content=book).raise_for_status()
        loaded: int = answer.json()["loaded"]
        return loaded

    def summary(self) -> dict[str, Any]:
        """Messages, callbacks and timers."""
        found: dict[str, Any] = self._client.get("/summary").raise_for_status().json()
        return found

    def is_quiet(self) -> bool:
        """Nothing more will be reported without a new message: no callback under way, no timer running."""
        found = self.summary()
        return not found["callbacks"]["pending"] and not found["timers"]

    def messages(self, slug: str, channel: str) -> list[dict[str, Any]]:
        """Every message of a bank on a channel. Raises AssertionError when there are more than it lists."""
        answer = self._client.get("/messages", params={"bank": slug, "channel": channel, "limit": 1_000})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["messages"]
        assert len(found) < 1_000, f"{slug} has more messages on {channel} than the sandbox lists."
        return found

    def channels(self) -> list[str]:
        """The channels on which anything was accepted."""
        return list(self.summary()["channels"])

    def answer(self, slug: str, limit: int) -> dict[str, Any]:
        """Let up to ``limit`` customers of a bank answer; returns when all have finished."""
        found: dict[str, Any] = (
            self._client.post("/answer", json={"tenant": slug, "limit": limit}).raise_for_status().json()
        )
        return found

    def close(self) -> None:
        """Hang up."""
        self._client.close()
