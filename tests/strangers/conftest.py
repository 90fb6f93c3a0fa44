"""One environment of a stranger for all tests of a process."""

import pytest

from tests.strangers.environment import Stranger, made_in


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    return made_in(tmp_path_factory.mktemp("stranger"))
