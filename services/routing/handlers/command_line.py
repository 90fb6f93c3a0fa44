"""`yingda classifier`: train the learning classifier, judge a model, and take the labelled examples out (R-RT-01)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.routing.domain.example import Example
from services.routing.handlers import training
from services.routing.plugins.evaluation import Evaluation, evaluate_model
from services.routing.plugins.learning import Labelled
from services.routing.plugins.model_file import load, save
from services.routing.ports import ModelError
from shared.cli.connection import DataOption, client_settings, database
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_table
from shared.cli.policy_files import policy_in_force
from shared.clock import SystemClock
from shared.policy import Policy
from shared.settings import Settings

app = typer.Typer(help="Train the classifier that learns, and judge it.", rich_markup_mode=None)

ExamplesOption = Annotated[
    Path | None,
    typer.Option("--examples", metavar="FILE.jsonl", help="Labelled examples; else those of the database."),
]
PolicyDefaults = Annotated[bool, typer.Option("--packaged-only", help="Train on the examples that ship, no others.")]


@app.callback()
def _group() -> None:
    """Train the classifier that learns, and judge it."""


@app.command("train")
def train(
    examples: ExamplesOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the model goes; else where the policy looks.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Folds of the cross-validation.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed and examples make the same model.")] = 1,
    packaged_only: PolicyDefaults = False,
    data: DataOption = None,
) -> None:
    """Train a model on the packaged examples and those of the house, and tell how well it does on unseen ones."""
    policy, settings = policy_in_force(), client_settings(data)
    given = training.packaged(policy) + ([] if packaged_only else _given(examples, policy, settings))
    try:
        model = training.train(given, policy, folds=folds, seed=seed, now=SystemClock().now())
    except ValueError as error:
        raise CliError(str(error)) from error
    path = out or settings.data / policy.routing.classifier.model
    try:
        checksum = save(model, path)
    except OSError as error:
        raise CliError(f"the model cannot be written to {path}: {error.strerror}") from error
    _tell(model.evaluation)
    print(f"{path} holds {len(model.weights.rows)} pieces, checksum {checksum[:12]}")
    _verdict(model.evaluation, policy)


@app.command("evaluate")
def evaluate(
    model: Annotated[Path, typer.Argument(metavar="FILE", help="A model that `train` has written.")],
    examples: ExamplesOption = None,
    data: DataOption = None,
) -> None:
    """Tell the figures of a model; with --examples, also how it does on them, which it should not have learnt from."""
    policy = policy_in_force()
    try:
        found = load(model)
    except ModelError as error:
        raise CliError(str(error)) from error
    print(f"{model}, trained at {found.trained_at}, on held-out folds of its own examples:")
    _tell(found.evaluation)
    if examples is not None:
        given = _given(examples, policy, client_settings(data))
        if not given:
            raise CliError(f"{examples} holds no examples")
        print(f"on {examples}:")
        _tell(evaluate_model(found.weights, given, training.department_by(policy), found.evaluation.seed))
    _verdict(found.evaluation, policy)


@app.command("export")
def export(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.jsonl", help="Else standard output.")] = None,
    data: DataOption = None,
) -> None:
    """Write the decisions of triage as labelled examples, one JSON object a line; they hold what customers wrote."""
    lines = training.exported(asyncio.run(_decided(client_settings(data))))
    if out is None:
        for line in lines:
            print(line)
        return
    try:
        out.touch(mode=0o600)
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise CliError(f"{out} cannot be written: {error.strerror}") from error
    print(f"{out} holds {len(lines)} examples")


def _given(examples: Path | None, policy: Policy, settings: Settings) -> list[Labelled]:
    if examples is None:
        return training.of_house(asyncio.run(_decided(settings)), policy)
    if not examples.is_file():
        raise WrongUse(f"there is no file {examples}")
    try:
        return training.of_file(examples, policy)
    except training.ExamplesError as error:
        raise CliError(str(error)) from error


async def _decided(settings: Settings) -> Sequence[Example]:
    async with database(settings) as engine, engine.connect() as connection:
        return await training.decided(connection)


def _tell(evaluation: Evaluation) -> None:
    rows = [
        ("category", f"{evaluation.category:.1%}"),
        ("department", f"{evaluation.department:.1%}"),
        ("emergencies found", f"{evaluation.emergency:.1%}"),
        *((f"  {name}", f"{share:.1%}") for name, share in evaluation.by_category.items()),
    ]
    print_table((f"{evaluation.examples} examples, {evaluation.folds} fold(s)", "right"), rows)


def _verdict(evaluation: Evaluation, policy: Policy) -> None:
    chosen = policy.routing.classifier
    if (short := evaluation.short_of(chosen.at_least)) is not None:
        print(f"it may not be switched on: {short}")
    elif chosen.plugin == "ngrams":
        print("it is what the policy names: restart routing to use it")
    else:
        print("it may be switched on: routing.classifier.plugin: ngrams in the policy")
