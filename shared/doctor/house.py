"""What is looked at: the settings, what is installed, the policy, and the servers as far as they answer."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.doctor.finding import Finding
from shared.policy import Policy
from shared.service import Service
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on the doctor speaks; the command line may move the first two."""

    least_free_percent: float = 10.0
    """Less room than this on a disk, or in the storage of JetStream, is a fault."""
    most_waiting: int = 1_000
    """Messages that may wait for a service."""
    outbox_seconds: float = 60.0
    parked_seconds: float = 300.0
    clock_seconds: float = 2.0
    """How far this machine's clock may be from PostgreSQL's."""


@dataclass(slots=True)
class House:
    """One examination: what is known, and the servers once they have answered."""

    settings: Settings
    services: Sequence[Service]
    thresholds: Thresholds = field(default_factory=Thresholds)
    policy: Policy | None = None
    """None where the policy file cannot be used."""
    engine: AsyncEngine | None = None
    client: Client | None = None
    monitoring_url: str | None = None
    """Where NATS serves its monitoring, if that is known."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """Where the services that run here serve their metrics, by name."""
    survey_url: str | None = None
    """Where customers reach the survey page, if one is served here."""


Look = Callable[[House], AsyncIterator[Finding]]
"""Looks at one area of the house and yields what is wrong there."""
