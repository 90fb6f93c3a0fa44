"""What the gateway says of itself is valid OpenAPI, describes every endpoint that is built in, and is kept as a file."""

import json

from openapi_spec_validator import validate

from shared.plugins import plugin_names
from tests.contract.openapi import FILE, text


def test_the_file_is_as_the_endpoints_describe_themselves() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "it drifted: run `python -m tests.contract.openapi`"


def test_it_is_valid_and_has_every_endpoint() -> None:
    document = json.loads(text())
    validate(document)
    assert {tag["name"] for tag in document["tags"]} == set(plugin_names("endpoint"))
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all("429" in one["responses"] and "503" in one["responses"] for one in operations)
