"""`yingda deploy secrets`: made once, kept, rotated without a moment in which nobody is let in; refused in one sentence."""

from pathlib import Path

from shared.nkey import public_key
from tests.command_line import yingda


def key(folder: Path, name: str) -> str:
    return public_key((folder / "nats" / f"{name}.nk").read_text(encoding="ascii"))


def users(folder: Path) -> str:
    return (folder / "nats" / "users.conf").read_text(encoding="utf-8")


def test_what_is_missing_is_made_for_its_owner_alone_and_what_is_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = yingda("deploy", "secrets", str(folder))
    assert made.code == 0, made
    assert f"{folder}/nats/intake.nk made" in made.lines
    assert (folder / "postgres" / "intake.password").stat().st_mode & 0o777 == 0o600
    before = key(folder, "intake")
    (folder / "nats" / "sla.nk").unlink()
    again = yingda("deploy", "secrets", str(folder))
    assert again.lines[0] == f"{folder}/nats/sla.nk made"
    assert key(folder, "intake") == before
    assert yingda("deploy", "secrets", str(folder)).out == "everything is there\n"


def test_a_rotated_key_stands_beside_the_old_one_until_that_is_retired(tmp_path: Path) -> None:
    yingda("deploy", "secrets", str(tmp_path))
    old = key(tmp_path, "intake")
    assert yingda("deploy", "secrets", str(tmp_path), "--rotate", "intake").code == 0
    new = key(tmp_path, "intake")
    assert new != old
    assert {one in users(tmp_path) for one in (old, new)} == {True}
    assert yingda("deploy", "secrets", str(tmp_path), "--retire", "intake").code == 0
    assert (old in users(tmp_path), new in users(tmp_path)) == (False, True)


def test_what_cannot_be_done_is_told_in_one_sentence(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    (tmp_path / "broken" / "nats").mkdir(parents=True)
    (tmp_path / "broken" / "nats" / "intake.nk").write_text("not a seed")
    for arguments, said in (
        ((str(taken),), "taken"),
        ((str(tmp_path / "broken"),), "there is no seed of an nkey in"),
        ((str(tmp_path / "new"), "--rotate", "nobody"), "there is no nobody; there are "),
        ((str(tmp_path / "new"), "--retire", "intake"), "intake has no old key: rotate first"),
    ):
        refused = yingda("deploy", "secrets", *arguments)
        assert refused.code == 1
        assert said in refused.err
        assert refused.err.count("\n") == 1
