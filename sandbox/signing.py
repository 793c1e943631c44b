"""How the print shop and the eKYC vendor sign what they send."""

import hashlib
import hmac


def hex_signature(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def timed_signature(secret: str, body: bytes, moment: int) -> str:
    """`t=…,v1=…`: hex HMAC-SHA256 of the Unix second, a dot and the raw body."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"
