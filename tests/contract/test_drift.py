"""The generated contract in `docs/contract` is what the code says, and its document holds together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contract.__main__ import main
from shared.contract.asyncapi import asyncapi
from shared.contract.files import DIRECTORY, drifted, generated, write
from shared.contract.schemas import schemas
from shared.events import COMMAND_SUBJECTS, EVENT_TYPES

ROOT = Path(__file__).parents[2]


def test_the_files_in_the_repository_are_what_the_code_says() -> None:
    assert drifted() == [], "run `python -m shared.contract`"


def test_generating_again_gives_the_same_in_any_process() -> None:
    """Deterministic: neither the order of hashes nor that of imports shows."""
    script = "from shared.contract.files import generated; import hashlib; print(hashlib.sha256(repr(generated()).encode()).hexdigest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_every_message_has_its_schema() -> None:
    assert set(schemas()) == {
        "envelope",
        "contact",
        "contact.phone",
        "heartbeat",
        "reply",
        *EVENT_TYPES,
        *COMMAND_SUBJECTS,
    }


@pytest.mark.parametrize("fault", ["changed", "missing", "surplus"])
def test_the_check_names_the_file_that_drifted(fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--directory", str(tmp_path)]) == 0
    assert main(["--directory", str(tmp_path), "--check"]) == 0
    name = "schemas/yingda.sla.breached.v1.schema.json"
    if fault == "changed":
        (tmp_path / name).write_text("{}")
    elif fault == "missing":
        (tmp_path / name).unlink()
    else:
        name = "schemas/yingda.sla.forgotten.v1.schema.json"
        (tmp_path / name).write_text("{}")
    assert main(["--directory", str(tmp_path), "--check"]) == 1
    sentence = capsys.readouterr().err
    assert sentence == f"The contract drifted from the code in {name}: run `python -m shared.contract`.\n"
    assert write(tmp_path) == [Path(name)]
    assert drifted(tmp_path) == []


def test_the_document_is_asyncapi_3_and_every_reference_leads_somewhere() -> None:
    document = yaml.safe_load((DIRECTORY / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert document == asyncapi()
    assert document["asyncapi"] == "3.0.0"
    files = {str(path) for path in generated()}
    for reference in references(document):
        if reference.startswith("#/"):
            assert resolved(document, reference), reference
        else:
            assert reference in files, reference


def test_the_document_has_every_subject_of_the_contract_once() -> None:
    channels = asyncapi()["channels"]
    addresses = sorted(channel["address"] for channel in channels.values() if channel["address"])
    subjects = {event.SUBJECT for event in EVENT_TYPES.values()} | COMMAND_SUBJECTS.keys()
    assert addresses == sorted({"yingda.contact.received.{channel}", "yingda.heartbeat.{service}"} | subjects)
    assert all(re.fullmatch(r"[A-Za-z0-9_\-]+", key) for key in channels)


def test_every_channel_has_its_operation() -> None:
    document = asyncapi()
    used = {operation["channel"]["$ref"] for operation in document["operations"].values()}
    assert used == {f"#/channels/{name}" for name in document["channels"]} - {"#/channels/reply"}


def test_references_inside_schemas_stay_inside() -> None:
    for name, schema in schemas().items():
        for reference in references(schema):
            assert resolved(schema, reference), (name, reference)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document
