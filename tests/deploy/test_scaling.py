"""Scaled out: replicas by what waits for each consumer, and disruptions one at a time (docs/scaling.md, ADR 0032)."""

from typing import Final

import pytest

from shared.bus.pace import FAR_BEHIND
from shared.service import installed_services
from tests.deploy.keda import JetStreamTrigger, ScaledObject
from tests.deploy.overlays import config_map, containers_of, labels, of_kind, pod_of, selected, services, workloads

NAME: Final = "scaled-out"


def scaled() -> dict[str, ScaledObject]:
    return {key: ScaledObject.model_validate(one) for key, one in of_kind(NAME, "ScaledObject").items()}


def backlog_of(one: ScaledObject) -> JetStreamTrigger:
    (trigger,) = [trigger for trigger in one.spec.triggers if isinstance(trigger, JetStreamTrigger)]
    return trigger


def test_every_service_is_scaled_by_the_backlog_of_its_own_consumer() -> None:
    assert set(scaled()) == set(services(NAME))
    for key, service in installed_services().items():
        facts = backlog_of(scaled()[key]).metadata
        assert (facts.stream, facts.consumer) == (service.consumer.stream.name, service.consumer.service)
        assert scaled()[key].spec.scaleTargetRef.name == key
        assert scaled()[key].spec.minReplicaCount >= 2, "one may be lost"


def test_the_backlog_that_starts_replicas_is_one_that_intake_lets_grow() -> None:
    """Intake holds back while a consumer of EVENTS has more than so many to get: a higher threshold is never reached."""
    for key, one in scaled().items():
        if key != "intake":
            spec = one.spec
            assert int(backlog_of(one).metadata.lagThreshold) * (spec.maxReplicaCount - 1) <= FAR_BEHIND


def test_the_processor_is_measured_of_the_container_that_is_there() -> None:
    for key, one in scaled().items():
        (container,) = containers_of(services(NAME)[key])
        (cpu,) = [trigger for trigger in one.spec.triggers if not isinstance(trigger, JetStreamTrigger)]
        assert cpu.metadata.containerName == container["name"]
        assert int(cpu.metadata.value.removesuffix("m")) < int(
            container["resources"]["limits"]["cpu"].removesuffix("m")
        )


def test_keda_finds_every_node_of_nats() -> None:
    """It takes the first label of a route for the node, and expects it below the address that it was given."""
    stateful = of_kind(NAME, "StatefulSet")["nats"]
    headless = of_kind(NAME, "Service")[stateful["spec"]["serviceName"]]
    assert headless["spec"]["clusterIP"] == "None"
    conf = config_map(NAME, "nats-node")["nats.conf"]
    assert "no_advertise: true" in conf
    assert "server_name: $POD_NAME" in conf
    for node in range(stateful["spec"]["replicas"]):
        assert f"nats://nats-{node}.{headless['metadata']['name']}:6222" in conf
    for one in scaled().values():
        host, _, port = backlog_of(one).metadata.natsServerMonitoringEndpoint.partition(":")
        assert host.split(".")[:2] == [headless["metadata"]["name"], headless["metadata"]["namespace"]]
        assert int(port) in {entry["port"] for entry in headless["spec"]["ports"]}


def test_one_replica_at_a_time_is_taken_away() -> None:
    budgets = of_kind(NAME, "PodDisruptionBudget")
    assert set(budgets) == {"nats", *services(NAME)}
    for key, budget in budgets.items():
        fitting = [p for p, one in workloads(NAME).items() if selected(budget["spec"]["selector"], labels(one))]
        assert fitting == [key]
        assert budget["spec"]["maxUnavailable"] == 1


def test_three_nodes_of_nats_on_three_machines_and_every_stream_on_all() -> None:
    stateful = of_kind(NAME, "StatefulSet")["nats"]
    assert stateful["spec"]["replicas"] == 3
    (term,) = pod_of(stateful)["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert selected(term["labelSelector"], labels(stateful))
    settings = config_map(NAME, "settings")
    assert settings["YINGDA_STREAM_REPLICAS"] == "3"
    urls = settings["YINGDA_NATS_URL"].split(",")
    assert urls == [f"nats://nats-{node}.nats-nodes:4222" for node in range(3)]


@pytest.mark.parametrize("key", ["kubernetes.io/hostname", "topology.kubernetes.io/zone"])
def test_replicas_of_one_service_are_spread(key: str) -> None:
    for service in services(NAME).values():
        (one,) = [c for c in pod_of(service)["topologySpreadConstraints"] if c["topologyKey"] == key]
        assert selected(one["labelSelector"], labels(service))
        assert "app.kubernetes.io/name" in one["matchLabelKeys"], "replicas of one service, not of all"
