"""A process whose own clock is off: what Python tells of the time is moved before anything of ours is imported.

PostgreSQL, NATS and the test keep the true time. Only a clock that counts from no date (`time.monotonic`) is left alone,
as it is on a machine whose clock was set wrongly.
"""

from pathlib import Path
from typing import Final

SHIFT: Final = """
import datetime, os, time

off = float(os.environ["YINGDA_TEST_CLOCK_OFF"])
true_time, true_ns, true_clock = time.time, time.time_ns, time.clock_gettime
true_datetime = datetime.datetime


class Look(type):
    def __instancecheck__(cls, value):
        return isinstance(value, true_datetime)

    def __subclasscheck__(cls, other):
        return issubclass(other, true_datetime)


class Datetime(true_datetime, metaclass=Look):
    __slots__ = ()

    @classmethod
    def now(cls, tz=None):
        return true_datetime.now(tz) + datetime.timedelta(seconds=off)

    @classmethod
    def utcnow(cls):
        return true_datetime.utcnow() + datetime.timedelta(seconds=off)

    @classmethod
    def today(cls):
        return cls.now()


time.time = lambda: true_time() + off
time.time_ns = lambda: true_ns() + int(off * 1e9)
time.clock_gettime = lambda clock: true_clock(clock) + (off if clock == time.CLOCK_REALTIME else 0)
datetime.datetime = Datetime
"""


def off_by(seconds: float, folder: Path) -> dict[str, str]:
    """Return the environment of a process whose clock is wrong by so many seconds."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(SHIFT, encoding="utf-8")
    return {"PYTHONPATH": str(folder), "YINGDA_TEST_CLOCK_OFF": str(seconds)}
