"""Channels of strangers in intake: only configured ones are loaded, and one that fails stops nothing but itself (ADR 0035)."""

import re
import sys
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.intake import store
from services.intake.app import SERVICE
from shared import metrics
from shared.events import ContactRegistered, ContactRejected
from shared.plugins import guard
from shared.policy import Policy, load_policy
from shared.policy.loader import DEFAULT_POLICY
from shared.renewal import Renewal
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from tests.integration.intake_house import envelope, form
from tests.unit.plugins.stranger import package

READS = """
from services.intake.ports import Unreadable

class Stranger:
    def __init__(self, name, config=None):
        self.name, self.config = name, config

    def read(self, data):
        from services.intake.plugins.generic import prepared, read_form
        return read_form(prepared(data))

class Raises(Stranger):
    def read(self, data):
        raise KeyError(data["text"])

class Hangs(Stranger):
    def read(self, data):
        while True:
            pass

class Wrong(Stranger):
    def read(self, data):
        return {"text": "?"}

class FaxConfig(Config):
    lines: int
    token: SecretName = "fax_token"

def build_fax(setup):
    setup.secret(setup.config.token)
    return Stranger("fax", setup.config)

def channel(name, kind):
    return Plugin(kind="channel", name=name, api=1, build=lambda setup: kind(name))

raises, hangs, wrong = channel("raises", Raises), channel("hangs", Hangs), channel("wrong", Wrong)
other = Plugin(kind="channel", name="other", api=9, build=print)
hollow = Plugin(kind="channel", name="hollow", api=1, build=lambda setup: object())
fax = Plugin(kind="channel", name="fax", api=1, build=build_fax, config=FaxConfig)
"""
NAMES = ("raises", "hangs", "wrong", "other", "hollow", "fax")


def naming(**channels: Any) -> Policy:
    """Return the default policy with further channels."""
    data: Any = deepcopy(load_policy().plain)
    data["plugins"]["channels"] |= channels
    return Policy.model_validate(data)


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a package with channels that fail in every way, and one that ends whoever imports it; return the latter's module."""
    package(tmp_path, "strangers", {f"yingda.channels:{name}": name for name in NAMES}, READS)
    module = package(tmp_path, "trap", {"yingda.channels:trap": "plugin"}, "raise SystemExit('never imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return module


@pytest.fixture
async def bench(database_url: str, fresh_nats: str) -> AsyncIterator[ServiceBench]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as ready:
        yield ready


async def receive(bench: ServiceBench, *channels: str) -> dict[str, str]:
    """Let a contact come in over each channel, in one batch; return what became of each: `ok`, or why it was rejected."""
    jetstream = bench.client.jetstream()
    for channel in channels:
        body = envelope(channel, form(text="secret words"))
        await jetstream.publish(f"yingda.contact.received.{channel}", body, stream="CONTACTS")
    await bench.consume(len(channels))
    found = {event.channel: "ok" for event in await bench.told(ContactRegistered)}
    return found | {event.channel: event.reason for event in await bench.told(ContactRejected)}


def works(name: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("yingda_plugin_works", {"kind": "channel", "plugin": name})


async def test_a_broken_plugin_that_nobody_configured_is_never_imported(bench: ServiceBench, strangers: str) -> None:
    """Installed is not used: the policy says what is."""
    one = await bench.replica(policy=load_policy())
    found = await receive(one, "web", "trap")
    assert found == {"web": "ok", "trap": 'no plugin for channel "trap" is configured (plugins.channels of the policy)'}
    assert strangers not in sys.modules
    assert works("trap") is None


async def test_what_cannot_be_used_is_named_and_everything_else_goes_on(bench: ServiceBench, strangers: str) -> None:
    """R-IN-08: contacts of such a channel are kept with the reason; log and metric name the plugin at the start."""
    policy = naming(trap={}, other={}, hollow={}, fax={"lines": "many"}, telex={}, web={"colour": "red"})
    with structlog.testing.capture_logs() as logs:
        one = await bench.replica(policy=policy)
    assert strangers not in sys.modules  # it was tried, and is not there
    found = await receive(one, "app", "trap", "other", "hollow", "fax", "telex", "web", "sms")
    assert (found.pop("app"), found.pop("sms")) == ("ok", "ok")
    reasons = {name: reason.removeprefix("the contact cannot be read: ") for name, reason in found.items()}
    assert reasons["trap"].startswith('the channel plugin "trap" (trap 1.0) does not load: SystemExit in trap_')
    assert reasons["other"].endswith("(strangers 1.0) is written for version 9 of its kind; known here: 1")
    assert (
        reasons["hollow"] == 'the channel plugin "hollow" built a object, which is no Channel: it lacks name and read'
    )
    assert (
        'the settings of the channel plugin "fax" are wrong: lines: Input should be a valid integer' in reasons["fax"]
    )
    assert reasons["telex"].startswith('there is no channel plugin "telex"; installed are: app, email')
    assert reasons["web"].endswith('the channel plugin "web" has no settings')
    named = {log["plugin"]: log["why"] for log in logs if log["event"] == "plugin cannot be used"}
    assert named == reasons
    assert {name: works(name) for name in (*reasons, "app")} == {**dict.fromkeys(reasons, 0.0), "app": 1.0}
    assert await bench.dead_letters() == len(reasons)

    await bench.replica(policy=load_policy())
    assert (works("trap"), works("web")) == (None, 1.0)


async def test_a_secret_makes_the_difference(
    bench: ServiceBench, strangers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = naming(fax={"lines": 2})
    without = await bench.replica(policy=policy)
    reason = (await receive(without, "fax"))["fax"]
    assert 'the channel plugin "fax" cannot work: there is no secret "fax_token": set YINGDA_SECRET_FAX_TOKEN' in reason
    monkeypatch.setenv("YINGDA_SECRET_FAX_TOKEN", "sesame")
    one = await bench.replica(policy=policy)
    jetstream = bench.client.jetstream()
    await jetstream.publish("yingda.contact.received.fax", envelope("again", form()), stream="CONTACTS")
    await one.consume(1)
    assert [event.channel for event in await bench.told(ContactRegistered)] == ["fax"]


async def test_what_fails_as_it_reads_is_rejected_in_the_batch_of_the_others(
    bench: ServiceBench, strangers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-IN-08: one raises, one never returns, one answers with something else; none of it costs another contact."""
    monkeypatch.setattr(guard, "LIMIT_SECONDS", 0.3)
    one = await bench.replica(policy=naming(raises={}, hangs={}, wrong={}))
    with structlog.testing.capture_logs() as logs:
        found = await receive(one, "web", "raises", "hangs", "wrong", "app")
    (why,) = [log["why"] for log in logs if log["event"] == "channel plugin failed"]
    assert re.fullmatch(r"KeyError in strangers_\d+\.py line \d+", why), "whoever wrote it has to find the place"
    assert found == {
        "web": "ok",
        "app": "ok",
        "raises": 'the plugin for channel "raises" failed: KeyError',
        "hangs": 'the channel plugin "hangs" was broken off after 0.3 s',
        "wrong": 'the plugin for channel "wrong" answered with a dict',
    }
    letters = await bench.rows(store.runtime.dead_letters)
    assert {letter.reason for letter in letters} == set(found.values()) - {"ok"}
    assert "secret" not in repr([letter.reason for letter in letters])


async def test_who_changes_a_policy_is_told_at_once_and_the_former_stays(
    bench: ServiceBench, strangers: str, tmp_path: Path
) -> None:
    """A start does without a plugin; a reload, which somebody looks at, does not."""
    file = tmp_path / "policy.yaml"
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    settings = bench.context.settings.model_copy(update={"policy": file})
    renewal = Renewal(SERVICE)
    parts = await renewal.build(replace(bench.context, settings=settings, policy=load_policy(file)))
    turn = next(loop for loop in parts.loops if loop.name == "policy").turn

    async def reload(*channels: str) -> list[str]:
        named = "".join(f"    {name}: {{}}\n" for name in channels)
        file.write_text(text.replace("    web: {}\n", f"    web: {{}}\n{named}", 1), encoding="utf-8")
        renewal.ask()
        with structlog.testing.capture_logs() as logs:
            await turn()
        return [fault for log in logs for fault in log.get("faults", ())]

    (refused,) = await reload("telex", "other")
    assert 'there is no channel plugin "telex"; installed are: ' in refused
    assert 'the channel plugin "other" (strangers 1.0) is written for version 9 of its kind' in refused
    assert metrics.REGISTRY.get_sample_value("yingda_policy_refused", {"service": "intake"}) == 1
    assert works("telex") is None
    assert await reload("raises") == []
    assert works("raises") == 1
    assert metrics.REGISTRY.get_sample_value("yingda_policy_refused", {"service": "intake"}) == 0
