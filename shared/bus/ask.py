"""One service asks another a question: a command over request and reply, as a desk sends it."""

from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
from nats.aio.client import Client
from pydantic_core import from_json

from shared.events import Command

ANSWER_SECONDS = 30.0

Ask = Callable[[Command], Awaitable[Any]]
"""Sends a command and returns its `result`; `UnansweredError` where there is none."""


class UnansweredError(Exception):
    """A service that was asked did not answer, or refused to."""


class RefusedError(UnansweredError):
    """The service has answered that it will not, with a `status` of HTTP."""

    def __init__(self, subject: str, status: int, title: str) -> None:
        super().__init__(f"{subject} was refused: {status} {title}")
        self.status = status


def asker_of(client: Client) -> Ask:
    """Return what asks over `client`."""

    async def ask(command: Command) -> Any:
        try:
            message = await client.request(command.SUBJECT, command.model_dump_json().encode(), timeout=ANSWER_SECONDS)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise UnansweredError(f"nobody answers {command.SUBJECT}: {type(error).__name__}") from error
        reply = from_json(message.data)
        if not reply["ok"]:
            raise RefusedError(command.SUBJECT, reply["error"]["status"], reply["error"]["title"])
        return reply["result"]

    return ask
