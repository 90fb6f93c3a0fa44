"""What the customers' phones and the staff's mailboxes got: the files of the `file` transport, and nothing of a table."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Messages:
    """How often each notification was in a message, and how often each work order's customer was told of acceptance."""

    times: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    """By the number of the work order."""

    def take(self, line: str) -> None:
        """Note one line of a file; half a line that a crash left is no message."""
        try:
            entry = json.loads(line)
        except ValueError:
            return
        self.times.update([entry["notification_id"], *(entry.get("also") or ())])
        if entry["purpose"] == "accepted":
            self.accepted[entry["work_order"]] += 1


def read_messages(folder: Path) -> Messages:
    """Return what every file of `folder` holds."""
    found = Messages()
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                found.take(line)
    return found
