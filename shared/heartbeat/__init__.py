"""A process that stands still is noticed by the others within a minute (ADR 0018).

Every service process tells every few seconds, on core NATS, which of its parts (consumer, relay, each loop, the desk)
has had work for how long without getting on with it. Every process hears all of them, and shows what it hears as
`yingda_heartbeat_age_seconds{service,part}`: that of a process which is stopped, dead, or has one loop blocked grows in
the metrics of the others.

    pulse.py      what a process tells of itself
    message.py    the form in which it is told
    rollcall.py   what a process makes of what it hears
    exchange.py   telling, hearing, the metric and the log
"""

from shared.heartbeat.exchange import HeartbeatExchange as HeartbeatExchange
from shared.heartbeat.message import EVERY_SECONDS, SUBJECT_PREFIX, Heartbeat
from shared.heartbeat.pulse import Pulse
from shared.heartbeat.rollcall import STALLED_SECONDS, RollCall

__all__ = [
    "EVERY_SECONDS",
    "STALLED_SECONDS",
    "SUBJECT_PREFIX",
    "Heartbeat",
    "HeartbeatExchange",
    "Pulse",
    "RollCall",
]
