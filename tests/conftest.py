"""Fixtures of every test: real servers, started when a test first asks for one; how hard property tests try; one guard."""

import gc
from collections.abc import Iterator
from copy import deepcopy

import pytest
from hypothesis import settings

from shared.policy import load_policy
from tests.examples import examples

pytest_plugins = ["shared.testing.fixtures"]

COLLECT_AFTER = (50_000, 20, 20)
"""As in a service (`shared/cli/run.py`): with Python's own 700, a sixth of a run of the unit tests looks for cycles."""

settings.register_profile("yingda", max_examples=examples(100), deadline=None)
settings.load_profile("yingda")


def pytest_collection_finish() -> None:
    """Leave the collected tests, thousands of objects that stay to the end, out of every later look."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@pytest.fixture(autouse=True, scope="module")
def the_default_policy_stays_as_it_is() -> Iterator[None]:
    """The default policy is read once for all tests: a file that changes its content would disturb those after it."""
    before = deepcopy(load_policy().plain)
    yield
    assert load_policy().plain == before, "a test of this file has changed the default policy: it must copy `plain`"
