"""An adapter: a process of its own that fetches or is brought the contacts of one kind (`yingda adapter NAME`)."""

from typing import Protocol, runtime_checkable

from shared.adapters.work import Work


@runtime_checkable
class Adapter(Protocol):
    """What the entry points of `yingda.adapters` build.

    It is restarted after a crash, which may have come at any moment: whatever it had not published it must find again,
    and what it publishes twice needs the same source and id both times.
    """

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it publishes to; the publisher refuses others, and so does NATS."""
        ...

    async def run(self, work: Work) -> None:
        """Work until `work.stopping` is set, finish what is in hand within a few seconds, and return.

        `work.report.ready()` tells once that it has begun to work, with the address where it is reached, if it is.

        An error ends the process, which is started again after a pause; what passes by itself (a server that is away)
        is waited for in here, and told by `work.report.missing`.
        """
        ...
