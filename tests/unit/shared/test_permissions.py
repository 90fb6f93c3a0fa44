"""What each user of NATS may do follows from what the services declare, and the declarations from what they do."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.attachments import ATTACHMENTS
from shared.bus.streams import STREAMS
from shared.contract.asyncapi import asyncapi
from shared.events import COMMAND_SUBJECTS, EVENT_TYPES
from shared.permissions import DESK, OPERATIONS, User, installed_users
from shared.permissions.jetstream import keeping_files
from shared.permissions.server_config import permissions_text, users_text
from shared.permissions.users import UndeclaredError, of_service, users_of
from shared.service import installed_services

SERVICES = installed_services()
USERS = {user.name: user for user in installed_users()}
SERVICES_FOLDER = Path(__file__).parents[3] / "services"


def test_every_command_is_answered_by_exactly_one_service() -> None:
    answered = [subject for name in SERVICES for subject in USERS[name].hears if subject in COMMAND_SUBJECTS]
    assert sorted(answered) == sorted(COMMAND_SUBJECTS)


def test_every_event_is_told_by_exactly_one_service() -> None:
    subjects = {event.SUBJECT for event in EVENT_TYPES.values()}
    told = [subject for name in SERVICES for subject in USERS[name].publishes if subject in subjects]
    assert sorted(told) == sorted(subjects)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_declares_the_commands_that_its_code_names(name: str) -> None:
    """A command whose model a service's code names is one that it answers or asks."""
    models = {command.__name__: subject for subject, command in COMMAND_SUBJECTS.items()}
    declared = {subject for subject in (*USERS[name].hears, *USERS[name].publishes) if subject in COMMAND_SUBJECTS}
    named: set[str] = set()
    for path in (SERVICES_FOLDER / name).rglob("*.py"):
        if "adapters" in path.parts:  # processes of their own: their configs say what they ask (`subjects_of`)
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared.events")
            for alias in node.names
        }
        named |= {models[one] for one in imported if one in models}
    assert named
    assert named <= declared


def test_nobody_but_operations_may_create_what_others_use() -> None:
    creating = ("$JS.API.STREAM.CREATE", "$JS.API.STREAM.UPDATE", "$JS.API.STREAM.DELETE", "$JS.API.CONSUMER.DURABLE")
    for user in USERS.values():
        found = [subject for subject in user.publishes if subject.startswith(creating)]
        assert bool(found) == (user.name == OPERATIONS), user.name


def test_a_consumer_is_created_only_by_who_owns_all_of_its_stream() -> None:
    """The server takes a consumer's name from the body: whoever creates one may change every other of the stream."""
    for stream in STREAMS:
        owners = {service.name for service in SERVICES.values() if service.stream == stream}
        for user in USERS.values():
            creates = any(subject.startswith(f"$JS.API.CONSUMER.CREATE.{stream.name}") for subject in user.publishes)
            assert not creates or user.name == OPERATIONS or owners == {user.name}, user.name


def test_nobody_may_empty_a_stream_nor_hear_or_say_everything() -> None:
    for user in USERS.values():
        assert not any(".PURGE." in subject for subject in user.publishes)
        assert {">", "*", "yingda.>", "$JS.>", "$JS.API.>", "$SYS.>"}.isdisjoint({*user.publishes, *user.subscribes})


def test_only_services_reply() -> None:
    assert {user.name for user in USERS.values() if user.answers} == set(SERVICES)


def test_everything_of_the_contract_is_somebodys() -> None:
    """Each address of the AsyncAPI document is published by one user and heard by another."""
    addresses = {channel["address"] for channel in asyncapi()["channels"].values() if channel["address"]}
    fixed = {address for address in addresses if "{" not in address}
    assert fixed <= {*USERS[DESK].publishes, *USERS[OPERATIONS].publishes} | {
        subject for name in SERVICES for subject in USERS[name].publishes
    }


@pytest.mark.parametrize("changes", [{"answers": ("workorder.dance",)}, {"tells": ("weather",)}, {"asks": ("x.*",)}])
def test_what_the_contract_does_not_have_is_no_permission(changes: dict[str, Any]) -> None:
    with pytest.raises(UndeclaredError):
        of_service(replace(SERVICES["sla"], **changes))


def test_a_channel_of_somebody_else_gets_an_adapter_of_its_own() -> None:
    users = {user.name: user for user in users_of((), ["fax"])}
    allowed = ("yingda.contact.received.fax", *keeping_files(ATTACHMENTS))
    assert users["adapter_fax"] == User("adapter_fax", allowed)


def test_the_configuration_names_each_user_once_and_no_key() -> None:
    text = permissions_text(USERS.values())
    assert [line.partition(":")[0] for line in text.splitlines() if line.endswith(": {")] == list(USERS)
    keys = users_text({"sla": ["UA", "UB"], "desk": ["UC"]})
    assert keys.count("permissions: $sla") == len(["UA", "UB"])
    assert "{ nkey: UC, permissions: $desk }" in keys
