"""The inbox outlives the process: messages are written down when it ends and read back when it starts."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.store import Block, Message, Store

FILE = "messages.json"


def keep(store: Store, data: Path) -> None:
    """Write every message down, in one step: whoever starts next never reads half of it."""
    draft = data / (FILE + ".tmp")
    draft.write_text(json.dumps([_written(message) for message in store.all()], ensure_ascii=False), encoding="utf-8")
    draft.replace(data / FILE)


def recall(store: Store, data: Path) -> None:
    """Take back what was kept; what cannot be read is left behind, for it is only a demonstration's."""
    try:
        rows = json.loads((data / FILE).read_text(encoding="utf-8"))
        messages = [_read(row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return
    for message in messages:
        store.restore(message)


def _written(message: Message) -> dict[str, Any]:
    fields = {name: getattr(message, name) for name in Message.__slots__}
    fields["at"] = message.at.isoformat()
    fields["blocks"] = [[block.kind, block.text, block.value] for block in message.blocks]
    fields["history"] = [[at.isoformat(), state] for at, state in message.history]
    return fields


def _read(row: dict[str, Any]) -> Message:
    row["at"] = datetime.fromisoformat(row["at"])
    row["blocks"] = [Block(*block) for block in row["blocks"]]
    row["history"] = [(datetime.fromisoformat(at), state) for at, state in row["history"]]
    return Message(**row)
