"""What JetStream answers to a contact: on the stream, refused for ever, or to be published again (ADR 0038)."""

import json
from typing import Any, cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.adapters.commit import Commit, Known, Refusal, Unanswered
from shared.bus.publish import Outgoing

CONTACT = Outgoing("web/shop/1", "yingda.contact.received.web", b"{}")


class Server:
    """Answers every publish alike, as a server does that is in the middle of something."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = json.dumps(answer).encode()

    async def request(self, subject: str, *_: object, **__: object) -> Msg:
        return Msg(cast("Client", None), subject, data=self._answer)


def answering(**error: object) -> Commit:
    return Commit(cast("Client", Server({"stream": "CONTACTS", "seq": 0, "error": error})))


@pytest.mark.parametrize(
    ("code", "err_code", "description"),
    [
        (400, 10_002, "resource limits exceeded for account"),
        (409, 10_158, "duplicate message id is in process"),
        (429, 10_167, "too many requests"),
        (503, 10_077, "maximum bytes exceeded"),
    ],
)
async def test_what_passes_by_itself_is_no_refusal(code: int, err_code: int, description: str) -> None:
    """R-IN-06: a full account, a leader that is storing the same message, a queue that is full: it is published again."""
    with pytest.raises(Unanswered):
        await answering(code=code, err_code=err_code, description=description).publish([CONTACT])


async def test_what_the_stream_can_never_take_is_refused_with_its_reason() -> None:
    refusal = answering(code=400, err_code=10_054, description="message size exceeds maximum allowed")
    assert await refusal.publish([CONTACT]) == [Refusal("message size exceeds maximum allowed")]


async def test_what_the_server_had_already_is_known() -> None:
    server = Server({"stream": "CONTACTS", "seq": 7, "duplicate": True})
    assert await Commit(cast("Client", server)).publish([CONTACT]) == [Known(repeated=True)]
