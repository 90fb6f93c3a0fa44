"""What is in the way of a start is told in one sentence that names it: a file, a folder, a port."""

import socket
from pathlib import Path

import pytest

from shared.health import Health, HealthServer
from tests.command_line import yingda


def said_by_up(directory: Path) -> str:
    refused = yingda("up", "--data", str(directory))
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.count("\n") == 1
    return refused.err.rstrip()


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    assert said_by_up(tmp_path / "taken") == (
        f"yingda: the data directory {tmp_path}/taken cannot be used: File exists"
    )
    assert said_by_up(tmp_path / "taken" / "below").endswith("below cannot be used: Not a directory")


def test_a_data_directory_that_nobody_may_write_to_is_named() -> None:
    assert said_by_up(Path("/proc/yingda")) == (
        "yingda: the data directory /proc/yingda cannot be used: No such file or directory"
    )


def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            OSError, match=rf"^cannot serve metrics on 127\.0\.0\.1:{port}: Address already in use"
        ) as told:
            HealthServer(Health(), "127.0.0.1", port)
    assert "YINGDA_METRICS_PORT" in str(told.value)
