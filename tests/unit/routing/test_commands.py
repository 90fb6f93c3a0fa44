"""Routing answers every command on work orders, and its front door tells the truth."""

from services.routing.app import SERVICE, classifier_of
from services.routing.domain.lifecycle import LIFECYCLE
from services.routing.handlers import Desk
from services.routing.ports import Classifier
from shared.events import COMMAND_SUBJECTS
from shared.service import find_service
from tests.unit.routing.orders import POLICY


def test_every_command_on_work_orders_is_answered() -> None:
    """Contract, "Commands"."""
    subjects = {subject for subject in COMMAND_SUBJECTS if subject.startswith("yingda.command.workorder.")}
    assert {model.SUBJECT for model in Desk(POLICY).commands} == subjects
    assert len(subjects) == len(LIFECYCLE) + 1


def test_the_service_is_found_by_its_entry_point() -> None:
    assert find_service("routing") is SERVICE


def test_the_policys_classifier_is_one() -> None:
    classifier = classifier_of(POLICY)
    assert isinstance(classifier, Classifier)
    assert classifier.name == POLICY.routing.classifier.plugin
