"""Secrets of plugins: named in the policy, found in the environment or in a file, never told."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.plugins import Config, MissingSecretError, SecretName, read_secret
from shared.settings import SECRETS_VARIABLE


def test_the_environment_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wechat_app_secret").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv(SECRETS_VARIABLE, str(tmp_path))
    assert read_secret("wechat_app_secret").get_secret_value() == "from the file"
    (tmp_path / "wechat_app_secret").write_text("a new one", encoding="utf-8")
    assert read_secret("wechat_app_secret").get_secret_value() == "a new one"
    monkeypatch.setenv("YINGDA_SECRET_WECHAT_APP_SECRET", "from the environment")
    assert read_secret("wechat_app_secret").get_secret_value() == "from the environment"
    assert "environment" not in repr(read_secret("wechat_app_secret"))


def test_a_missing_one_is_one_sentence_with_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRETS_VARIABLE, raising=False)
    with pytest.raises(MissingSecretError) as caught:
        read_secret("token")
    said = 'there is no secret "token": set YINGDA_SECRET_TOKEN or write it to a file token in a directory that YINGDA_SECRETS names'
    assert str(caught.value) == said
    monkeypatch.setenv(SECRETS_VARIABLE, str(tmp_path))
    (tmp_path / "token").write_text("\n", encoding="utf-8")
    with pytest.raises(MissingSecretError, match=rf"set YINGDA_SECRET_TOKEN or write it to {tmp_path}/token"):
        read_secret("token")
    (tmp_path / "token").unlink()
    (tmp_path / "token").mkdir()
    with pytest.raises(MissingSecretError, match="cannot be read"):
        read_secret("token")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "Token", "a b", "x" * 65, "https://hooks.example/s3cr3t"])
def test_a_name_leads_nowhere_else(name: str) -> None:
    """Nor is it repeated: somebody may have written the secret itself there."""
    with pytest.raises(MissingSecretError, match="cannot be the name of a secret") as caught:
        read_secret(name)
    assert not name or name not in str(caught.value)


def test_a_secret_in_the_place_of_its_name_is_not_repeated() -> None:
    class Keyed(Config):
        key: SecretName

    assert Keyed(key="wecom_key").key == "wecom_key"
    with pytest.raises(ValidationError) as caught:
        Keyed(key="S3cr3t!Sesame")
    (error,) = caught.value.errors(include_input=False)
    assert error["msg"] == "Value error, holds the name of a secret (a-z, 0-9 and _), never the secret itself"
