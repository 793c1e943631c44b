"""The signed envelope sender of a mail: its bounce names the attempt, and nobody can make one up."""

from __future__ import annotations

import hashlib
import hmac
import re
from uuid import UUID

from channels.protocols import ForgedWebhook, MalformedWebhook

MAC_CHARS = 16
PATTERN = re.compile(r"b\+(?P<attempt>[0-9a-f]{32})\.(?P<mac>[0-9a-f]{16})@(?P<domain>[a-z0-9.-]+)", re.IGNORECASE)


class ReturnPath:
    """Return paths of one domain; ``secret`` signs them."""

    def __init__(self, domain: str, secret: str) -> None:
        self.domain = domain.lower()
        self._secret = secret.encode()

    def of(self, attempt_id: UUID) -> str:
        """The envelope's sender, to which this mail's bounce comes back."""
        return f"b+{attempt_id.hex}.{self._mac(attempt_id)}@{self.domain}"

    def attempt_of(self, address: str) -> UUID:
        """Whose return path ``address`` is.

        Raises:
            ForgedWebhook: it was not signed by us.
            MalformedWebhook: it is no return path of this domain.
        """
        found = PATTERN.fullmatch(address.strip().strip("<>"))
        if found is None or found["domain"].lower() != self.domain:
            raise MalformedWebhook
        attempt_id = UUID(found["attempt"])
        if not hmac.compare_digest(found["mac"].lower(), self._mac(attempt_id)):
            raise ForgedWebhook
        return attempt_id

    def _mac(self, attempt_id: UUID) -> str:
        return hmac.new(self._secret, attempt_id.bytes, hashlib.sha256).hexdigest()[:MAC_CHARS]
