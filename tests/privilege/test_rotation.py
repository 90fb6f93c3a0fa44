"""A key is changed while everybody works: two keys side by side, the server reads them without a restart."""

import asyncio

import nats.errors
import pytest

from shared.bus.connect import connect
from shared.permissions.secrets_folder import SecretsFolderError
from tests.polling import until
from tests.privilege.guarded import Guarded


async def test_two_keys_of_one_user_are_valid_until_the_old_one_is_retired(house: Guarded) -> None:
    pid, settings = house.nats.pid, house.settings("routing")
    old = settings.model_copy(update={"nats_nkey_file": house.secrets / "nats" / "routing.old.nk"})
    async with house.speaker("routing") as before, house.speaker("sla") as bystander:
        house.folder.rotate_key("routing")
        await house.nats.reload()
        async with house.speaker("routing") as after:
            for one in (before, after):  # each as routing, and as nobody else
                assert await one.publish("yingda.heartbeat.routing") == []
                assert await one.publish("yingda.heartbeat.sla")
            await (await connect(old, "test")).close()

            house.folder.retire_key("routing")
            await house.nats.reload()
            await until(lambda: before.client.is_closed, 60, said="who shows the old key is cut off")
            assert await after.publish("yingda.heartbeat.routing") == []
            assert await bystander.publish("yingda.heartbeat.sla") == []
    assert house.nats.pid == pid
    with pytest.raises(SecretsFolderError, match="no old key"):
        house.folder.retire_key("routing")


async def test_the_retired_key_opens_nothing(house: Guarded) -> None:
    kept = (house.secrets / "nats" / "desk.nk").read_text()
    house.folder.rotate_key("desk")
    house.folder.retire_key("desk")
    await house.nats.reload()
    stale = house.secrets.parent / "desk.nk"
    await asyncio.to_thread(stale.write_text, kept)
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
        await connect(house.settings("desk").model_copy(update={"nats_nkey_file": stale}), "test")
    await (await connect(house.settings("desk"), "test")).close()
