"""The packages in `examples/`: built, installed from their wheels beside Yingda's, and used as a stranger uses them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from shared.testing.contracts.stand_in import Provider, http_provider
from tests.e2e.suite import running_suite
from tests.polling import until
from tests.strangers.environment import ROOT, Stranger

BIN: Final = Path(sys.executable).parent
EXAMPLES: Final = ROOT / "examples"
PACKAGES: Final = ("yingda-fax", "yingda-slack")
CLOCK: Final = "2026-11-23T10:15:00+08:00@1"
WAIT: Final = 60
pytestmark = pytest.mark.timeout(400)
"""Whichever comes first makes the environment, and all wait for other programs."""
FAX: Final[dict[str, Any]] = {
    "job": "000004711",
    "station": "+86 551 6366 0000",
    "received": "2026-11-23 10:15:02",
    "pages": [{"text": "FROM: SUNSHINE LTD  0551 63660000  P.1/1\n贵公司上周送来的空调不制冷，要求换货。"}],
    "file": "fax000004711.pdf",
}

USED: Final = """\
    fax: {timezone: Asia/Shanghai}
  transports:
    slack: {webhook: slack_webhook, trusted_hosts: [127.0.0.1]}
"""


@pytest.fixture(scope="module")
def installed(stranger: Stranger) -> Stranger:
    """Return the environment with both examples."""
    stranger.install(*(EXAMPLES / name for name in PACKAGES))
    return stranger


@pytest.fixture
def slack() -> Iterator[Provider]:
    """Return what stands there for Slack."""
    with http_provider("takes", {"takes": (200, b"ok")}) as there:
        yield there


@pytest.mark.parametrize("name", PACKAGES)
def test_an_example_passes_its_own_tests(name: str, installed: Stranger) -> None:
    """The contract suites of the wheel, and what is its own."""
    told = installed.run(
        *(installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"), cwd=EXAMPLES / name
    )
    assert " passed" in told
    assert not list((EXAMPLES / name).glob("*.egg-info")), "the example itself is left as it was"


@pytest.mark.slow_operations
@pytest.mark.parametrize("name", PACKAGES)
def test_an_example_is_in_shape_and_typed(name: str, installed: Stranger, tmp_path: Path) -> None:
    """By the rules that stand in its own `pyproject.toml`, against the types that the wheel of Yingda brings."""
    for command in (("format", "--check"), ("check",)):
        installed.run(BIN / "ruff", *command, "--no-cache", ".", cwd=EXAMPLES / name)
    installed.run(BIN / "mypy", "--python-executable", installed.python, "--cache-dir", tmp_path, cwd=EXAMPLES / name)


@pytest.mark.slow_operations
async def test_a_fax_becomes_a_work_order_that_staff_read_of_in_slack(
    installed: Stranger, slack: Provider, tmp_path: Path
) -> None:
    """A channel and a transport that nobody here wrote, in the suite of the wheels, without a change in it (R-IN-01, R-NT-05)."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(with_plugins(), encoding="utf-8")
    secret = {"YINGDA_SECRET_SLACK_WEBHOOK": f"{slack.url}/services/T1/B2/s3cr3t"}
    checked = installed.run(installed.bin / "yingda", "policy", "check", policy, cwd=tmp_path, **secret)
    assert "is ok" in checked
    program = (str(installed.bin / "yingda"),)
    async with running_suite(CLOCK, program=program, cwd=tmp_path, YINGDA_POLICY=str(policy), **secret) as suite:
        source = await suite.publish(FAX, channel="fax", message_id="fax-4711")
        registered = await suite.event("contact.registered", WAIT, source_id=source)
        assert registered["data"]["channel"] == "fax"
        assert registered["data"]["personal"]["text"] == "贵公司上周送来的空调不制冷，要求换货。"
        opened = await suite.event("workorder.opened", WAIT, contact_id=registered["data"]["contact_id"])
        number = opened["data"]["number"]
        await until(lambda: any(number in text for text in texts(slack)), WAIT, every=0.05)
        sent = await suite.event("notification.sent", WAIT, transport="slack")
        assert sent["data"]["audience"] == "staff"
        await suite.publish({"job": "000004712"}, channel="fax", message_id="fax-4712")
        refused = await suite.event("contact.rejected", WAIT, source_id="fax/shop/fax-4712")
        assert "received must be a time" in refused["data"]["reason"]
    assert all(request.path == "/services/T1/B2/s3cr3t" for request in slack.requests)


def with_plugins() -> str:
    """Return the default policy with both plugins, as somebody would write them into the file."""
    policy = (ROOT / "shared" / "policy" / "default.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("    walk_in: {}\n", f"    walk_in: {{}}\n{USED}"),
        (
            "    staff:\n      email: [file]\n      sms: [file]\n",
            "    staff:\n      email: [slack]\n      sms: [slack]\n",
        ),
    ):
        assert policy.count(before) == 1, before
        policy = policy.replace(before, after)
    return policy


def texts(slack: Provider) -> list[str]:
    """Return what was posted so far."""
    return [json.loads(request.body)["text"] for request in slack.requests]
