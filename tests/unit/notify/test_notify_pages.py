"""The pages of the transports: what stands there can be pasted into a policy file (R-NT-05)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.plugins import plugin_names
from shared.policy import load_policy
from shared.workshop import plugin_faults

pytestmark = pytest.mark.slow  # policies are read

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {path.stem: path for path in [*(DOCS / "transports").glob("*.md"), DOCS / "channels" / "sms_receipts.md"]}


def merged(one: Any, other: Any) -> Any:
    """Return `one` with what `other` says, mapping by mapping."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return one | {key: merged(one.get(key), value) for key, value in other.items()}


@pytest.mark.parametrize("name", [name for name, path in sorted(PAGES.items()) if "```yaml" in path.read_text("utf-8")])
def test_the_settings_of_a_page_are_a_policy(name: str, tmp_path: Path) -> None:
    data: Any = json.loads(json.dumps(load_policy().plain))
    for block in re.findall(r"```yaml\n(.*?)```", PAGES[name].read_text("utf-8"), re.DOTALL):
        data = merged(data, yaml.safe_load(block))
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    assert plugin_faults(file, load_policy(file)) == []


def test_every_transport_has_a_page_that_says_how_to_try_it() -> None:
    for name in plugin_names("transport"):
        text = PAGES[name].read_text("utf-8")
        assert "What can go wrong" in text, name
        assert f"yingda notify test {name}" in text or name == "file", name


def test_links_between_the_pages_lead_somewhere() -> None:
    for path in PAGES.values():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
