"""Keys of the stack in `deploy/compose.yaml`: rotated while it runs, and TLS by its switch."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import nats
import nats.errors
import pytest

from tests.compose.stack import SERVICES, Stack
from tests.polling import until
from tests.privilege.certificates import authority, vouched

pytestmark = [pytest.mark.slow_operations, pytest.mark.timeout(900)]


@pytest.fixture
def stack(built: str) -> Iterator[Stack]:
    """A stack with TLS that has not been started."""
    stack = Stack(YINGDA_NATS_CONFIG="nats-server-tls.conf", YINGDA_NATS_CA="/run/secrets/ca.pem")
    yield stack
    stack.down("-v")


async def test_nats_speaks_tls_and_reads_new_keys_while_it_runs(stack: Stack, tmp_path: Path) -> None:
    house = authority("a house that vouches")
    house.write(tmp_path, "ca")
    vouched(house, "nats", "127.0.0.1").write(tmp_path, "server")
    for name in ("server", "server-key"):
        stack.tool("prepare", "put", f"nats/tls/{name}.pem", given=(tmp_path / f"{name}.pem").read_text())
    whose = [f"{name}/ca.pem" for name in (*SERVICES, "operations")]
    stack.tool("prepare", "put", *whose, given=(tmp_path / "ca.pem").read_text())
    stack.compose("up", "-d", "intake")
    await stack.healthy("nats", "intake")

    trusting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    first = await shown(stack, trusting)
    said = stack.tool("prepare", "keys", "--rotate", "adapter_web")
    assert "adapter_web.nk is new" in said
    stack.compose("kill", "-s", "HUP", "nats")
    second = await shown(stack, trusting)
    assert second != first
    assert await shown(stack, trusting, "adapter_web.old") == first
    stack.tool("prepare", "keys", "--rotate", "intake")
    stack.compose("kill", "-s", "HUP", "nats")
    stack.compose("restart", "intake")
    await stack.healthy("nats", "intake")


async def shown(stack: Stack, trusting: ssl.SSLContext, name: str = "adapter_web") -> str:
    """Connect as the adapter of the web channel, by TLS, once NATS knows its key; return its seed."""
    seed = stack.tool("prepare", "show", f"keys/nats/{name}.nk").strip()
    server = f"nats://{stack.address('nats', 4222)}"
    options = {"nkeys_seed_str": seed, "inbox_prefix": "_INBOX.adapter_web", "allow_reconnect": False}

    async def known() -> bool:
        try:
            client = await nats.connect(server, tls=trusting, tls_handshake_first=True, error_cb=ignore, **options)
        except nats.errors.Error:
            return False
        await client.close()
        return True

    await until(known, 10, said=f"NATS knows the key of {name}")
    return seed


async def ignore(error: Exception) -> None:
    """What `connect` raises is enough."""
