"""Asterisk 电话: every call that the telephone system takes is a contact, by the events of its REST interface (R-IN-10).

The adapter only watches: the dialplan or a queue goes on deciding who answers. `board.py` reads the events into calls,
`journal.py` keeps the calls over a crash, `ari.py` speaks with Asterisk, `adapter.py` puts the three together.

A missed call is a contact to be returned; one that was answered waits for what the agent writes down (R-IN-07). Asterisk
does not repeat events: of a call that began and ended while nobody listened, only its call records tell (`phone_records`).
"""

from services.intake.adapters.asterisk.adapter import AsteriskAdapter
from services.intake.adapters.asterisk.config import AsteriskConfig
from shared.plugins import Plugin

plugin = Plugin(
    kind="adapter",
    name="asterisk",
    api=1,
    summary="Calls of an Asterisk telephone system, by its REST interface (ARI)",
    build=AsteriskAdapter,
    config=AsteriskConfig,
)
