"""What comes in over a connection to NATS, handed on without a queue and a task in between.

nats-py tries one pattern after the other on each line and puts every message into a queue, from which a task of its
subscription calls a coroutine: 5 µs for each of the dozen deliveries of a contact. A subscription that takes directly
gets its messages while they are parsed, in 2 µs; all else is left to nats-py's own parser, in whole pieces.
"""

import re
from collections.abc import Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

STATUS_AT = len("NATS/1.0")
"""Where a status follows in the first line of the headers, as in `NATS/1.0 408 Request Timeout`."""
_OURS = b"NATS/1.0\r\nNats-Msg-Id: yingda/"
"""How the headers of an event of this suite begin, whose body says all that its headers do."""
_TRACE = re.compile(rb"^(traceparent|tracestate)[ \t]*:[ \t]*([\x20-\x7e]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n"
_TAKE = "take_directly"
_WITHOUT_REPLY = 3  # words: what it is, the subject, the number of the subscription

Take = Callable[[Msg], None]


class LeanParser(Parser):
    """nats-py's parser, with a shorter way for the messages of subscriptions that take directly."""

    _rest: bytes

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        vars(self).update(vars(client._ps))  # noqa: SLF001 (what it has begun to read is read to its end)
        self._client = client

    def reset(self) -> None:
        """Forget what has come of a connection that is gone."""
        super().reset()
        self._rest = b""

    async def parse(self, data: bytes = b"") -> None:
        """Hand on all that is complete with `data`; `ProtocolError` for what no server says."""
        self._rest += data
        while piece := self._next():
            await super().parse(piece)

    @staticmethod
    def take_directly(subscription: Subscription, take: Take) -> None:
        """Have `take` called with the messages that come for `subscription` from now on.

        Words of the server itself, which have a status, still come by way of the queue, and so behind these.
        """
        vars(subscription)[_TAKE] = take  # where it ends with the subscription

    def _next(self) -> bytes:
        """Hand on what comes first and is taken directly; return the piece behind it, nothing where it is not whole."""
        try:
            return self._next_of(self._rest)
        except (ValueError, IndexError) as error:
            raise ProtocolError from error

    def _next_of(self, rest: bytes) -> bytes:
        at, other = 0, b""
        while not other and (line := rest.find(_END, at)) >= 0:
            words = rest[at:line].split(b" ")
            head = body = end = line + len(_END)
            number, take = 0, None
            if words[0] == b"HMSG" or words[0] == b"MSG":
                end += int(words.pop())
                if len(rest) < end + len(_END):
                    break
                if words[0] == b"HMSG":
                    body += int(words.pop())
                number = int(words[2])
                take = getattr(self._client._subs.get(number), _TAKE, None)  # noqa: SLF001 (no public door)
                end += len(_END)
            raw = rest[head:body]
            if take is None or raw[STATUS_AT : STATUS_AT + 1] == b" ":
                other = rest[at:end]
            else:
                subject = words[1].decode(errors="backslashreplace")
                reply = words[3].decode(errors="backslashreplace") if len(words) > _WITHOUT_REPLY else ""
                headers = headers_in(raw) if raw else None
                take(Msg(self._client, subject, reply, rest[body : end - len(_END)], headers, None, False, number))
            at = end
        self._rest = rest[at:]
        return other


def headers_in(raw: bytes) -> dict[str, str] | None:
    """Return the headers of W3C Trace Context among `raw`, whose names are valid in any case; two of `traceparent` are none."""
    if raw.startswith(_OURS):
        return None
    found = [(name.decode().lower(), value.decode()) for name, value in _TRACE.findall(raw)]
    parents = [value for name, value in found if name == "traceparent"]
    if len(parents) != 1:
        return None
    return {"traceparent": parents[0], "tracestate": ",".join(value for name, value in found if name == "tracestate")}
