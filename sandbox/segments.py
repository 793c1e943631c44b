"""How many parts a short message is cut into: GSM-7 160/153, otherwise UCS-2 70/67."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = "^{}\\[~]|€\f"


def _parts(units: list[int], single: int, each: int) -> int:
    """Units may not be cut: a surrogate pair or an escaped character stays whole."""
    if sum(units) <= single:
        return 1
    parts, used = 1, 0
    for size in units:
        if used + size > each:
            parts, used = parts + 1, 0
        used += size
    return parts


def count_segments(text: str) -> int:
    """Parts of `text` as the carrier counts and bills them; at least 1."""
    if all(char in BASIC or char in EXTENDED for char in text):
        return _parts([2 if char in EXTENDED else 1 for char in text], 160, 153)
    return _parts([len(char.encode("utf-16-le", "surrogatepass")) // 2 for char in text], 70, 67)
