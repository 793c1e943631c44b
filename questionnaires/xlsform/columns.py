"""The columns and types of our XLSForm workbooks. No Django, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping

from questionnaires.schema import Kind

# As in the JSON Schema, with the names that stand in headings.
LANGUAGES: Mapping[str, str] = {
    "ja": "日本語",
    "ja-easy": "やさしい日本語",
    "en": "English",
    "zh-hans": "简体中文",
    "vi": "Tiếng Việt",
    "pt-br": "Português",
    "ne": "नेपाली",
}
YES_NO_LIST = "keizoku_yes_no"
# What XLSForm has no column for. The JSON ones hold the rest as our document says it.
KIND, MAPS_TO, SENSITIVITY, MORE = "keizoku_kind", "keizoku_maps_to", "keizoku_sensitivity", "keizoku_more"
EXCLUSIVE, ASKS_MORE, TITLE, LISTS = "keizoku_exclusive", "keizoku_more", "keizoku_title", "keizoku_lists"
GROUP = "keizoku_group"
TRANSLATED = frozenset({"label", "hint", "constraint_message"})
SURVEY = frozenset(
    {
        "type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message", "calculation",
        "appearance", KIND, MAPS_TO, SENSITIVITY, MORE,
    }
)  # fmt: skip
CHOICES = frozenset({"list_name", "name", "label", EXCLUSIVE, ASKS_MORE, GROUP})
SETTINGS = frozenset({"form_title", "form_id", "version", "default_language", TITLE, LISTS})
_ALIASES = {
    "relevance": "relevant", "calculate": "calculation", "list name": "list_name", "value": "name",
    "constraint message": "constraint_message", "caption": "label", "read only": "read_only",
    "id_string": "form_id", "title": "form_title",
}  # fmt: skip
# What is asked by which type; the columns of our own say the rest.
TYPE_OF: Mapping[Kind, str] = {
    **dict.fromkeys((Kind.TEXT, Kind.PARAGRAPH, Kind.NAME, Kind.TEL, Kind.EMAIL, Kind.ADDRESS), "text"),
    **dict.fromkeys((Kind.COUNTRY, Kind.PEOPLE), "text"),
    **dict.fromkeys((Kind.NUMBER, Kind.AMOUNT, Kind.BAND), "integer"),
    **dict.fromkeys((Kind.INFORMATION, Kind.EKYC), "note"),
    Kind.DATE: "date",
    Kind.RADIO: "select_one",
    Kind.CHECKBOXES: "select_multiple",
    Kind.YES_NO: "select_one",
    Kind.DECLARATION: "acknowledge",
    Kind.FILE: "file",
}
KIND_OF: Mapping[str, Kind] = {
    "text": Kind.TEXT, "string": Kind.TEXT, "integer": Kind.NUMBER, "int": Kind.NUMBER, "decimal": Kind.NUMBER,
    "date": Kind.DATE, "select_one": Kind.RADIO, "select one": Kind.RADIO, "select_multiple": Kind.CHECKBOXES,
    "select multiple": Kind.CHECKBOXES, "note": Kind.INFORMATION, "image": Kind.FILE, "photo": Kind.FILE,
    "file": Kind.FILE, "acknowledge": Kind.DECLARATION,
}  # fmt: skip
# What devices note by themselves; nothing is asked.
METADATA = frozenset(
    {"start", "end", "today", "deviceid", "username", "phonenumber", "email_metadata", "audit", "start-geopoint"}
)
_HEADING = re.compile(r"(?P<name>[^:]+?)(?:::?(?P<language>.+))?")
_CODE = re.compile(r".*\(([A-Za-z-]{2,12})\)\s*")


def heading(name: str, language: str) -> str:
    """`label` in Japanese is ``label::日本語 (ja)``."""
    return f"{name}::{LANGUAGES[language]} ({language})"


def read_heading(said: str) -> tuple[str, str]:
    """The column's name, and the language it is in: its code, "" for none, "?" for one we do not have."""
    found = _HEADING.fullmatch(said.strip())
    if found is None:
        return "", ""
    name = " ".join(found["name"].strip().lower().split())
    name = _ALIASES.get(name, name)
    return name, read_language(found["language"]) if found["language"] else ""


def read_language(said: str) -> str:
    """A language by its code, its name, or both; "?" if we do not have it."""
    said = said.strip(" :")
    coded = _CODE.fullmatch(said)
    wanted = (coded[1] if coded else said).lower()
    wanted = {"pt": "pt-br", "zh": "zh-hans", "zh-cn": "zh-hans"}.get(wanted, wanted)
    named = {name.lower(): code for code, name in LANGUAGES.items()} | {"japanese": "ja", "nepali": "ne"}
    return wanted if wanted in LANGUAGES else named.get(wanted, "?")
