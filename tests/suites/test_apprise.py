"""The transport apprise keeps what every transport promises, as far as the library tells what came of a message."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import pytest

from services.notify.plugins import apprise
from shared.testing.contracts import HttpTransportContract, Mood, Standing
from shared.testing.contracts.stand_in import http_provider

pytestmark = pytest.mark.filterwarnings("ignore:.imghdr.:DeprecationWarning")  # in what the library imports


class TestApprise(HttpTransportContract):
    plugin = apprise.plugin
    channel = "email"
    audience = "staff"
    to = "market-1@example.com"
    moods: ClassVar[tuple[Mood, ...]] = ("takes", "talks nonsense", "hangs up", "is silent")
    config: ClassVar[Mapping[str, object]] = {"urls": ["alerts"]}
    secrets: ClassVar[Mapping[str, str]] = {"alerts": "json://127.0.0.1:9/token-of-the-alerts"}

    @contextmanager
    def provider(self, mood: Mood) -> Iterator[Standing]:
        """The address is a secret, so that another provider is another secret."""
        with http_provider(mood, {"takes": self.takes, "talks nonsense": self.nonsense}) as there:
            type(self).secrets = {"alerts": f"json://{there.url.removeprefix('http://')}/token-of-the-alerts"}
            yield Standing({}, lambda: len(there.requests))
