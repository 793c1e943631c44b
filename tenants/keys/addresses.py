"""Reads the address of a key in a PKCS#11 token.

It follows RFC 7512: ``pkcs11:token=LABEL;object=LABEL?module-path=/path/to/module.so&pin-source=/path/to/pin``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Where the key is, and where its PIN is read."""

    token: str
    label: str
    module: Path
    pin_source: Path

    @classmethod
    def parse(cls, address: str) -> TokenAddress:
        """Read an RFC 7512 address. Raises ValueError."""
        path, _, query = address.removeprefix("pkcs11:").partition("?")
        named = dict(part.partition("=")[::2] for part in path.split(";"))
        named |= dict(part.partition("=")[::2] for part in query.split("&"))
        if "pin-value" in named:
            raise ValueError("a PIN does not belong in an address: write it to a file and name it as pin-source.")
        missing = {"token", "object", "module-path", "pin-source"} - named.keys()
        if missing:
            raise ValueError(f"the address lacks {', '.join(sorted(missing))}.")
        values = {name: unquote(value) for name, value in named.items()}
        pin = values["pin-source"].removeprefix("file:")
        return cls(values["token"], values["object"], Path(values["module-path"]), Path(pin))
