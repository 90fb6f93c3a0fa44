"""`HttpClient`: requests to one vendor or gateway over connections that are kept, each with one result.

TLS is verified, redirections are not followed, an answer ends at a limit, addresses of inner networks are refused
unless the operator trusts the host (`TrustedHosts`), and clear text goes to trusted hosts only. Nothing that it says
or logs holds a path, a header or a body: there the secrets are.
"""

import asyncio
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult

from shared.outbound.addresses import TrustedHosts
from shared.outbound.result import Answer, NotTaken, PerhapsTaken, Result
from shared.outbound.target import are_headers, target_of

if TYPE_CHECKING:  # imported with the first request: a service that sends none does without
    from httpcore import AsyncConnectionPool, Response

LONGEST_ANSWER: Final = 65_536
IDLE_SECONDS: Final = 10.0
"""A connection is kept so long: less than any server keeps it, so that a request seldom meets one that just closed."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class HttpClient:
    """Sends requests; used by several tasks at once, in one event loop."""

    def __init__(
        self,
        *,
        wait_seconds: float,
        trusted: Collection[str] = (),
        ca: Path | None = None,
        longest_answer: int = LONGEST_ANSWER,
        connections: int = 8,
    ) -> None:
        """`wait_seconds` is for a whole request with its answer. `trusted` may be of inner networks, and in clear text.

        `ca` holds who vouches for servers in the place of the system's. ValueError where `trusted` cannot be read.
        """
        self._wait = wait_seconds
        self._trusted = TrustedHosts.of(trusted)
        self._ca = ca
        self._longest = longest_answer
        self._connections = connections
        self._pools: dict[str, AsyncConnectionPool] = {}

    async def post_json(self, url: str, value: Any, headers: Mapping[str, str] = _NONE) -> Result:
        """Post `value` as JSON and return what came of it."""
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return await self.request("POST", url, content, {"Content-Type": "application/json; charset=utf-8", **headers})

    async def request(self, method: str, url: str, content: bytes = b"", headers: Mapping[str, str] = _NONE) -> Result:
        """Send one request and return what came of it; it is never sent a second time.

        `url` is encoded already. What cannot be sent as it is (a line break in a header, another scheme) is `NotTaken`.
        """
        target = target_of(url, self._trusted)
        if isinstance(target, NotTaken):
            return target
        if not are_headers(headers):
            return NotTaken("a header holds a character that no header may hold")
        sent = _Sent()
        try:
            async with asyncio.timeout(self._wait):
                return await self._exchange(method, target, content, headers, sent)
        except TimeoutError:
            return sent.result(f"no answer within {self._wait:g} s", "no connection in time")
        except OSError as error:  # the file of the authorities
            return sent.result(type(error).__name__, f"TLS cannot be prepared: {type(error).__name__}")

    async def close(self) -> None:
        """Close the connections; not used afterwards."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def _exchange(
        self, method: str, target: SplitResult, content: bytes, headers: Mapping[str, str], sent: "_Sent"
    ) -> Result:
        import httpcore  # noqa: PLC0415 (see above)

        from shared.outbound.network import ForbiddenError, unconnected  # noqa: PLC0415

        pool = self._pools.get(target.scheme) or await self._opened(target.scheme)
        url = httpcore.URL(
            scheme=target.scheme,
            host=target.hostname or "",
            port=target.port,
            target=(target.path or "/") + (f"?{target.query}" if target.query else ""),
        )
        usual = {"Host": target.netloc, "User-Agent": "Yingda", "Accept-Encoding": "identity"}
        if content or method != "GET":
            usual["Content-Length"] = str(len(content))
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._wait)
        request = httpcore.Request(
            method,
            url,
            headers=list({name.lower(): (name, value) for name, value in (*usual.items(), *headers.items())}.values()),
            content=content,
            extensions={"trace": sent.trace, "timeout": limits},
        )
        try:
            response = await pool.handle_async_request(request)
            return await self._answer(response)
        except ForbiddenError as error:
            return NotTaken(str(error))
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            return sent.result(type(error).__name__, unconnected(error))

    async def _answer(self, response: "Response") -> Answer:
        """Return the answer; of a body that is too long, what is within the limit."""
        body = bytearray()
        try:
            async for part in response.aiter_stream():
                body += part
                if len(body) >= self._longest:
                    break
        finally:
            await response.aclose()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, headers, bytes(body[: self._longest]))

    async def _opened(self, scheme: str) -> "AsyncConnectionPool":
        import httpcore  # noqa: PLC0415 (see above)

        from shared.outbound.network import GuardedNetwork, tls_context  # noqa: PLC0415

        context = await asyncio.to_thread(tls_context, self._ca) if scheme == "https" else None
        return self._pools.setdefault(
            scheme,
            httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=self._connections,
                max_keepalive_connections=self._connections,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=GuardedNetwork(self._trusted),
            ),
        )


class _Sent:
    """Notes whether the first byte of a request may have left."""

    def __init__(self) -> None:
        self._begun = False

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        self._begun = self._begun or event.endswith("send_request_headers.started")

    def result(self, after: str, before: str) -> NotTaken | PerhapsTaken:
        return PerhapsTaken(after) if self._begun else NotTaken(before)
