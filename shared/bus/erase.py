"""Taking a message off its stream for good, where the house may not keep it (R-IN-03)."""

from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.js.errors import APIError, NotFoundError

from shared.bus.streams import Stream

Erase = Callable[[int], Awaitable[None]]


def eraser_of(client: Client, stream: Stream) -> Erase:
    """Return what erases the message at a sequence of `stream`: its bytes are overwritten, the others stay in place.

    One that is gone already is no error; what else the server says is raised as nats-py does.
    """

    async def erase(sequence: int) -> None:
        jetstream = client.jetstream()
        try:
            await jetstream.delete_msg(stream.name, sequence)
        except APIError:
            try:
                await jetstream.get_msg(stream.name, sequence)
            except NotFoundError:
                return
            raise

    return erase
