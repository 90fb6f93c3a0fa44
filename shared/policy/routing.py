"""Which plugins decide about a contact, and when it is sensitive (handbook, section 3)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from shared.events.base import Emotion
from shared.policy.base import Key, Model, WrittenDuration

Share = Annotated[float, Field(ge=0, le=1)]
Figure = Annotated[str, Field(pattern="^(category|department|emergency)$")]
"""What a cross-validation tells of a classifier: shares of categories and departments met, of emergencies found."""


class ClassifierPolicy(Model):
    """The classifier plugin; below the threshold a work order goes to triage (R-RT-01)."""

    plugin: Key
    threshold: Annotated[float, Field(ge=0, le=1)]
    model: Annotated[str, Field(min_length=1)] = "classifier.json"
    """File of a plugin that learns, as `yingda classifier train` writes it; seen from the data directory."""
    at_least: Annotated[Mapping[Figure, Share], Field(default_factory=dict)]
    """What the cross-validation of such a model has to reach before it may decide, as shares from 0 to 1."""


class AssignmentPolicy(Model):
    """How work is given out inside a department (R-RT-08)."""

    plugin: Key
    by_department: Annotated[Mapping[Key, Key], Field(default_factory=dict)]
    """Departments that give their work out by another plugin."""
    capacity: Annotated[int, Field(ge=1)]
    """Open work orders one person may hold, unless the staff directory says otherwise of that person."""

    def plugin_of(self, department: str) -> str:
        """Return the plugin by which `department` gives its work out."""
        return self.by_department.get(department, self.plugin)


class SensitivePolicy(Model):
    """What makes a matter sensitive besides its text (R-RT-05)."""

    repeated_complaint: WrittenDuration
    """A second complaint by the same customer within this time."""
    persistent_from: Annotated[int, Field(ge=1)]
    """From so many earlier complaints within that time on, the tendency to complain is high."""


Phrase = Annotated[str, Field(min_length=1, max_length=40)]
"""Words to look for in a customer's text; `…` stands for up to eight characters of the same clause."""


class VerificationPolicy(Model):
    """When the customer is to be verified before a result is recorded, besides `sensitive_request` (R-IN-05)."""

    phrases: Mapping[Key, tuple[Phrase, ...]]
    """Why, and the words that ask for it."""
    categories: tuple[Key, ...]
    """Where the phrases count; a work order in triage is looked at whatever its category."""
    wrong_answers: Annotated[int, Field(ge=1)]
    """So many about one customer, and nothing more is compared for a while."""
    within: WrittenDuration


class TagRule(Model):
    """A tag that work orders get as they open (R-RT-11)."""

    tag: Annotated[str, Field(min_length=1, max_length=40)]
    categories: tuple[Key, ...] = ()
    """None: any."""
    phrases: Annotated[tuple[Phrase, ...], Field(min_length=1)]


class RoutingPolicy(Model):
    """How a contact becomes a work order in the right hands."""

    classifier: ClassifierPolicy
    assignment: AssignmentPolicy
    sensitive: SensitivePolicy
    verification: VerificationPolicy
    tags: tuple[TagRule, ...] = ()
    urgent_emotions: tuple[Emotion, ...]
    """Customers marked so make a work order urgent (R-RT-04)."""
