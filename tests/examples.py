"""How many examples a property test tries: all in `make test`, a tenth in `make check`, which must be quick."""

import os

SHARE = int(os.environ.get("YINGDA_TEST_EXAMPLES", "100"))
"""Per cent of the full number."""


def examples(full: int) -> int:
    """Return how many examples to try where a full run tries `full`."""
    return max(5, full * SHARE // 100)
