"""The survey page of a suite on one machine: links that were sent stay good (R-FB-02)."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.responses import PlainTextResponse

from shared.cli.survey import survey_environment
from shared.doctor import House
from shared.doctor.running import look_at_suite
from shared.service import Web
from shared.settings import Settings, load_settings
from shared.web import WebServer


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEY", "URL", "HOST", "PORT"):
        monkeypatch.delenv(f"YINGDA_SURVEY_{name}", raising=False)


def test_key_and_port_outlive_a_restart(tmp_path: Path, nothing: None) -> None:
    """R-FB-02: nobody but the owner reads the key; both are the same the next time."""
    first = survey_environment(tmp_path, load_settings())
    assert (tmp_path / "survey.key").stat().st_mode & 0o777 == 0o600
    assert len(first["YINGDA_SURVEY_KEY"]) >= 43
    assert first["YINGDA_SURVEY_URL"] == f"http://127.0.0.1:{first['YINGDA_SURVEY_PORT']}"
    assert survey_environment(tmp_path, load_settings()) == first
    settings = load_settings(first)
    assert settings.survey_key == SecretStr(first["YINGDA_SURVEY_KEY"])


def test_a_port_that_somebody_else_took_is_left_to_them(tmp_path: Path, nothing: None) -> None:
    first = survey_environment(tmp_path, load_settings())
    with socket.create_server(("127.0.0.1", int(first["YINGDA_SURVEY_PORT"]))):
        second = survey_environment(tmp_path, load_settings())
    assert second["YINGDA_SURVEY_PORT"] != first["YINGDA_SURVEY_PORT"]
    assert second["YINGDA_SURVEY_KEY"] == first["YINGDA_SURVEY_KEY"]


def test_what_the_environment_names_comes_first(tmp_path: Path, nothing: None) -> None:
    given = {
        "YINGDA_SURVEY_KEY": "k" * 40,
        "YINGDA_SURVEY_PORT": "8443",
        "YINGDA_SURVEY_HOST": "0.0.0.0",
        "YINGDA_SURVEY_URL": "https://service.example.com",
    }
    found = survey_environment(tmp_path, load_settings(given))
    assert found == {"YINGDA_SURVEY_PORT": "8443", "YINGDA_SURVEY_URL": "https://service.example.com"}
    assert list(tmp_path.iterdir()) == []
    del given["YINGDA_SURVEY_URL"]
    assert survey_environment(tmp_path, load_settings(given))["YINGDA_SURVEY_URL"] == "http://127.0.0.1:8443"


async def test_the_doctor_asks_whether_customers_reach_the_page(tmp_path: Path) -> None:
    server = WebServer(Web(PlainTextResponse("Disallow: /"), "127.0.0.1"))
    await server.start()
    house = House(Settings(data=tmp_path), (), survey_url=server.url)
    assert [finding async for finding in look_at_suite(house)] == []
    await server.stop()
    (finding,) = [finding async for finding in look_at_suite(house)]
    assert (finding.check.name, str(house.survey_url) in finding.sentence) == ("survey-page-silent", True)
    house.survey_url = None
    assert [finding async for finding in look_at_suite(house)] == []
