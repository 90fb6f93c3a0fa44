"""Routing answers every command on work orders, and its front door tells the truth."""

from pathlib import Path

import pytest

from services.routing.app import SERVICE, assigners_of, classifier_of
from services.routing.domain.lifecycle import LIFECYCLE
from services.routing.handlers import Desk, Distribution, MatterDesk, PeopleDesk
from services.routing.ports import Assigner, Classifier
from shared.events import COMMAND_SUBJECTS
from shared.events.commands import VerifyContact
from shared.plugins import PluginError
from shared.service import find_service
from shared.settings import Settings
from shared.workshop import Workshop
from tests.unit.routing.orders import FINGERPRINTS, POLICY

WORKSHOP = Workshop(POLICY.plugins, Settings())


def test_every_command_on_work_orders_is_answered() -> None:
    """Contract, "Commands"."""
    subjects = {subject for subject in COMMAND_SUBJECTS if subject.startswith("yingda.command.workorder.")}
    desk = Desk(POLICY, Distribution(POLICY, assigners_of(POLICY, WORKSHOP)), lambda _: None)
    answered = desk.commands.keys() | MatterDesk(POLICY, FINGERPRINTS).commands.keys()
    assert {model.SUBJECT for model in answered} == subjects | {VerifyContact.SUBJECT}
    assert set(LIFECYCLE) <= answered


def test_every_command_on_agents_is_answered() -> None:
    """Contract, "Commands": R-RT-08, R-SLA-07."""
    subjects = {subject for subject in COMMAND_SUBJECTS if subject.startswith("yingda.command.agent.")}
    assert {model.SUBJECT for model in PeopleDesk(POLICY).commands} == subjects


def test_the_service_is_found_by_its_entry_point() -> None:
    assert find_service("routing") is SERVICE


def test_the_policys_classifier_is_one() -> None:
    classifier = classifier_of(POLICY, WORKSHOP, Path())
    assert isinstance(classifier, Classifier)
    assert classifier.name == POLICY.routing.classifier.plugin


def test_the_policys_assigners_are_some() -> None:
    """R-RT-08: every department has one, its own where the policy names one."""
    assigners = assigners_of(POLICY, WORKSHOP)
    assert assigners.keys() == POLICY.departments.keys()
    assert {assigner.name for assigner in assigners.values()} == {POLICY.routing.assignment.plugin}
    assert all(isinstance(assigner, Assigner) for assigner in assigners.values())
    assignment = POLICY.routing.assignment.model_copy(update={"by_department": {"market": "by_skill"}})
    routing = POLICY.routing.model_copy(update={"assignment": assignment})
    own = assigners_of(POLICY.model_copy(update={"routing": routing}), WORKSHOP)
    assert (own["market"].name, own["network"].name) == ("by_skill", "round_robin")


def test_an_assigner_that_is_none_is_refused_at_the_start() -> None:
    """R-RT-08: a policy that names no assigner is found out before any work order is."""
    assignment = POLICY.routing.assignment.model_copy(update={"plugin": "nobody_wrote_it"})
    routing = POLICY.routing.model_copy(update={"assignment": assignment})
    with pytest.raises(PluginError, match=r'no assigner plugin "nobody_wrote_it"; installed are: .*round_robin'):
        assigners_of(POLICY.model_copy(update={"routing": routing}), WORKSHOP)
