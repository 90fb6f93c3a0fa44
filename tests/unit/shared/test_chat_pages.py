"""The pages of the chat channels and transports: every setting they show is one, and every setting is shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from shared.plugins import config_of, load

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {
    DOCS / "channels" / "wechat.md": "endpoints",
    DOCS / "channels" / "wecom.md": "endpoints",
    DOCS / "channels" / "weibo.md": "endpoints",
    DOCS / "transports" / "wechat_template.md": "transports",
    DOCS / "transports" / "wecom_bot.md": "transports",
    DOCS / "transports" / "dingtalk_bot.md": "transports",
    DOCS / "transports" / "feishu_bot.md": "transports",
}


def example(page: Path) -> Mapping[str, Any]:
    """Return the policy in the first example of the page."""
    block = page.read_text(encoding="utf-8").partition("\n    plugins:\n")[2].partition("\n\n")[0]
    found: Mapping[str, Any] = yaml.safe_load(f"    plugins:\n{block}")
    return found


@pytest.mark.parametrize(("page", "section"), PAGES.items(), ids=[page.stem for page in PAGES])
def test_the_example_can_be_used_as_it_stands(page: Path, section: str) -> None:
    settings = example(page)["plugins"][section][page.stem]
    assert isinstance(config_of(load(section.removesuffix("s"), page.stem), settings), BaseModel)


@pytest.mark.parametrize(("page", "section"), PAGES.items(), ids=[page.stem for page in PAGES])
def test_every_setting_is_explained(page: Path, section: str) -> None:
    model = load(section.removesuffix("s"), page.stem).config
    assert model is not None
    text = page.read_text(encoding="utf-8")
    assert [name for name in model.model_fields if name not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_says_what_to_do_at_the_vendor_and_what_can_go_wrong(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[:3] == ["## At the vendor", "## Settings", "## Trying it"]
    assert "## What can go wrong" in headings
