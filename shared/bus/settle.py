"""Waiting until the server has what a connection sent."""

from nats.aio.client import Client


async def settle(client: Client) -> None:
    """Return when the server has taken everything that `client` sent so far: subscriptions are there, messages under way.

    The client's own `flush` writes its ping ahead of what still waits to be written (nats-py 2.16), so its answer proves
    nothing about that. Raises what `flush` raises.
    """
    await client._flush_pending(force_flush=True)  # noqa: SLF001 (no public call writes what waits)
    await client.flush()
