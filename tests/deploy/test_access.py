"""NetworkPolicies: what the suite needs is let through, and nothing else. The judge reads the policies as Kubernetes does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.deploy.overlays import OVERLAYS, labels, of_kind, selected, services, workloads

HERE = {"kubernetes.io/metadata.name": "yingda"}
DATABASE = {"one-machine": "postgres", "scaled-out": "192.0.2.10"}
SERVICES = ("intake", "routing", "sla", "notify", "feedback")


@dataclass(frozen=True)
class Peer:
    """A pod somewhere in the cluster, or an address outside it."""

    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


def pod(name: str, workload: str) -> Peer:
    return Peer(labels(workloads(name)[workload]), HERE)


def elsewhere(**namespace: str) -> Peer:
    return Peer({"app": "stranger"}, {key.replace("_", "-"): value for key, value in namespace.items()})


def keda() -> Peer:
    return Peer({"app": "keda-operator"}, {"kubernetes.io/metadata.name": "keda"})


def name_server() -> Peer:
    return Peer({"k8s-app": "kube-dns"}, {"kubernetes.io/metadata.name": "kube-system"})


def outside(address: str) -> Peer:
    return Peer(address=address)


def database(name: str) -> Peer:
    at = DATABASE[name]
    return pod(name, at) if at in workloads(name) else outside(at)


def allowed(name: str, source: Peer, target: Peer, port: int) -> bool:
    return _passes(name, "Egress", source, target, port) and _passes(name, "Ingress", target, source, port)


def _passes(name: str, direction: str, whose: Peer, other: Peer, port: int) -> bool:
    if whose.namespace != HERE:
        return True  # other namespaces have their own rules
    policies = [one["spec"] for one in of_kind(name, "NetworkPolicy").values()]
    mine = [p for p in policies if direction in p["policyTypes"] and selected(p["podSelector"], whose.labels)]
    assert mine, "the default is to deny"
    rules = [rule for policy in mine for rule in policy.get(direction.lower(), ())]
    return any(_fits(rule, other, port, "to" if direction == "Egress" else "from") for rule in rules)


def _fits(rule: Mapping[str, Any], other: Peer, port: int, peers: str) -> bool:
    assert set(rule) == {peers, "ports"}, "a rule without peers or ports would be for all"
    return port in {one["port"] for one in rule["ports"]} and any(_is(peer, other) for peer in rule[peers])


def _is(peer: Mapping[str, Any], other: Peer) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        if not other.address:
            return False
        at = ip_address(other.address)
        return at in ip_network(block["cidr"]) and not any(at in ip_network(no) for no in block.get("except", ()))
    if other.address:
        return False
    namespace = peer.get("namespaceSelector")
    there = other.namespace == HERE if namespace is None else selected(namespace, other.namespace)
    return there and selected(peer.get("podSelector", {}), other.labels)


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize("client", [*SERVICES, "provision-0-1-0"])
def test_services_and_provision_reach_their_servers(name: str, client: str) -> None:
    source = pod(name, client)
    assert allowed(name, source, pod(name, "nats"), 4222)
    assert allowed(name, source, database(name), 5432)
    assert allowed(name, source, name_server(), 53)
    assert not allowed(name, source, pod(name, "nats"), 6222), "who poses as a node reads everything"
    assert not allowed(name, source, pod(name, "nats"), 8222)


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_nodes_of_nats_reach_one_another(name: str) -> None:
    assert allowed(name, pod(name, "nats"), pod(name, "nats"), 6222)
    assert not allowed(name, pod(name, "nats"), database(name), 5432)


@pytest.mark.parametrize("name", OVERLAYS)
def test_adapters_and_desks_reach_nats_where_they_are_labelled(name: str) -> None:
    assert allowed(name, elsewhere(yingda_bus="allowed"), pod(name, "nats"), 4222)
    assert allowed(name, Peer({"yingda-bus": "allowed"}, HERE), pod(name, "nats"), 4222)
    assert not allowed(name, elsewhere(), pod(name, "nats"), 4222)
    assert not allowed(name, Peer({"app": "stranger"}, HERE), pod(name, "nats"), 4222)
    assert not allowed(name, Peer({"yingda-bus": "allowed"}, HERE), database(name), 5432)


@pytest.mark.parametrize("name", OVERLAYS)
def test_operators_reach_the_servers_where_they_are_labelled(name: str) -> None:
    operator = Peer({"yingda-operator": "allowed"}, HERE)
    assert allowed(name, operator, database(name), 5432)
    assert allowed(name, operator, pod(name, "nats"), 4222)
    assert allowed(name, operator, pod(name, "nats"), 8222)
    assert not allowed(name, elsewhere(yingda_operator="allowed"), pod(name, "nats"), 8222)
    assert not allowed(name, Peer({"app": "stranger"}, HERE), database(name), 5432)


@pytest.mark.parametrize("name", OVERLAYS)
def test_metrics_are_read_and_the_survey_page_is_asked_from_where_it_is_labelled(name: str) -> None:
    for service in services(name):
        assert allowed(name, elsewhere(yingda_metrics="allowed"), pod(name, service), 9464)
        assert not allowed(name, elsewhere(), pod(name, service), 9464)
        assert allowed(name, elsewhere(yingda_survey="allowed"), pod(name, service), 8080) is (service == "feedback")


@pytest.mark.parametrize("name", OVERLAYS)
def test_only_notify_reaches_the_world_and_only_by_mail_and_https(name: str) -> None:
    world = outside("203.0.113.7")
    for service in services(name):
        for port in (443, 465, 587):
            assert allowed(name, pod(name, service), world, port) is (service == "notify")
        assert not allowed(name, pod(name, service), world, 80)
    assert not allowed(name, pod(name, "notify"), outside("169.254.169.254"), 443), "the machine's credentials"


@pytest.mark.parametrize("name", OVERLAYS)
def test_services_do_not_reach_one_another(name: str) -> None:
    for source in services(name):
        for target in services(name):
            assert not any(allowed(name, pod(name, source), pod(name, target), port) for port in (9464, 8080))


def test_keda_reaches_the_monitoring_of_nats_where_it_scales() -> None:
    assert allowed("scaled-out", keda(), pod("scaled-out", "nats"), 8222)
    assert not allowed("one-machine", keda(), pod("one-machine", "nats"), 8222)
