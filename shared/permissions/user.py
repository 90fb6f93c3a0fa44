"""One user of NATS: what it may publish and subscribe to."""

from dataclasses import dataclass

from shared.bus.credentials import INBOX


@dataclass(frozen=True, slots=True)
class User:
    """One user; subjects as NATS writes them, with `*` for one word and `>` for the rest."""

    name: str
    publishes: tuple[str, ...]
    hears: tuple[str, ...] = ()
    answers: bool = False
    """Whether it may reply to what it is asked, once and soon, wherever the question wants the reply."""

    @property
    def subscribes(self) -> tuple[str, ...]:
        """What it hears, and the replies to itself."""
        return (*self.hears, f"{INBOX}.{self.name}.>")
