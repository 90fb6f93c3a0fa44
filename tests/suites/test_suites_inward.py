"""The contract suites of adapters and endpoints find what breaks a promise: each is held against some that do."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.adapters import BusAway, Operation, Work
from shared.plugins import Config, Plugin, Setup
from shared.testing.contracts import AdapterContract, Call, EndpointContract

_turns = count()


class Where(Config):
    folder: Path
    """Where the files are."""


class Files:
    """Brings the files of a folder, each kept until the bus has it."""

    channels = ("web",)

    def __init__(self, setup: Setup) -> None:
        self.folder: Path = setup.config.folder

    async def run(self, work: Work) -> None:
        for file in sorted(self.folder.glob("*.json")):
            await self.bring(work, file.stem, file)
            file.unlink()
        await work.stopping.wait()

    async def bring(self, work: Work, name: str, file: Path) -> None:
        await work.publisher.publish("web", source="files", id=name, data=json.loads(file.read_bytes()))


class MarksBefore(Files):
    """Takes everything into its hands before the bus has any of it: a crash loses it."""

    async def run(self, work: Work) -> None:
        held = [(file.stem, json.loads(file.read_bytes())) for file in sorted(self.folder.glob("*.json"))]
        for file in self.folder.glob("*.json"):
            file.unlink()
        for name, data in held:
            while True:
                try:
                    await work.publisher.publish("web", source="files", id=name, data=data)
                    break
                except BusAway:
                    continue
        await work.stopping.wait()


class Renames(Files):
    """Gives the same contact another id after a restart."""

    async def run(self, work: Work) -> None:
        for file in sorted(self.folder.glob("*.json")):
            await self.bring(work, f"{file.stem}-{next(_turns)}", file)
        await work.stopping.wait()


class Drops(Files):
    """Takes the bus for one that has everything."""

    async def bring(self, work: Work, name: str, file: Path) -> None:
        try:
            await super().bring(work, name, file)
        except BusAway:
            return


class Fails(Files):
    async def run(self, work: Work) -> None:
        raise KeyError(work)


class GoesOn(Files):
    async def run(self, work: Work) -> None:
        await super().run(work)
        await asyncio.Event().wait()


def of_files(build: Callable[[Setup], Any]) -> AdapterContract:
    class Fits(AdapterContract):
        plugin = Plugin(kind="adapter", name="files", api=1, summary="Files", build=build, config=Where)
        brings = 3

        @contextmanager
        def world(self) -> Iterator[Mapping[str, Any]]:
            with TemporaryDirectory() as folder:
                for number in range(self.brings):
                    Path(folder, f"{number}.json").write_text("{}", encoding="utf-8")
                yield {"folder": folder}

    return Fits()


PROMISES = (
    AdapterContract.test_brings_everything_and_ends_when_it_is_told,
    AdapterContract.test_a_restart_repeats_nothing_under_another_id,
    AdapterContract.test_a_crash_loses_nothing,
    AdapterContract.test_a_bus_that_is_away_loses_nothing,
)


def test_an_adapter_that_keeps_its_promises_passes() -> None:
    for promise in PROMISES:
        promise(of_files(Files))


@pytest.mark.parametrize(
    ("build", "promise", "said"),
    [
        (MarksBefore, AdapterContract.test_a_crash_loses_nothing, r"\d contacts? came of 3"),
        (Renames, AdapterContract.test_a_restart_repeats_nothing_under_another_id, "a restart made new contacts"),
        (Drops, AdapterContract.test_a_bus_that_is_away_loses_nothing, "0 contacts came of 3"),
        (Fails, PROMISES[0], r"it fails before it brings anything: KeyError in test_suites_inward.py line \d+"),
        (GoesOn, PROMISES[0], "it has not ended 0.2 s after it was to stop"),
    ],
)
def test_an_adapter_that_breaks_a_promise_fails(
    build: Callable[[Setup], Any], promise: Callable[[Any], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.testing.contracts.adapter._PATIENCE", 1.0)
    monkeypatch.setattr("shared.testing.contracts.adapter._END_SECONDS", 0.2)
    with pytest.raises(AssertionError, match=said):
        promise(of_files(build))


class Posts:
    """Takes a contact by POST."""

    channels = ("web",)
    operations: ClassVar[Sequence[Operation]] = (Operation("post", "", "A contact"),)

    def __init__(self, _setup: Setup) -> None:
        """Take what every endpoint is built from."""

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        async def post(request: Request) -> Response:
            return await self.post(work, await request.body())

        return [Route("/", post, methods=["POST"])]

    async def post(self, work: Work, body: bytes) -> Response:
        if body != b"good":
            return Response(status_code=422)
        await work.publisher.publish("web", source="posts", id=self.name(), data={})
        return Response(status_code=202)

    def name(self) -> str:
        return "1"


class AnswersBefore(Posts):
    """Says yes to a sender, who forgets, whatever the bus says."""

    async def post(self, work: Work, body: bytes) -> Response:
        try:
            return await super().post(work, body)
        except BusAway:
            return Response(status_code=202)


class Counts(Posts):
    """Gives what comes again another id."""

    def name(self) -> str:
        return str(next(_turns))


class Falls(Posts):
    async def post(self, work: Work, body: bytes) -> Response:
        return await super().post(work, body) if body == b"good" else Response(status_code=500)


class Hides(Posts):
    operations = (Operation("get", "", "Something else"),)


class TakesAll(Posts):
    async def post(self, work: Work, body: bytes) -> Response:
        del body
        return await super().post(work, b"good")


def of_posts(build: Callable[[Setup], Any]) -> EndpointContract:
    class Fits(EndpointContract):
        plugin = Plugin(kind="endpoint", name="posts", api=1, summary="Posts", build=build)
        samples = ((Call("POST", "", b"good"), 1),)
        refused = (Call("POST", "", b"bad"),)

    return Fits()


def any_body(suite: EndpointContract) -> None:
    """Try one body, without hypothesis, which would look long for the smallest example."""
    EndpointContract.test_any_body_is_answered.hypothesis.inner_test(suite, b"{}")  # type: ignore[attr-defined]


ENDPOINT_PROMISES: tuple[Callable[[Any], None], ...] = (
    EndpointContract.test_every_route_is_described,
    EndpointContract.test_its_samples_come_through,
    EndpointContract.test_no_success_before_the_bus_has_it,
    EndpointContract.test_what_is_refused_brings_nothing,
    any_body,
)


def test_an_endpoint_that_keeps_its_promises_passes() -> None:
    for promise in ENDPOINT_PROMISES:
        promise(of_posts(Posts))


@pytest.mark.parametrize(
    ("build", "promise", "said"),
    [
        (Hides, EndpointContract.test_every_route_is_described, "no route serves get /"),
        (Counts, EndpointContract.test_its_samples_come_through, "a repetition has another id"),
        (AnswersBefore, EndpointContract.test_no_success_before_the_bus_has_it, "though the bus is away"),
        (TakesAll, EndpointContract.test_what_is_refused_brings_nothing, "brought a contact"),
        (Falls, any_body, "was answered with 500"),
    ],
)
def test_an_endpoint_that_breaks_a_promise_fails(
    build: Callable[[Setup], Any], promise: Callable[[Any], None], said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        promise(of_posts(build))
