"""The streams and durable consumers of the suite, as data; `yingda provision` makes the server agree with them."""

from collections.abc import Iterable
from dataclasses import dataclass

from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from shared.events import Event

DUPLICATE_WINDOW_SECONDS = 120.0
ACK_WAIT_SECONDS = 5.0
"""After this long the server gives what a killed process had in hand to another. A batch takes a fraction of it, one
that waits for a database says `in_progress`, and one that takes longer all the same has its effect once."""
MAX_ACK_PENDING = 5_000
KEEP_DAYS = 30
"""How long a message stays on its stream where `YINGDA_KEEP_DAYS` says nothing else."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One JetStream stream: file storage, limits retention, discard new, atomic batches (contract, "Names")."""

    name: str
    subjects: tuple[str, ...]
    description: str

    def config(self, replicas: int = 1, keep_days: int = KEEP_DAYS) -> StreamConfig:
        """Return the settings that the server must hold; what is older than `keep_days` leaves the stream."""
        return StreamConfig(
            name=self.name,
            description=self.description,
            subjects=list(self.subjects),
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_age=keep_days * 86_400.0,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
            num_replicas=replicas,
            allow_atomic=True,
            max_msg_size=1_000_000,
        )


CONTACTS = Stream("CONTACTS", ("yingda.contact.received.*",), "contacts as the channel adapters publish them")
EVENTS = Stream("EVENTS", ("yingda.event.>",), "what the services tell one another and the world")
STREAMS = (CONTACTS, EVENTS)


@dataclass(frozen=True, slots=True)
class Consumer:
    """The one durable pull consumer of a service; replicas of the service share it."""

    service: str
    stream: Stream
    subjects: tuple[str, ...]

    def config(self) -> ConsumerConfig:
        """Return the settings that the server must hold. `backoff` stays unset: it would override `ack_wait`."""
        return ConsumerConfig(
            durable_name=self.service,
            description=f"what {self.service} consumes",
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            max_ack_pending=MAX_ACK_PENDING,
            max_deliver=-1,
            filter_subjects=list(self.subjects),
        )


def subjects_of(events: Iterable[type[Event]]) -> tuple[str, ...]:
    """Return the subjects of `events`; all steps of a work order together, since they are applied in order."""
    subjects = {event.SUBJECT for event in events}
    if any(subject.startswith("yingda.event.workorder.") for subject in subjects):
        subjects = {s for s in subjects if not s.startswith("yingda.event.workorder.")} | {"yingda.event.workorder.*"}
    return tuple(sorted(subjects))
