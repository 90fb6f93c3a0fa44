"""What one contact costs the servers, stage by stage, as plain values: a baseline's process needs nothing else."""

from pydantic import BaseModel, ConfigDict


class Emission(BaseModel):
    """Messages on one subject for each message consumed, and their mean size."""

    model_config = ConfigDict(frozen=True)

    subject: str
    per_message: float
    body_bytes: int


class Stage(BaseModel):
    """What one service does for each message that it consumes."""

    model_config = ConfigDict(frozen=True)

    name: str
    stream: str
    subjects: tuple[str, ...]
    consumed_per_contact: float
    inserts_per_message: float
    updates_per_message: float
    row_bytes: int
    emits: tuple[Emission, ...]


class Footprint(BaseModel):
    """The stages, and their sums per contact."""

    model_config = ConfigDict(frozen=True)

    messages: float
    """Events on the stream; the contact itself comes to it."""
    inserts: float
    updates: float
    stages: tuple[Stage, ...]
