"""Contacts of which some are poison, each in its own way, and what mends each (R-IN-08)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.bus.publish import Outgoing
from shared.policy.loader import DEFAULT_POLICY
from tests.e2e.suite import contact, envelope

TRIPS: Final = "这一条会绊倒路由"
"""A text that the faulty release of routing cannot bear."""
KINDS: Final = ("cut off", "no envelope", "no time", "no plugin", "a fault in routing")
WRITTEN_ANEW: Final = KINDS[:3]
"""What only a correction of the body mends."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One contact as the test sends it: what was meant, and the poison in it, if any."""

    source_id: str
    channel: str
    data: Mapping[str, Any]
    meant: bytes
    body: bytes
    poison: str | None

    def outgoing(self) -> Outgoing:
        return Outgoing(self.source_id, f"yingda.contact.received.{self.channel}", self.body)


def ledger(count: int, poison: int) -> list[Sent]:
    """Return `count` contacts; `poison` of them, spread evenly, are poison, of every kind equally many."""
    every = count // poison
    return [_sent(n, KINDS[n // every % len(KINDS)] if n % every == every // 2 else None) for n in range(count)]


def _sent(n: int, poison: str | None) -> Sent:
    channel = "fax" if poison == "no plugin" else "web"
    data = contact(customer={"name": "王芳", "phone": f"139{n:08d}"})
    if poison == "a fault in routing":
        data["text"] = f"{data['text']}{TRIPS}"
    meant = envelope(data, channel, f"p{n}")
    body = meant
    if poison == "cut off":
        body = meant[:-7]
    elif poison == "no envelope":
        body = json.dumps({"id": f"p{n}", "data": data}, ensure_ascii=False).encode()
    elif poison == "no time":
        body = envelope({**data, "occurred_at": f"third of May, about {n}"}, channel, f"p{n}")
    return Sent(f"{channel}/shop/p{n}", channel, data, meant, body, poison)


FAULTY_ROUTING: Final = f"""
import services.routing.handlers.contacts as contacts

sound = contacts.matter_of

def matter_of(contact):
    if {TRIPS!r} in contact.personal.text:
        raise LookupError("what the fault says may quote a customer")
    return sound(contact)

contacts.matter_of = matter_of
"""
"""What makes a release of routing faulty: Python runs it when the process starts."""

FAX_CHANNEL: Final = """
from services.intake.plugins.generic import prepared, read_form
from shared.plugins import Plugin

class FaxChannel:
    name = "fax"

    def read(self, data):
        return read_form(prepared(data))

plugin = Plugin(kind="channel", name="fax", api=1, build=lambda setup: FaxChannel())
"""


def faulty_release(folder: Path) -> dict[str, str]:
    """Return the environment in which routing has its fault."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(FAULTY_ROUTING, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def with_fax_plugin(folder: Path) -> dict[str, str]:
    """Return the environment in which intake has a plugin for the channel `fax`, and a policy that names it."""
    info = folder / "fax-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fax\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[yingda.channels]\nfax = fax_channel:plugin\n")
    (folder / "fax_channel.py").write_text(FAX_CHANNEL)
    policy = folder / "policy.yaml"
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    policy.write_text(text.replace("    web: {}\n", "    web: {}\n    fax:\n", 1), encoding="utf-8")
    return {"PYTHONPATH": str(folder), "YINGDA_POLICY": str(policy)}
