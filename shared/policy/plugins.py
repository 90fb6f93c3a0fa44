"""Which plugins are used and how each is set up (section `plugins`): by kind, a mapping of names to settings.

What is named here is loaded by the process that needs it, and so is what the policy names where it uses it (a
transport, a classifier); nothing else that is installed is. Which settings a plugin has, it says itself: they are
checked by its own model as soon as somebody who has it installed looks (`shared.workshop`), not when the policy is
read, since a process need not have the plugins of another one. Secrets do not belong here: a setting names one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.policy.base import Key, Model
from shared.policy.calendars import CalendarSpec
from shared.policy.feedback import FeedbackPolicy
from shared.policy.notify import NotifyPolicy
from shared.policy.routing import RoutingPolicy
from shared.policy.sla import SlaPolicy

BUILT_IN_CHANNELS = ("phone", "web", "email", "wechat", "weibo", "sms", "app", "walk_in")
"""The channels of a policy that does not say which."""


def _or_none(settings: object) -> object:
    """Take `fax:` with nothing behind it for a plugin without settings."""
    return {} if settings is None else settings


OwnSettings = Annotated[Mapping[str, Any], BeforeValidator(_or_none)]
Named = Annotated[Mapping[Key, OwnSettings], BeforeValidator(_or_none)]
_NONE: Any = Field(default_factory=dict)


class PluginsPolicy(Model):
    """The plugins in use, with their settings; the keys are the sections of `shared.plugins.KINDS`."""

    channels: Named = Field(default_factory=lambda: {name: {} for name in BUILT_IN_CHANNELS})
    """Raw forms that contacts are read in; a contact on any other channel becomes a dead letter."""
    classifiers: Named = _NONE
    assigners: Named = _NONE
    calendars: Named = _NONE
    transports: Named = _NONE
    """Settings only: which transport carries what, and in which order, is said in `notify.transports`."""
    knowledge_builders: Named = _NONE
    escalation_actions: Named = _NONE
    endpoints: Named = _NONE
    """What the HTTP gateway serves."""
    adapters: Named = _NONE
    """Processes that bring contacts in; `yingda up` starts them."""

    def named(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the plugins of `kind` (`channel`) that stand here, with their settings."""
        found: Mapping[str, Mapping[str, Any]] = getattr(self, f"{kind}s")
        return found

    def settings_of(self, kind: str, name: str) -> Mapping[str, Any]:
        """Return the settings of a plugin; none where it does not stand here."""
        return self.named(kind).get(name, {})


@dataclass(frozen=True, slots=True)
class Use:
    """A plugin that the policy names where it uses it, and where in the file that is."""

    kind: str
    name: str
    place: tuple[str | int, ...]


USED_AS_NAMED = frozenset({"channel", "endpoint", "adapter"})
"""The kinds whose plugins are used because they stand here; of the others, those are that are named at their use."""


def uses_of(
    plugins: PluginsPolicy,
    calendars: Mapping[str, CalendarSpec],
    routing: RoutingPolicy,
    sla: SlaPolicy,
    notify: NotifyPolicy,
    feedback: FeedbackPolicy,
) -> Iterator[Use]:
    """Yield every use of a plugin outside the section `plugins`."""
    yield Use("classifier", routing.classifier.plugin, ("routing", "classifier", "plugin"))
    assignment: tuple[str, ...] = ("routing", "assignment")
    yield Use("assigner", routing.assignment.plugin, (*assignment, "plugin"))
    for department, name in routing.assignment.by_department.items():
        yield Use("assigner", name, (*assignment, "by_department", department))
    for audience, channels in notify.transports.items():
        for channel, chain in channels.items():
            for index, name in enumerate(chain):
                yield Use("transport", name, ("notify", "transports", audience, channel, index))
    for index, step in enumerate(sla.ladder):
        for number, action in enumerate(step.actions):
            yield Use("escalation_action", action.plugin, ("sla", "ladder", index, "actions", number))
    for name, spec in calendars.items():
        if spec.plugin is not None:
            yield Use("calendar", spec.plugin.name, ("calendars", name, "plugin", "name"))
    if plugins.endpoints:  # the process that serves them
        yield Use("adapter", "gateway", ("plugins", "endpoints"))
    yield Use("knowledge_builder", feedback.knowledge.builder, ("feedback", "knowledge", "builder"))
