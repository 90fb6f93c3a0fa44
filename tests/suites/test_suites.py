"""The contract suites find what breaks a promise: each is held against plugins that do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.intake.ports import Channel, Reading, Unreadable
from services.notify.ports import Outbound, Outcome, Sent, TransportSetup, Unknown
from services.routing.ports import Candidate, Matter, Suggestion, Task
from shared.events import Contact
from shared.plugins import Config, Plugin, Setup
from shared.testing.contracts import (
    AssignerContract,
    ChannelContract,
    ClassifierContract,
    HttpTransportContract,
    PluginContract,
)

RAW = {"at": "2026-11-23T10:15:00+08:00", "said": "你好"}


MANIFEST: dict[str, Any] = {"kind": "channel", "name": "fax", "api": 1, "summary": "Faxes"}
KNOWN: dict[str, Any] = {"occurred_at": RAW["at"], "text": RAW["said"]}


def tried(promise: Any) -> Callable[..., None]:
    """Return a property without hypothesis, which would look long for the smallest example."""
    inner: Callable[..., None] = promise.hypothesis.inner_test
    return inner


def read(data: Mapping[str, Any]) -> Reading:
    try:
        return Contact(occurred_at=data["at"], text=data["said"])
    except (KeyError, ValueError):
        return Unreadable("this is no contact")


def leaking(data: Mapping[str, Any]) -> Reading:
    return read(data) if isinstance(read(data), Contact) else Unreadable(f"no contact: {data}")


def changing(data: Mapping[str, Any]) -> Reading:
    reading = read(data)
    data.pop("said", None)  # type: ignore[attr-defined]
    return reading


def raising(data: Mapping[str, Any]) -> Reading:
    return Contact(occurred_at=data["at"], text=data["said"])


_turns = count(1)


def moody(data: Mapping[str, Any]) -> Reading:
    reading = read(data)
    return reading.model_copy(update={"text": f"{next(_turns)}"}) if isinstance(reading, Contact) else reading


class Fax:
    name = "fax"

    def __init__(self, how: Callable[[Mapping[str, Any]], Reading]) -> None:
        self._how = how

    def read(self, data: Mapping[str, Any]) -> Reading:
        return self._how(data)


def fax(how: Callable[[Mapping[str, Any]], Any], **changes: Any) -> ChannelContract:
    """Return the suite of a channel that reads by `how`."""

    class Fits(ChannelContract):
        plugin = Plugin(**MANIFEST | changes, build=lambda _: Fax(how))
        samples = ((RAW, {"text": "你好"}),)

    return Fits()


@pytest.mark.parametrize(
    ("how", "promise"),
    [
        (leaking, ChannelContract.test_a_refusal_repeats_nothing_of_the_contact),
        (changing, ChannelContract.test_same_data_same_reading),
        (moody, ChannelContract.test_same_data_same_reading),
        (moody, ChannelContract.test_reads_its_own_samples),
        (lambda _: None, ChannelContract.test_reads_its_own_samples),
        (lambda _: Unreadable(""), ChannelContract.test_refuses_what_is_no_contact),
        (lambda _: read(RAW), ChannelContract.test_refuses_what_is_no_contact),
    ],
)
def test_a_channel_that_breaks_a_promise_fails(how: Any, promise: Callable[[Any], None]) -> None:
    promise(fax(read))
    with pytest.raises(AssertionError):
        promise(fax(how))


def test_a_channel_that_raises_fails() -> None:
    with pytest.raises(KeyError):
        tried(ChannelContract.test_any_json_is_read_or_refused)(fax(raising), {})
    with pytest.raises(AssertionError):
        tried(ChannelContract.test_any_json_is_read_or_refused)(fax(lambda _: Contact(**{**KNOWN, "text": "\x00"})), {})


@pytest.mark.parametrize(
    "changes", [{"name": "Fax!"}, {"summary": ""}, {"api": 99}, {"summary": "a\nb"}, {"kind": "transport"}]
)
def test_a_manifest_that_is_none_fails(changes: dict[str, Any]) -> None:
    fax(read).test_its_manifest()
    with pytest.raises(AssertionError):
        fax(read, **changes).test_its_manifest()


def test_a_plugin_that_nobody_registers_fails() -> None:
    with pytest.raises(AssertionError, match="no installed package registers"):
        fax(read).test_it_is_registered()


class Open(Config):
    token: SecretStr = Field(default=SecretStr(""), description="the token itself")


class Silent(Config):
    line: int = 1


class Named(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: str = Field(default="fax_token", description="name of a secret")


class Blabs:
    name = "fax"

    def __init__(self, setup: Setup) -> None:
        self._token = setup.secret(setup.config.token).get_secret_value()

    def read(self, data: Mapping[str, Any]) -> Reading:
        return read(data)

    def __repr__(self) -> str:
        return f"Fax({self._token})"


def with_config(model: type[BaseModel], build: Callable[[Setup], Any]) -> PluginContract:
    class Fits(ChannelContract):
        plugin = Plugin(kind="channel", name="fax", api=1, summary="Faxes", build=build, config=model)
        secrets: ClassVar[Mapping[str, str]] = {"fax_token": "s3cr3t-of-the-fax"}

    return Fits()


@pytest.mark.parametrize("model", [Open, Silent])
def test_settings_that_hold_a_secret_or_explain_nothing_fail(model: type[BaseModel]) -> None:
    with_config(Named, Blabs).test_its_settings_are_checked()
    with pytest.raises(AssertionError):
        with_config(model, Blabs).test_its_settings_are_checked()


def test_a_secret_that_is_printed_fails() -> None:
    suite = with_config(Named, Blabs)
    suite.test_a_missing_secret_is_told_in_a_sentence()
    with pytest.raises(AssertionError, match="stands in the clear"):
        suite.test_its_secrets_stay_its_own()
    with pytest.raises(BaseException, match="DID NOT RAISE"):
        with_config(Named, lambda _: Fax(read)).test_a_missing_secret_is_told_in_a_sentence()


class Hands:
    name = "hands"

    def choose(self, _task: Task, _candidates: Sequence[Candidate]) -> str | None:
        return "market-99"


class Guesses:
    name = "guesses"

    def classify(self, _matter: Matter) -> Suggestion:
        return Suggestion("weather", None, 2.0, ())

    def topic_of(self, _matter: Matter, _category: str) -> tuple[str | None, float, tuple[str, ...]]:
        return "rain", 1.0, ()


class AssignerSuite(AssignerContract):
    plugin = Plugin(kind="assigner", name="hands", api=1, summary="To a stranger", build=lambda _: Hands())


class ClassifierSuite(ClassifierContract):
    plugin = Plugin(kind="classifier", name="guesses", api=1, summary="Guesses", build=lambda _: Guesses())


def test_an_answer_that_nobody_offered_fails() -> None:
    task = Task("market", "department", "complaint", None, "normal", sensitive=False, tier=None)
    with pytest.raises(AssertionError, match="none of the candidates"):
        tried(AssignerContract.test_one_of_the_candidates_or_nobody)(
            AssignerSuite(), task, [Candidate("market-1", frozenset(), 0, 1, 0)]
        )
    with pytest.raises(AssertionError, match="no category of the policy"):
        tried(ClassifierContract.test_any_text_gets_a_suggestion_of_the_policy)(ClassifierSuite(), Matter("雨"))
    with pytest.raises(AssertionError, match="no topic of"):
        tried(ClassifierContract.test_a_chosen_category_gets_one_of_its_topics)(ClassifierSuite(), Matter("雨"))


class Sure:
    """Posts nothing and says that all is well, or that nobody knows."""

    name = "sure"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup, outcome: Outcome) -> None:
        self.channel = setup.channel
        self._outcome = outcome

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        return [self._outcome for _ in messages]

    async def sent_before(self, _ids: Collection[str]) -> set[str] | None:
        return {"n9"}

    async def close(self) -> None:
        """Nothing is open."""


def sure(outcome: Outcome) -> HttpTransportContract:
    class Fits(HttpTransportContract):
        plugin = Plugin(kind="transport", name="sure", api=1, summary="Sure", build=lambda setup: Sure(setup, outcome))

    return Fits()


@pytest.mark.parametrize(
    ("outcome", "promise"),
    [
        (Sent(), HttpTransportContract.test_what_is_taken_is_sent_once),  # nothing arrived
        (Sent(), HttpTransportContract.test_what_may_have_been_taken_is_unknown),
        (Sent(), HttpTransportContract.test_what_is_refused_is_not_sent),
        (Sent(), HttpTransportContract.test_a_provider_that_is_away_has_taken_nothing),
        (Sent(), HttpTransportContract.test_what_was_sent_before_is_told_or_nothing),
        (Unknown("to 13800138000"), HttpTransportContract.test_reasons_hold_nothing_personal_and_no_secret),
        (None, HttpTransportContract.test_nonsense_raises_nothing),
    ],
)
def test_a_transport_that_breaks_a_promise_fails(outcome: Any, promise: Callable[[Any], None]) -> None:
    """R-NT-04: a message that may have been taken is neither sent nor refused."""
    with pytest.raises(AssertionError):
        promise(sure(outcome))


def test_a_stranger_lacks_something() -> None:
    class Fits(ChannelContract):
        plugin = Plugin(kind="channel", name="fax", api=1, summary="Faxes", build=lambda _: object())

    with pytest.raises(AssertionError, match=f"is no {Channel.__name__}: it lacks name and read"):
        Fits().channel()
