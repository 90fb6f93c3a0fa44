"""What a plugin hands over to a provider: the provider of a test, in every mood."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, get_args

from shared.testing.contracts.stand_in import Answer, Mood, Request, http_provider

WAIT_SECONDS: Final = 20.0
"""How long one attempt may take in the suites, on a machine that has much else to do."""
SILENT_WAIT_SECONDS: Final = 1.0
"""How long it may take where the provider is silent, which is given up then."""
HANDED_OVER: Final[tuple[Mood, ...]] = ("hangs up", "is silent")
"""Moods in which nobody knows whether the provider took what it was handed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A provider that stands ready for one test."""

    config: Mapping[str, Any]
    """The settings of a plugin that is to use it, as the policy file would give them."""
    handed: Callable[[], int]
    """How much it was handed so far, whatever it did with that."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """What of `shared.settings.Settings` it needs besides."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Secrets that have another value there, as an address that is one."""
    requests: Sequence[Request] = ()
    """What an HTTP provider was asked so far, in order."""
    wait_seconds: float = WAIT_SECONDS
    """How long one attempt may take with it."""


class Provided:
    """A suite whose plugin needs a provider."""

    moods: ClassVar[tuple[Mood, ...]] = get_args(Mood)
    """The moods that this provider has; a file on the disk has fewer than a server."""

    @contextmanager
    def provider(self, mood: Mood) -> Iterator[Standing]:
        """Yield a provider in that mood; it is gone afterwards."""
        raise AssertionError(f"say in provider() how a provider that {mood} is made")

    @contextmanager
    def standing(self, mood: Mood) -> Iterator[Standing]:
        """Yield the provider in that mood, with the time that it is given."""
        with self.provider(mood) as made:
            yield replace(made, wait_seconds=SILENT_WAIT_SECONDS) if mood == "is silent" else made


class HttpProvided(Provided):
    """A suite whose plugin needs a provider that speaks HTTP."""

    takes: ClassVar[Answer] = (200, b"{}")
    refuses: ClassVar[Answer] = (400, b"{}")
    later: ClassVar[Answer] = (429, b"{}")
    nonsense: ClassVar[Answer] = (200, b"<html>")

    def config_at(self, _url: str) -> Mapping[str, Any]:
        """Return the settings of a plugin whose provider is at that address, besides those in `config`."""
        return {}

    def environment_at(self, _url: str) -> Mapping[str, Any]:
        """Return what of `shared.settings.Settings` it needs besides."""
        return {}

    def secrets_at(self, _url: str) -> Mapping[str, str]:
        """Return secrets that have another value where the provider is at that address."""
        return {}

    def is_message(self, _request: Request) -> bool:
        """Return whether a request hands a message over; others may fetch a token first."""
        return True

    @contextmanager
    def provider(self, mood: Mood) -> Iterator[Standing]:
        """Yield a local server in that mood."""
        answers: dict[Mood, Answer] = {
            "takes": self.takes,
            "refuses": self.refuses,
            "later": self.later,
            "talks nonsense": self.nonsense,
        }
        with http_provider(mood, answers) as there:
            yield Standing(
                self.config_at(there.url),
                lambda: sum(map(self.is_message, there.requests)),
                self.environment_at(there.url),
                self.secrets_at(there.url),
                there.requests,
            )
