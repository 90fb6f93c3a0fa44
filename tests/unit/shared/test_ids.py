"""Identifiers are UUIDs as RFC 9562 makes them."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived_id, new_id

NAMESPACE = UUID("6f0d3b52-5a0e-5c1e-9a53-2f6c1f0c9c11")


@given(st.lists(st.text(), max_size=4))
def test_a_derived_id_is_the_uuid_that_the_standard_library_derives(parts: list[str]) -> None:
    assert derived_id(*parts) == str(uuid5(NAMESPACE, "\x1f".join(parts)))


def test_new_ids_are_uuids_of_version_7_each_its_own() -> None:
    made = [UUID(new_id()) for _ in range(100)]
    assert {(one.version, one.variant) for one in made} == {(7, UUID(int=2 << 62).variant)}
    assert len(set(made)) == len(made)
