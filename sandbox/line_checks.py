"""LINE's complaints about a message body, in LINE's words."""

from collections.abc import Mapping
from typing import Any

TYPES = ("text", "textV2", "sticker", "image", "video", "audio", "location", "imagemap", "template", "flex")
TEXT_LIMIT = 5000
MESSAGES_LIMIT = 5


def error_body(message: str, *details: dict[str, str]) -> dict[str, Any]:
    return {"message": message, "details": list(details)} if details else {"message": message}


def _units(text: str) -> int:
    """LINE counts characters as UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text_problem(at: str, message: Mapping[str, Any]) -> dict[str, str] | None:
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        return {"message": "May not be empty", "property": f"{at}.text"}
    if _units(text) > TEXT_LIMIT:
        return {"message": f"Length must be between 0 and {TEXT_LIMIT}", "property": f"{at}.text"}
    return None


def _card_problem(at: str, message: Mapping[str, Any]) -> dict[str, str] | None:
    alt = message.get("altText")
    if not isinstance(alt, str) or not alt.strip():
        return {"message": "May not be empty", "property": f"{at}.altText"}
    if _units(alt) > 1500:
        return {"message": "Length must be between 0 and 1500", "property": f"{at}.altText"}
    inner = "contents" if message.get("type") == "flex" else "template"
    if not isinstance(message.get(inner), Mapping):
        return {"message": "May not be empty", "property": f"{at}.{inner}"}
    return None


def _message_problem(at: str, message: object) -> dict[str, str] | None:
    if not isinstance(message, Mapping):
        return {"message": "May not be empty", "property": at}
    kind = message.get("type")
    if kind not in TYPES:
        return {"message": f"Must be one of the following values: [{', '.join(TYPES)}]", "property": f"{at}.type"}
    if kind in {"text", "textV2"}:
        return _text_problem(at, message)
    return _card_problem(at, message) if kind in {"flex", "template"} else None


def check_messages(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """LINE's 400 body for `messages`, or None when there is nothing to complain about."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MESSAGES_LIMIT:
        found = {"message": f"Size must be between 1 and {MESSAGES_LIMIT}", "property": "messages"}
        return error_body("The request body has 1 error(s)", found)
    checked = (_message_problem(f"messages[{n}]", message) for n, message in enumerate(messages))
    problems = [problem for problem in checked if problem]
    if problems:
        return error_body(f"The request body has {len(problems)} error(s)", *problems)
    return None
