"""Settings from the environment, validated at start; every name begins with `YINGDA_` (contract, "Names")."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableError

SECRETS_VARIABLE = "YINGDA_SECRETS"
"""Names a directory of secrets, a file for each, as container engines mount them."""


class SettingsError(Exception):
    """The environment does not hold valid settings."""


class Settings(BaseSettings):
    """What one process needs to know. The policy of the business is not here but in the policy file."""

    model_config = SettingsConfigDict(env_prefix="YINGDA_", env_ignore_empty=True, frozen=True, extra="ignore")

    nats_url: str = Field(
        default="nats://127.0.0.1:4222", description="address of NATS; of a cluster, several with commas"
    )
    nats_user: str | None = Field(default=None, description="user for NATS, if it asks for one")
    nats_password: SecretStr | None = Field(default=None, description="password of that user")
    nats_nkey_file: Path | None = Field(
        default=None, description="seed of the NATS user that the file is named after, or that YINGDA_NATS_USER names"
    )
    nats_ca: Path | None = Field(default=None, description="who vouches for NATS; with it the connection is TLS")
    nats_cert: Path | None = Field(default=None, description="certificate to show to NATS, if it asks for one")
    nats_key: Path | None = Field(default=None, description="private key of that certificate")
    nats_monitoring_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/?#]+", description="monitoring port of NATS, for `doctor`"
    )
    database_url: str = Field(
        default="postgresql://postgres@127.0.0.1:5432/yingda", description="address of PostgreSQL"
    )
    database_password: SecretStr | None = Field(default=None, description="password, kept out of the address")
    database_ca: Path | None = Field(
        default=None, description="who vouches for PostgreSQL; with it the connection is TLS"
    )
    role_passwords: Path | None = Field(
        default=None, description="directory of the services' passwords, for `provision`: their roles may then log in"
    )
    database_pool: int = Field(default=5, ge=1, le=100, description="connections that one service holds at most")
    stream_replicas: int | None = Field(
        default=None, ge=1, le=5, description="nodes of a NATS cluster that keep each stream; empty: as it is, else 1"
    )
    policy: Path | None = Field(default=None, description="the policy file; empty: the default policy")
    clock: str = Field(default="", description="a clock to rehearse with, as in 2026-11-23T10:00:00+08:00@3600")
    data: Path = Field(default=Path(".yingda"), description="where `up` keeps its files and `file` its messages")
    metrics_host: str = Field(default="127.0.0.1", description="address on which metrics and probes are served")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="port of metrics and probes; 0: any free one")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level logged")
    tracing: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="traces for OpenTelemetry; `auto`: where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector",
    )
    batch_size: int = Field(default=500, ge=1, le=1000, description="messages taken from a consumer at once")
    keep_days: int = Field(
        default=30,
        ge=1,
        le=366,
        description="days for which messages stay on the bus and in the outboxes, for `replay`",
    )
    records_days: int = Field(
        default=1095,
        ge=7,
        description="days for which what belongs to a closed work order is kept; at least 2 x keep + 1",
    )
    reconcile_seconds: float = Field(default=3600, ge=1, description="time from one reconciliation to the next")
    reconcile_grace_seconds: float = Field(default=120, ge=1, description="contacts younger than this are in flight")
    smtp_host: str | None = Field(default=None, description="mail server of the `smtp` transport")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="its port")
    smtp_user: str | None = Field(default=None, description="its user, if it asks for one")
    smtp_password: SecretStr | None = Field(default=None, description="that user's password")
    smtp_from: str = Field(default="service@example.com", description="sender of the mails")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(default="starttls", description="how SMTP is encrypted")
    identity_key: SecretStr | None = Field(
        default=None, min_length=32, description="secret that fingerprints what is known of customers' identities"
    )
    webhook_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/?#]+[^\s#]*$", description="gateway of the `webhook` transport"
    )
    webhook_key: SecretStr | None = Field(
        default=None, min_length=16, description="secret that signs what `webhook` posts"
    )
    survey_key: SecretStr | None = Field(
        default=None, min_length=32, description="secret that seals survey links; without it there is no survey page"
    )
    survey_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s?#]*[^\s?#/]$", description="public address of the survey page"
    )
    survey_host: str = Field(default="127.0.0.1", description="address on which the survey page is served")
    survey_port: int = Field(default=0, ge=0, le=65535, description="port of the survey page; 0: any free one")
    gateway_host: str = Field(
        default="127.0.0.1", description="address on which the HTTP gateway of the channels serves"
    )
    gateway_port: int = Field(default=0, ge=0, le=65535, description="port of that gateway; 0: any free one")
    ready_fd: int | None = Field(default=None, description="file descriptor on which a service tells that it is ready")

    @model_validator(mode="after")
    def _records_outlive_messages(self) -> Self:
        """Refuse to forget a work order while a replayed event of it may still come."""
        if self.records_days <= 2 * self.keep_days:
            raise PydanticCustomError(
                "records_days",
                "YINGDA_RECORDS_DAYS must be more than twice YINGDA_KEEP_DAYS ({days} days): a replayed event may come as late",
                {"days": self.keep_days},
            )
        return self


def load_settings(overlay: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process; `SettingsError` names every variable that is wrong, never its value.

    Variables of `overlay` count as if they were set in the environment. What the environment does not set, and what it
    leaves empty, may stand in a file of the directory that `YINGDA_SECRETS` names: `yingda_database_password` there.
    """
    values: dict[str, Any] = {k.removeprefix("YINGDA_").lower(): v for k, v in (overlay or {}).items()}
    secrets = os.environ.get(SECRETS_VARIABLE) or None
    if secrets is not None and not Path(secrets).is_dir():
        raise SettingsError(f"{SECRETS_VARIABLE} names {secrets}, and there is no such directory")
    try:
        return Settings(_secrets_dir=secrets, **values)
    except UnreadableError as error:
        raise SettingsError(f"{SECRETS_VARIABLE}: a file in {secrets} cannot be read: {error.__cause__}") from None
    except ValidationError as error:
        faults = [_fault(item["loc"], _words(item)) for item in error.errors()]
        raise SettingsError("; ".join(faults)) from None


def fresh_secret(name: str) -> str | None:
    """Return the secret `name` as it stands in its file now; None where the settings did not take it from a file."""
    directory = os.environ.get(SECRETS_VARIABLE)
    if not directory or os.environ.get(f"YINGDA_{name.upper()}"):
        return None
    try:
        return (Path(directory) / f"yingda_{name}").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _words(item: ErrorDetails) -> str:
    """Return what is wrong in the words of whoever sets a variable; pydantic's own where they are plain."""
    match item["type"]:
        case "too_short":
            return f"must have at least {item['ctx']['min_length']} characters"
        case "string_pattern_mismatch":  # the addresses are the only ones with a pattern
            return "is not of the form https://host/path"
        case _:
            return item["msg"]


def _fault(place: tuple[int | str, ...], message: str) -> str:
    return f"YINGDA_{'.'.join(map(str, place)).upper()}: {message}" if place else message
