"""The channel keeps what every channel promises, and reads faxes as they come."""

from datetime import datetime
from typing import Any

import pytest
from shared.events import Contact
from shared.plugins import ConfigError, config_of
from shared.testing.contracts import ChannelContract

import yingda_fax
from yingda_fax import FaxChannel, FaxConfig

RAW: dict[str, Any] = {
    "job": "000004711",
    "station": "+86 551 6366 0000",
    "received": "2026-11-23 10:15:02",
    "pages": [
        {"text": "FROM: SUNSHINE LTD  0551 63660000  P.1/2\n贵公司上周送来的空调不制冷，"},
        {"text": "FROM: SUNSHINE LTD  0551 63660000  P.2/2\n要求换货。"},
    ],
    "file": "fax000004711.pdf",
}


class TestFax(ChannelContract):
    plugin = yingda_fax.plugin
    samples = (
        (
            RAW,
            {
                "text": "贵公司上周送来的空调不制冷，\n要求换货。",
                "customer.phone": "+86 551 6366 0000",
                "occurred_at": datetime.fromisoformat("2026-11-23T10:15:02+08:00"),
                "attachments.0.name": "fax000004711.pdf",
                "details.fax_job": "000004711",
            },
        ),
        (RAW | {"station": "unknown", "file": None}, {"customer.phone": None, "attachments": ()}),
    )
    unreadable = (RAW | {"pages": []}, RAW | {"received": "23.11.26"}, RAW | {"received": "1899-01-01 00:00:00"})


def test_the_clock_of_the_fax_server_may_be_elsewhere() -> None:
    read = FaxChannel(FaxConfig(timezone="Europe/Berlin")).read(RAW)
    assert isinstance(read, Contact)
    assert read.occurred_at == datetime.fromisoformat("2026-11-23T10:15:02+01:00")


def test_a_time_zone_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match="timezone"):
        config_of(yingda_fax.plugin, {"timezone": "Mars/Olympus"})
