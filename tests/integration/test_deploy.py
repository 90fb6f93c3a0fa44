"""The configuration that a deployment starts from is one that the real server accepts."""

import subprocess
from pathlib import Path

from shared.testing.embedded_nats import nats_binary

CONF = Path(__file__).parents[2] / "deploy" / "nats" / "nats-server.conf"


def test_the_nats_configuration_is_valid_and_flushes_always() -> None:
    checked = subprocess.run([nats_binary(), "-t", "-c", CONF], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "sync_interval: always" in CONF.read_text(encoding="utf-8")
