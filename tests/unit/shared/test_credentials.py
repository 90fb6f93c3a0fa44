"""As whom a process speaks to NATS; what is wrong is said without telling a secret."""

from pathlib import Path
from typing import Any

import pytest

from shared.bus.credentials import credentials_of
from shared.nkey import new_seed
from shared.settings import Settings, SettingsError


def settings(**given: Any) -> Settings:
    return Settings.model_validate(given)


def test_the_user_is_who_the_file_is_named_after(tmp_path: Path) -> None:
    seed = new_seed()
    for name, user in (("intake.nk", "intake"), ("intake.old.nk", "intake"), ("routing", "routing")):
        (tmp_path / name).write_text(f"{seed}\n")
        shown = credentials_of(settings(nats_nkey_file=tmp_path / name))
        assert (shown.user, shown.seed, shown.password, shown.inbox_prefix) == (user, seed, None, f"_INBOX.{user}")


def test_a_user_that_is_named_counts_more_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "seed").write_text(new_seed())
    assert credentials_of(settings(nats_nkey_file=tmp_path / "seed", nats_user="sla")).inbox_prefix == "_INBOX.sla"


def test_a_password_is_shown_where_there_is_no_key() -> None:
    shown = credentials_of(settings(nats_user="sla", nats_password="secret"))
    assert (shown.user, shown.password, shown.seed) == ("sla", "secret", None)
    assert credentials_of(settings()).inbox_prefix == "_INBOX"


def test_no_secret_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / "sla.nk").write_text(seed := new_seed())
    assert seed not in repr(credentials_of(settings(nats_nkey_file=tmp_path / "sla.nk")))
    assert "secret" not in repr(credentials_of(settings(nats_user="sla", nats_password="secret")))


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read: No such file"), (b"\xff\xfe", "it is no text"), (b"SUSECRET", "no seed of an nkey in it")],
)
def test_a_file_that_is_no_seed_is_named_and_not_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "sla.nk"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=rf"YINGDA_NATS_NKEY_FILE names .*sla\.nk.*{said}") as raised:
        credentials_of(settings(nats_nkey_file=path))
    assert "SUSECRET" not in str(raised.value)


def test_tls_that_cannot_work_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for given, said in (
        ({"nats_ca": tmp_path / "none.pem"}, "YINGDA_NATS_CA names .*none.pem"),
        ({"nats_ca": tmp_path / "ca.pem"}, "no certificate that can be read"),
        ({"nats_cert": tmp_path / "client.pem"}, "need YINGDA_NATS_CA"),
    ):
        with pytest.raises(SettingsError, match=said):
            credentials_of(settings(**given))
