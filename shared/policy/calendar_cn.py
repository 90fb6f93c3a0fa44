"""The calendar `cn`: the State Council's holidays and make-up working days, as the installed package has them (R-SLA-13)."""

from shared.plugins import Plugin
from shared.policy.day_files import packaged_set
from shared.policy.ports import HolidayYear


class StateCouncil:
    """Answers from `holidays.cn.yaml` of this package; a file of that name beside the policy is `holidays: cn`."""

    def __init__(self) -> None:
        self._years = packaged_set("cn").years

    def year(self, year: int) -> HolidayYear | None:
        """Return the days of that year; those not published yet are statutory and not official."""
        return self._years.get(year)


plugin = Plugin(
    kind="calendar",
    name="cn",
    api=1,
    summary="public holidays of mainland China with make-up days",
    build=lambda _setup: StateCouncil(),
)
