"""Who is calling: credentials carry the bank's slug by convention, or the scenario's `banks` names them."""

import re
from collections.abc import Mapping
from typing import Any

SLUG = r"[a-z0-9][a-z0-9-]{0,62}"


class Accounts:
    """Reads credentials against the scenario's `banks`; the convention is `sandbox-<provider>-<slug>`."""

    def __init__(self, banks: Mapping[str, Mapping[str, Any]]) -> None:
        self._banks = banks

    def bank_of(self, provider: str, credential: str) -> str | None:
        """The slug behind a credential, or None when nobody has it."""
        for slug, bank in self._banks.items():
            if credential and bank.get(f"{provider}_credential") == credential:
                return slug
        found = re.fullmatch(f"sandbox-{provider}-({SLUG})", credential)
        if found is None or found[1].startswith(("secret-", "key-")):
            return None
        own = self._banks.get(found[1], {}).get(f"{provider}_credential")
        return found[1] if own is None else None

    def secret_of(self, provider: str, slug: str) -> str:
        """What signs the provider's callbacks to this bank."""
        return str(self._banks.get(slug, {}).get(f"{provider}_secret", f"sandbox-{provider}-secret-{slug}"))

    def bank_with_secret(self, provider: str, secret: str) -> str | None:
        for slug, bank in self._banks.items():
            if secret and bank.get(f"{provider}_secret") == secret:
                return slug
        found = re.fullmatch(f"sandbox-{provider}-secret-({SLUG})", secret)
        return found[1] if found and self.secret_of(provider, found[1]) == secret else None

    def name_of(self, slug: str) -> str:
        return str(self._banks.get(slug, {}).get("name", slug))

    def setting(self, slug: str, name: str) -> str:
        return str(self._banks.get(slug, {}).get(name, "") or "")

    def bank_of_domain(self, domain: str) -> str:
        """The bank that sends from `domain`: named in the scenario, else the label before `.example`."""
        domain = domain.lower()
        for slug, bank in self._banks.items():
            own = str(bank.get("mail_domain", f"{slug}.example")).lower()
            if domain == own or domain.endswith(f".{own}"):
                return slug
        labels = domain.split(".")
        return labels[-2] if len(labels) >= 2 else domain
