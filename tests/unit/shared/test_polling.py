"""Asking again: at once where it holds already, not for ever where it never does, and no failure is hidden."""

from types import SimpleNamespace

import pytest

from shared.testing import polling
from shared.testing.polling import NotInTimeError, Rest, until


async def test_it_is_asked_until_it_holds_and_no_longer() -> None:
    told = iter([False, 0, "", "it holds", False])
    await until(lambda: next(told), 10, every=0)
    assert list(told) == [False]


async def test_what_is_awaited_is_asked_the_same_way() -> None:
    told = iter([False, True])

    async def check() -> bool:
        return next(told)

    await until(check, 10, every=0)
    assert list(told) == []


async def test_what_never_holds_is_told_by_its_name() -> None:
    with pytest.raises(NotInTimeError, match=r"the train: not within 0 s"):
        await until(lambda: False, 0, said="the train")


async def test_a_timeout_of_what_is_asked_is_its_own() -> None:
    def check() -> bool:
        raise TimeoutError("the server")

    with pytest.raises(TimeoutError, match="the server"):
        await until(check, 10)


def test_what_tells_the_same_rests_and_what_tells_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    rest, found = Rest(), []
    for told in (1, 1, 1, 2, None, None, 2):
        moment[0] += 5
        found.append(rest.seconds(told))
    assert found == [0, 5, 10, 0, 0, 0, 0]
