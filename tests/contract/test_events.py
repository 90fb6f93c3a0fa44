"""Every event and command that others rely on exists, with its fields, under its subject (contract, "Events")."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import from_json

from shared.bus.streams import CONTACTS, EVENTS, STREAMS
from shared.contract.schemas import event_schema, schema_of, schemas
from shared.events import (
    COMMAND_SUBJECTS,
    EVENT_TYPES,
    Contact,
    Customer,
    Event,
    Personal,
    compose,
    decode_event,
    encode,
)
from tests.contract import table

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
ALL = sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", table.EVENTS)
def test_an_event_others_rely_on_has_its_fields(name: str) -> None:
    model = EVENT_TYPES[f"yingda.{name}.v1"]
    fields = set(event_schema(model)["properties"])
    assert set(table.EVENTS[name].split()) <= fields


@pytest.mark.parametrize("name", sorted(table.COMMANDS.keys() - table.NOT_YET))
def test_a_command_others_rely_on_has_its_fields(name: str) -> None:
    model = COMMAND_SUBJECTS[f"yingda.command.{name}"]
    fields = set(model.model_fields)
    assert {"command_id", "by", *table.COMMANDS[name].split()} <= fields


def test_what_is_not_answered_yet_is_listed_only_as_long() -> None:
    assert not {f"yingda.command.{name}" for name in table.NOT_YET} & COMMAND_SUBJECTS.keys()


def test_contact_and_customer_have_their_fields() -> None:
    """R-IN-02"""
    assert set(table.CONTACT.split()) <= set(Contact.model_fields)
    assert set(table.CUSTOMER.split()) <= set(Customer.model_fields)
    assert set(table.PERSONAL.split()) == set(Personal.model_fields)


@pytest.mark.parametrize(("name", "field"), table.CLOSED_SETS)
def test_closed_sets_are_closed(name: str, field: str) -> None:
    """Nothing may be added silently, and nothing taken away."""
    schema = schemas()[name]["properties"][field]
    options = [option for option in schema.get("anyOf", [schema]) if "enum" in option]
    assert [set(option["enum"]) for option in options] == [set(table.CLOSED_SETS[name, field].split())]


@pytest.mark.parametrize("name", ALL)
def test_type_and_subject_belong_together(name: str) -> None:
    model = EVENT_TYPES[name]
    product, entity, verb, version = name.split(".")
    assert (product, version) == ("yingda", f"v{model.VERSION}")
    assert f"yingda.event.{entity}.{verb}" == model.SUBJECT


@pytest.mark.parametrize("name", ALL)
def test_every_event_survives_its_envelope(name: str) -> None:
    """What is written is read back equal, carries `schema`, and is what the published schema says."""
    model = EVENT_TYPES[name]
    schema = schema_of(model, "validation")
    event = model.model_validate(example(schema, schema))
    message = compose(event, source="yingda/test", subject="entity-1", at=NOW, traceparent=None)
    body = encode(message)
    assert decode_event(body) == message
    written = from_json(body)
    assert written["specversion"] == "1.0"
    assert written["type"] == name
    assert written["time"] == "2026-11-23T02:15:00Z"
    assert written["data"]["schema"] == model.VERSION
    published = event_schema(model)
    assert set(published["properties"]) == set(published["required"]) == set(written["data"])


@pytest.mark.parametrize("name", ALL)
def test_fields_of_a_newer_version_do_not_disturb(name: str) -> None:
    schema = schema_of(EVENT_TYPES[name], "validation")
    data = example(schema, schema)
    assert EVENT_TYPES[name].model_validate(data | {"of_a_newer_producer": 1}) == EVENT_TYPES[name].model_validate(data)


@pytest.mark.parametrize("name", ALL)
def test_an_event_never_changes(name: str) -> None:
    schema = schema_of(EVENT_TYPES[name], "validation")
    event: Event = EVENT_TYPES[name].model_validate(example(schema, schema))
    with pytest.raises(ValueError, match="frozen"):
        setattr(event, next(iter(set(type(event).model_fields) - {"schema_"})), "other")


def test_the_streams_hold_contacts_and_events_and_take_atomic_batches() -> None:
    assert CONTACTS.subjects == ("yingda.contact.received.*",)
    assert EVENTS.subjects == ("yingda.event.>",)
    assert all(stream.config().allow_atomic for stream in STREAMS)


def example(schema: dict[str, Any], whole: dict[str, Any]) -> Any:  # noqa: PLR0911 (a value for each kind of schema)
    """Return a small value that `schema`, part of `whole`, allows; of an object everything, not only what is required."""
    if "$ref" in schema:
        return example(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], whole)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: example(part, whole) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema["items"], whole)]
    if kind == "string":
        return "2026-11-23T10:15:00.25+08:00" if schema.get("format") == "date-time" else "x"
    return {"integer": 1, "number": 0.5, "boolean": True}[kind] if kind else "x"
