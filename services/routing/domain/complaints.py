"""How often a customer has complained around a moment: the tendency told with a sensitive matter (R-RT-05)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class RecentComplaints:
    """The complaints of some customers; contacts may come out of order, so nearness counts in both directions."""

    window: timedelta
    _at: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def add(self, complaints: Iterable[tuple[str, datetime]]) -> None:
        """Take note of complaints, each a customer's id and its time."""
        for customer_id, at in complaints:
            self._at[customer_id].append(at)

    def before(self, customer_id: str, at: datetime) -> int:
        """Return how many known complaints of the customer lie within the window around `at`."""
        return sum(abs(at - earlier) < self.window for earlier in self._at.get(customer_id, ()))
