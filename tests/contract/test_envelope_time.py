"""CloudEvents 1.0 makes `time` optional: a contact without it is a contact."""

import pytest

from shared.events import Malformed, decode

BODY = b'{"specversion": "1.0", "id": "1", "source": "web/shop", "type": "yingda.contact.received.v1", "data": {}%s}'


def test_an_envelope_without_its_time_can_be_read() -> None:
    assert decode(BODY % b"").time is None


@pytest.mark.parametrize("time", [b'"yesterday"', b"5", b'"2026-11-23T10:00:00"'])
def test_a_time_that_is_none_is_a_fault(time: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        decode(BODY % (b', "time": ' + time))
    assert [fault.field for fault in caught.value.faults] == ["time"]
