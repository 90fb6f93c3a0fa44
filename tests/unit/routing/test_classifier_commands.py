"""`yingda classifier`: what it prints, writes and refuses (R-RT-01)."""

import json
from pathlib import Path

import pytest

from services.routing.plugins.evaluation import Evaluation
from services.routing.plugins.learning import Labelled, learn
from services.routing.plugins.model_file import Model, load, save
from shared.cli.main import run

WORDS = {
    "membership": "我们做{}的，想入驻平台",
    "after_sales": "买的{}坏了，要求换货",
    "ad_slot": "首页横幅投{}广告多少钱",
}
THINGS = ("木门", "茶叶", "五金", "轴承", "台灯", "水壶", "电扇", "音箱", "雨伞", "地毯")
ROWS = [(category, text.format(thing)) for category, text in WORDS.items() for thing in THINGS]


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "examples.jsonl"
    lines = [
        json.dumps({"text": text, "category": category, "topic": None}, ensure_ascii=False) for category, text in ROWS
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def model(path: Path, share: float) -> Path:
    figures = Evaluation(30, 5, 1, share, share, share, 1.0, {"membership": share})
    save(
        Model(learn([Labelled(category, text) for category, text in ROWS], 1), figures, "2026-11-23T10:00:00+08:00"),
        path,
    )
    return path


@pytest.mark.slow
def test_a_model_is_judged_on_examples_and_against_the_policy(
    tmp_path: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = model(tmp_path / "good.json", 0.99)
    assert run(["classifier", "evaluate", str(good), "--examples", str(examples), "--data", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "30 examples, 5 fold(s)" in told
    assert f"on {examples}:" in told
    assert "it may be switched on: routing.classifier.plugin: ngrams in the policy" in told


def test_a_model_below_the_policys_figures_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["classifier", "evaluate", str(model(tmp_path / "poor.json", 0.5)), "--data", str(tmp_path)]) == 0
    assert "it may not be switched on: on held-out examples it reaches only category 50.0%" in capsys.readouterr().out


def test_what_cannot_be_used_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.jsonl").write_text("{}")
    good = str(model(tmp_path / "good.json", 0.99))
    for arguments, code, said in (
        (["evaluate", str(tmp_path / "none.json")], 1, "there is no model"),
        (["evaluate", good, "--examples", str(tmp_path / "bad.jsonl")], 1, "line 1: an example has text"),
        (["evaluate", good, "--examples", str(tmp_path / "none.jsonl")], 2, "there is no file"),
    ):
        assert run(["classifier", *arguments, "--data", str(tmp_path)]) == code
        assert said in capsys.readouterr().err


@pytest.mark.slow
def test_training_writes_a_model_with_its_figures(
    tmp_path: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the packaged examples, and where the policy looks for it."""
    assert run(["classifier", "train", "--examples", str(examples), "--data", str(tmp_path), "--folds", "3"]) == 0
    told = capsys.readouterr().out
    assert "emergencies found" in told
    assert "pieces, checksum" in told
    assert load(tmp_path / "classifier.json").evaluation.folds == 3
