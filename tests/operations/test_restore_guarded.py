"""Who operates the house needs no more rights for a backup and a restore than it has (`deploy/nats/permissions.conf`)."""

from pathlib import Path

import pytest
from nats.aio.client import Client
from sqlalchemy import text

from shared.db import create_engine
from shared.permissions import OPERATIONS, adapter
from tests.e2e.suite import contact, envelope
from tests.polling import until
from tests.privilege.guarded import Guarded, guarded
from tests.privilege.processes import Processes

pytestmark = [pytest.mark.slow_operations, pytest.mark.timeout(420)]

CLOCK = "2026-11-23T10:00:00+08:00@1"


async def test_operations_may_back_up_and_restore_guarded_servers(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    async with guarded() as before, guarded() as after:
        asked = [len(house.nats.violations()) for house in (before, after)]  # whether they answer, without a key
        processes = Processes(before, tmp_path, CLOCK)
        assert (await processes.yingda("provision", "--begin-rehearsal")).code == 0
        async with processes.suite(), before.speaker(adapter("web")) as channel:
            await _publish(channel.client, range(20))
            await until(lambda: _opened(before, 20), 120, every=0.5, said="20 work orders")
        async with before.speaker(adapter("web")) as channel:
            await _publish(channel.client, range(20, 25))  # nobody has taken these in hand
        kept = await processes.yingda("backup", str(tmp_path / "kept"))
        assert kept.code == 0, kept.out
        assert before.nats.violations()[asked[0] :] == []
        target = Processes(after, tmp_path, CLOCK)
        restored = await target.yingda("restore", str(tmp_path / "kept"))
        assert restored.code == 0, restored.out
        assert after.nats.violations()[asked[1] :] == []
        async with target.suite():
            await until(lambda: _opened(after, 25), 120, every=0.5, said="25 work orders")
            report = await target.yingda("reconcile")
            assert report.out.splitlines()[-1] == "nothing is missing", report.out


async def _publish(client: Client, numbers: range) -> None:
    for number in numbers:
        body = envelope(contact(customer={"phone": f"139{number:08d}"}), "web", f"c-{number}")
        await client.jetstream().publish("yingda.contact.received.web", body)


async def _opened(house: Guarded, count: int) -> bool:
    engine = create_engine(house.settings(OPERATIONS))
    async with engine.connect() as connection:
        found = await connection.scalar(text("SELECT count(*) FROM routing.work_orders"))
    await engine.dispose()
    return int(found or 0) == count
