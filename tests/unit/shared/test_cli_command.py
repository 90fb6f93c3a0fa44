"""`yingda command`: what can be told before anybody is asked."""

from pathlib import Path

import pytest

from shared.events import COMMAND_SUBJECTS
from tests.command_line import yingda


def test_without_a_name_every_command_of_the_contract_is_listed_with_its_fields() -> None:
    listed = yingda("command")
    assert listed.code == 0
    for subject in COMMAND_SUBJECTS:
        assert any(line.startswith(subject.removeprefix("yingda.command.") + " ") for line in listed.lines)
    assert any(line.split() == ["workorder.pause", "work_order_id", "reason"] for line in listed.lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["workorder.dance"], 'there is no command "workorder.dance"'),
        (["workorder.respond", "hello"], '"hello" is not FIELD=VALUE'),
        (["workorder.respond", "by=market-1"], "by is given as --by"),
        (["workorder.tag", "add=[1"], "add is not JSON"),
    ],
)
def test_wrong_use_is_one_sentence(arguments: list[str], said: str) -> None:
    ran = yingda("command", *arguments)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err


def test_without_a_suite_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = ("command", "workorder.get", "number=XR20261123001", "--data", str(tmp_path))
    ran = yingda(*look)
    assert ran.code == 1
    assert f"NATS does not answer at nats://127.0.0.1:4222 (no suite runs in {tmp_path}; start one" in ran.err
    monkeypatch.setenv("YINGDA_NATS_URL", "nats://127.0.0.1:1")
    assert "NATS does not answer at nats://127.0.0.1:1 (named by YINGDA_NATS_URL)" in yingda(*look).err
