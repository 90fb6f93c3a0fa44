"""Fixtures of every test: real servers, started when a test first asks for one; how hard property tests try; one guard."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from hypothesis import settings

from shared.policy import load_policy
from tests.examples import examples

pytest_plugins = ["shared.testing.fixtures"]

settings.register_profile("yingda", max_examples=examples(100), deadline=None)
settings.load_profile("yingda")


@pytest.fixture(autouse=True, scope="module")
def the_default_policy_stays_as_it_is() -> Iterator[None]:
    """The default policy is read once for all tests: a file that changes its content would disturb those after it."""
    before = deepcopy(load_policy().plain)
    yield
    assert load_policy().plain == before, "a test of this file has changed the default policy: it must copy `plain`"
