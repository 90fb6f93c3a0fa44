"""Settings come from the environment, and secrets also from files, as container engines mount them."""

import errno
from pathlib import Path
from typing import Any

import pytest

from shared.settings import SettingsError, fresh_secret, load_settings

KEY = "k" * 32


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YINGDA_SECRETS", str(tmp_path))
    return tmp_path


def test_a_secret_may_stand_in_a_file(secrets: Path) -> None:
    (secrets / "yingda_survey_key").write_text(f"{KEY}\n")
    settings = load_settings()
    assert settings.survey_key is not None
    assert settings.survey_key.get_secret_value() == KEY


def test_the_environment_wins_over_the_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "yingda_nats_user").write_text("of-the-file")
    assert load_settings().nats_user == "of-the-file"
    monkeypatch.setenv("YINGDA_NATS_USER", "of-the-environment")
    assert load_settings().nats_user == "of-the-environment"


def test_an_empty_variable_is_not_set(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "yingda_survey_key").write_text(KEY)
    for name in ("YINGDA_SURVEY_KEY", "YINGDA_POLICY", "YINGDA_METRICS_PORT", "YINGDA_SURVEY_URL"):
        monkeypatch.setenv(name, "")
    settings = load_settings()
    assert settings.survey_key is not None
    assert (settings.policy, settings.metrics_port, settings.survey_url) == (None, 0, None)


def test_a_wrong_secret_is_named_and_not_told(secrets: Path) -> None:
    (secrets / "yingda_survey_key").write_text("far too short")
    with pytest.raises(SettingsError, match="YINGDA_SURVEY_KEY") as raised:
        load_settings()
    assert "far too short" not in str(raised.value)


def test_a_secret_that_cannot_be_read_is_named(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *args: Any, **kwargs: Any) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (secrets / "yingda_survey_key").write_text(KEY)
    monkeypatch.setattr(Path, "read_text", refuse)  # a mode would not stop root
    with pytest.raises(SettingsError, match=r"cannot be read: .*Permission denied: .*yingda_survey_key"):
        load_settings()


def test_a_missing_directory_of_secrets_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YINGDA_SECRETS", str(tmp_path / "away"))
    with pytest.raises(SettingsError, match="there is no such directory"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("YINGDA_LOG_LEVEL", "loud", "YINGDA_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        ("YINGDA_SMTP_TLS", "yes", "YINGDA_SMTP_TLS: Input should be 'none', 'starttls' or 'tls'"),
        ("YINGDA_SURVEY_KEY", "short", "YINGDA_SURVEY_KEY: must have at least 32 characters"),
        ("YINGDA_SURVEY_URL", "example.com", "YINGDA_SURVEY_URL: is not of the form https://host/path"),
        ("YINGDA_METRICS_PORT", "65536", "YINGDA_METRICS_PORT: Input should be less than or equal to 65535"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value) == said


def test_a_secret_that_was_changed_in_its_file_is_read_anew(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a password is rotated while connections come and go; one of the environment cannot change."""
    assert fresh_secret("database_password") is None
    (secrets / "yingda_database_password").write_text("first\n")
    assert fresh_secret("database_password") == "first"
    (secrets / "yingda_database_password").write_text("second")
    assert fresh_secret("database_password") == "second"
    monkeypatch.setenv("YINGDA_DATABASE_PASSWORD", "given")
    assert fresh_secret("database_password") is None
