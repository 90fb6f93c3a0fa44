"""The endpoint that stands in for one that cannot be used: whoever sends is told to come again (ADR 0035)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.adapters.endpoint import Operation
from shared.adapters.problem import HttpProblem
from shared.adapters.work import Work
from shared.plugins import UnusableError

AGAIN_SECONDS = 60
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class OutOfOrder:
    """Answers 503 to everything; why, say the log, the metric and `yingda plugins`, not the answer."""

    channels: tuple[str, ...] = ()
    operations: Sequence[Operation] = ()

    def __init__(self, _error: UnusableError) -> None:
        """Stand in for the endpoint that the error names."""

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return one route for every path below the endpoint's own."""
        del work
        return (Route("/{path:path}", _come_again, methods=list(METHODS)),)


async def _come_again(_request: Request) -> Response:
    again = {"Retry-After": str(AGAIN_SECONDS)}
    raise HttpProblem(503, "out-of-order", "Out of order", "This endpoint cannot be used now.", headers=again)
