"""Messages, reports, scripts and pages say the same thing by the same word (R-NT-03, R-FB-05, R-FB-07)."""

import re
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
import yaml

from services.feedback.domain.report.words import Words
from services.feedback.domain.script import OF_A_WORK_ORDER, SCRIPTS
from services.feedback.plugins.packaged import PackagedScripts
from services.notify.domain.terms import METRICS, REPORTS, SATISFACTION, term
from services.notify.handlers.texts import FOLDER
from shared.events import Satisfaction
from shared.policy import Metric, load_policy

POLICY = load_policy()
SERVICES = Path(__file__).parents[3] / "services"
_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?(][\u4e00-\u9fff]|[\u4e00-\u9fff]\.(?!\w)|[\"']")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_reports_and_messages_name_clocks_alike(language: str) -> None:
    """R-FB-05: whoever was warned of a deadline finds it in the report under the same name."""
    words = Words("zh" if language == "zh" else "en", POLICY)
    for table, keys in ((METRICS, get_args(Metric)), (SATISFACTION, get_args(Satisfaction)), (REPORTS, tuple(REPORTS))):
        for key in keys:
            said = term(table, key, language)
            assert said is not None
            assert words(key).lower() == said.lower()


@pytest.mark.parametrize(("language", "script"), list(product(("zh", "en"), sorted(SCRIPTS))))
def test_agents_name_the_number_as_messages_do(language: str, script: str) -> None:
    """R-FB-07: what a customer reads as 受理编号 is not called 工作单号 on the telephone."""
    text = PackagedScripts().text(language, script)
    assert "工作单" not in text
    assert "work order {number}" not in text
    if language == "zh" and script in OF_A_WORK_ORDER:
        assert "受理编号{number}" in text


def test_the_survey_page_claims_no_call_and_names_the_number_alike() -> None:
    """R-FB-02: customers without a telephone answer it, too."""
    for code, called in (("zh", ("致电", "电话", "工作单")), ("en", ("call", "phone", "Work order"))):
        page = (SERVICES / "feedback" / "pages" / f"{code}.yaml").read_text()
        told = "\n".join(line for line in page.splitlines() if not line.startswith("#"))
        assert not [word for word in called if word in told]


def _chinese_texts() -> dict[str, str]:
    found = {path.name: re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", path.read_text()) for path in (FOLDER / "zh").glob("*.j2")}
    found |= {path.name: path.read_text() for path in (SERVICES / "feedback" / "scripts" / "zh").glob("*.txt")}
    page = yaml.safe_load((SERVICES / "feedback" / "pages" / "zh.yaml").read_text())
    said = [one for value in page.values() for one in (value.values() if isinstance(value, dict) else [value])]
    return found | {"zh.yaml": "\n".join(map(str, said))}


@pytest.mark.parametrize(("name", "text"), sorted(_chinese_texts().items()))
def test_chinese_texts_keep_to_full_width_marks(name: str, text: str) -> None:
    """R-NT-03: no half-width mark beside a Chinese character, no straight quotes, no emoji."""
    assert not _HALF_WIDTH.findall(text), name
    assert not re.search(r"[\U0001f300-\U0001faff\u2600-\u27bf]|！！|。。|~|……", text), name


def test_there_are_chinese_texts() -> None:
    assert len(_chinese_texts()) > len(SCRIPTS) + len(POLICY.notify.templates.names) - 1
