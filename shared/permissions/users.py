"""The users of a deployment, derived from what the installed services declare and which channels there are."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from shared.adapters.configured import channels_of, subjects_of
from shared.attachments.bucket import ATTACHMENTS
from shared.bus.streams import EVENTS, STREAMS
from shared.events import COMMAND_SUBJECTS, EVENT_TYPES
from shared.heartbeat.message import SUBJECT_PREFIX as HEARTBEAT
from shared.permissions.jetstream import (
    ACCOUNT,
    consuming,
    keeping_files,
    looking_back,
    operating,
    pacing,
    reading,
    reading_files,
)
from shared.permissions.user import User
from shared.plugins import plugin_names
from shared.policy import Policy, load_policy
from shared.policy.adapters import adapter_names
from shared.service import Service, installed_services

OPERATIONS = "operations"
"""Provisions, looks, replays, deals with dead letters, backs up and restores."""
DESK = "desk"
"""Sends commands and sees events."""
_COMMAND = "yingda.command."
_EVENTS = "yingda.event.>"
_CONTACTS = "yingda.contact.received."
_HOUSEKEEPING = f"{_COMMAND}reconciliation.*"
"""What the services ask one another, and operations asks them: no business of a desk."""


class UndeclaredError(Exception):
    """A service declares a command or an entity that the contract does not have."""


def installed_users(policy: Policy | None = None) -> list[User]:
    """Return the users of what is installed here: one a service, one a channel, one an adapter, desk and operations.

    What an adapter may publish follows from how `policy` configures it, the default policy without one.
    """
    given = policy or load_policy()
    users = users_of(installed_services().values(), plugin_names("channel"))
    adapters = [of_process(name, given) for name in plugin_names("adapter")]
    if taken := {user.name for user in users} & {user.name for user in adapters}:
        raise UndeclaredError(f"an adapter cannot be called {min(taken)}: another user of NATS is")
    return [*users, *adapters]


def users_of(services: Iterable[Service], channels: Iterable[str]) -> list[User]:
    """Return the users of these `services` and `channels`."""
    return [*map(of_service, services), *map(of_adapter, channels), _desk(), _operations()]


def adapter(channel: str) -> str:
    """Return the name of the user that publishes the contacts of `channel`."""
    return f"adapter_{channel}"


def of_service(service: Service) -> User:
    """Return the user that a process of `service` is."""
    events = [event.SUBJECT for event in EVENT_TYPES.values() if event.TYPE.split(".")[1] in service.tells]
    if missing := set(service.tells) - {subject.split(".")[2] for subject in events}:
        raise UndeclaredError(f"{service.name} tells of {', '.join(sorted(missing))}, and there is no such event")
    api = [
        *consuming(service.consumer),
        *(looking_back(service.stream) if service.looks_back else ()),
        *(pacing(service.paced_by) if service.paced_by is not None else ()),
    ]
    return User(
        service.name,
        (*sorted(set(events)), *commands_of(service.asks), f"{HEARTBEAT}{service.name}", *api),
        (*commands_of(service.answers), f"{HEARTBEAT}*"),
        answers=True,
    )


def of_adapter(channel: str) -> User:
    """Return the user that publishes the contacts of `channel` and keeps the files that came with them; nothing else."""
    return User(adapter(channel), (f"{_CONTACTS}{channel}", *keeping_files(ATTACHMENTS)))


def of_process(name: str, policy: Policy) -> User:
    """Return the user that a process of the adapter `name` is: `policy` says which channels it publishes to.

    One that the policy does not name may tell that it is there, and nothing else.
    """
    beat = f"{HEARTBEAT}{name}"
    if name not in adapter_names(policy):
        return User(name, (beat,))
    channels = [f"{_CONTACTS}{channel}" for channel in channels_of(name, policy)]
    return User(name, (*channels, beat, *keeping_files(ATTACHMENTS), *subjects_of(name, policy)))


def commands_of(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the subjects of the commands that `patterns` name; `UndeclaredError` for one that names none."""
    found: set[str] = set()
    for pattern in patterns:
        subjects = {subject for subject in COMMAND_SUBJECTS if fnmatchcase(subject, f"{_COMMAND}{pattern}")}
        if not subjects:
            raise UndeclaredError(f"there is no command {pattern}")
        found |= subjects
    return tuple(sorted(found))


def _desk() -> User:
    """Return the user for desks and scripts: no consumers, since those could change the ones of the services."""
    commands = [subject for subject in sorted(COMMAND_SUBJECTS) if not fnmatchcase(subject, _HOUSEKEEPING)]
    return User(DESK, (*commands, *reading(EVENTS), *reading_files(ATTACHMENTS)), (_EVENTS,))


def _operations() -> User:
    api = [subject for stream in (*STREAMS, ATTACHMENTS) for subject in operating(stream)]
    api += reading_files(ATTACHMENTS)
    told = (f"{_CONTACTS}*", _EVENTS)
    return User(OPERATIONS, (*told, *sorted(COMMAND_SUBJECTS), *ACCOUNT, *api), (_EVENTS, f"{HEARTBEAT}*"))
