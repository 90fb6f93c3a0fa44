"""What every channel promises (services/intake/ports.py): it reads its raw form, purely, and never raises."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

from hypothesis import given

from services.intake.ports import Aside, Channel, Unreadable
from shared.events import Contact
from shared.events.storable import storable
from shared.testing.contracts.base import PLAIN, PluginContract
from shared.testing.contracts.jsons import MARK, at, damaged, json_objects, places, with_other


class ChannelContract(PluginContract):
    """Subclass it as `Test…`, with `plugin` and at least one of `samples`.

    A sample is the object of an envelope as an adapter publishes it, with what must be read from it: fields of the
    contact by dotted name, as in `{"text": "你好", "customer.phone": "13800138000"}`.
    """

    kind: ClassVar[str] = "channel"
    samples: ClassVar[tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]] = ()
    unreadable: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    """Data of this channel that are no contact; an empty object never is one."""

    def channel(self) -> Channel:
        """Return the channel under test."""
        built: Channel = self.typed(Channel)
        return built

    def read(self, data: Mapping[str, Any]) -> Contact | Unreadable | Aside:
        """Return what the channel reads from a copy of `data`: a contact, a refusal, or what is set aside as neither."""
        reading: object = self.channel().read(deepcopy(dict(data)))
        assert isinstance(reading, Contact | Unreadable | Aside), (
            f"read() returned {reading!r}: no Contact, Unreadable or Aside"
        )
        return reading

    def test_reads_its_own_samples(self) -> None:
        """R-IN-01: what its adapter publishes becomes a contact in the normal form."""
        assert self.samples, "give at least one sample: (raw data, what must be read)"
        for raw, expected in self.samples:
            reading = self.read(raw)
            assert isinstance(reading, Contact), f"a sample cannot be read: {reading}"
            for name, wanted in expected.items():
                found = _field(reading, name)
                assert found == wanted, f"{name} is read as {found!r}, not as {wanted!r}"

    def test_refuses_what_is_no_contact(self) -> None:
        """R-IN-08: with a reason, so that somebody can put it right."""
        for data in ({}, *self.unreadable):
            reading = self.read(data)
            assert isinstance(reading, Unreadable), f"{data!r} was read as a contact"
            self.says_one_sentence(reading.reason)

    def test_same_data_same_reading(self) -> None:
        """R-IN-06: a contact that comes twice reads the same, by this channel and by a new one; `data` stays as it is."""
        for raw in self._raws():
            data = deepcopy(dict(raw))
            one = self.channel()
            first, second = one.read(data), one.read(data)
            assert data == raw, "read() changed its argument"
            assert first == second == self.channel().read(data), "the same data gave two readings"

    @PLAIN
    @given(data=json_objects())
    def test_any_json_is_read_or_refused(self, data: dict[str, Any]) -> None:
        """It never raises, whatever JSON it gets."""
        self._holds(data)

    def test_damaged_samples_are_read_or_refused(self) -> None:
        """Nor where a sample lacks something, or holds something else there."""

        @PLAIN
        @given(data=damaged(self._raws()))
        def holds(data: dict[str, Any]) -> None:
            self._holds(data)

        holds()

    def test_a_refusal_repeats_nothing_of_the_contact(self) -> None:
        """What customers write is personal; a refusal goes into logs and events, so it names fields and no values."""
        for raw in self._raws():
            for path in places(dict(raw)):
                if isinstance(at(raw, path), str | int | float):
                    reading = self.read(with_other(raw, path, MARK))
                    if isinstance(reading, Unreadable):
                        told = f"{reading.reason} {' '.join(f'{f.field} {f.message}' for f in reading.faults)}"
                        assert MARK not in told, f"the refusal repeats what stood at {'.'.join(map(str, path))}"

    def _holds(self, data: Mapping[str, Any]) -> None:
        """Fail unless what is read can be stored and sent, and what is refused is refused in one sentence."""
        reading = self.read(data)
        if isinstance(reading, Unreadable):
            self.says_one_sentence(reading.reason)
            return
        assert reading.occurred_at.tzinfo is not None, "occurred_at has no offset"
        if isinstance(reading, Aside):
            return
        written = reading.model_dump(mode="json")
        assert written == storable(written), (
            "a contact with characters or numbers that no database and no JSON can hold"
        )

    def _raws(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(raw for raw, _ in self.samples)


def _field(contact: Contact, name: str) -> Any:
    """Return what stands in a contact at a dotted name; None where there is nothing."""
    found: Any = contact
    for part in name.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list | tuple):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            found = getattr(found, part, None)
    return found
