"""What most tests of the clocks start from: the packaged policy, a work order's story, and its empty book of clocks."""

from __future__ import annotations

import pytest

from shared.policy import Policy, load_policy
from tests.unit.sla.story import Book, Story


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(None)


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def book(policy: Policy) -> Book:
    return Book(policy)
