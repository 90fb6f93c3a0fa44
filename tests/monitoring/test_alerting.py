"""From a stopped service to whoever is called, and back: real services, Prometheus, Alertmanager, mail and chat (R-OB-03)."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.testing.servers import Servers
from tests.faults.customers import Customers
from tests.faults.fleet import SERVICES, Fleet, fleet_at
from tests.monitoring.derived import name_targets
from tests.monitoring.gateway import Gateway, gateway
from tests.monitoring.programs import Alertmanager, Prometheus, running_alertmanager, running_prometheus
from tests.polling import until
from tests.unit.notify.smtp_server import SmtpServer, smtp_server
from tests.web_client import request

CONTACTS_A_SECOND = 10
PATIENCE_SECONDS = 60
DOWN = {"alertname": "YingdaServiceDown", "service": "sla", "severity": "page"}


@dataclass(frozen=True, slots=True)
class Watch:
    """All that watches, and where what it tells arrives."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    chat: Gateway
    mail: SmtpServer

    def pages(self, word: str) -> list[str]:
        """Return the titles of what came into the chat that begin with `word`."""
        titles = [attachment["title"] for post in self.chat.posted for attachment in post["attachments"]]
        return [title for title in titles if title.startswith(word)]


@asynccontextmanager
async def watching(folder: Path, lasting: str | None = None) -> AsyncIterator[Watch]:
    async with AsyncExitStack() as stack:
        chat = stack.enter_context(gateway(200))
        mail = await stack.enter_async_context(smtp_server())
        alertmanager = await stack.enter_async_context(running_alertmanager(folder, f"127.0.0.1:{mail.port}", chat.url))
        prometheus = await stack.enter_async_context(running_prometheus(folder, alertmanager.address, lasting))
        yield Watch(prometheus, alertmanager, chat, mail)


def name(folder: Path, ships: Fleet) -> None:
    name_targets(folder, [replica.metrics_url for replica in ships.replicas if replica.metrics_url])


@asynccontextmanager
async def told_of(ships: Fleet, folder: Path, lasting: str | None) -> AsyncIterator[Watch]:
    """Watch services that run: a Prometheus that knows of none says at once that every one is away."""
    name(folder, ships)
    async with watching(folder, lasting) as watch:
        yield watch


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("lasting", "seconds"),
    [("6s", 60), pytest.param(None, 120, marks=pytest.mark.slow_operations)],
    ids=["in a hurry", "as shipped"],
)
async def test_a_service_that_stops_under_load_is_told_and_so_is_its_return(
    lasting: str | None, seconds: float, servers: Servers, tmp_path: Path
) -> None:
    """R-OB-03: sla is stopped while contacts come in; whoever is called hears of it once, and that it is over."""
    async with fleet_at(servers) as (ships, client), told_of(ships, tmp_path, lasting) as watch:

        async def all_are_up() -> bool:
            return len(await watch.prometheus.now("yingda_service_up")) == len(SERVICES)

        async def down_fires() -> bool:
            return DOWN in await watch.prometheus.firing()

        async def receivers_of_down() -> list[str]:
            """Prometheus tells Alertmanager a moment after it says itself that an alert fires."""
            known = [one for one in await watch.alertmanager.alerts() if DOWN.items() <= one["labels"].items()]
            return [receiver["name"] for one in known for receiver in one["receivers"]]

        await until(all_are_up, PATIENCE_SECONDS, every=0.2)
        assert not watch.chat.posted, "nobody is called yet"
        customers = Customers(client, "alert-")
        async with customers.writing(CONTACTS_A_SECOND):
            (sla,) = (replica for replica in ships.replicas if replica.name == "sla")
            await ships.leave(sla)
            await until(down_fires, seconds, every=0.2, said="the alert fires")
            await until(receivers_of_down, PATIENCE_SECONDS, every=0.2, said="Alertmanager has it")
            assert await receivers_of_down() == ["page"]
            await until(lambda: watch.pages("FIRING"), PATIENCE_SECONDS, said="the chat hears of it")
            await until(lambda: watch.mail.mails, PATIENCE_SECONDS, said="there is a mail")
            await ships.join("sla")
            name(tmp_path, ships)
            await until(lambda: watch.pages("RESOLVED"), seconds, every=0.2, said="the chat hears that it is over")
        assert not await down_fires()

        async def worked_off() -> bool:
            waiting = await watch.prometheus.now("max(yingda_consumer_backlog)")
            late = await watch.prometheus.now("time() - max(yingda_service_started_timestamp_seconds)")
            return late[0].values[0] > 6 and waiting[0].values == (0.0,)  # the gauge is read every five seconds

        await until(worked_off, PATIENCE_SECONDS, every=0.5, said="what waited for sla is done")
    told = json.dumps(watch.chat.posted, ensure_ascii=False)
    assert "no sla is running" in told
    assert "docs/runbooks/service-down.md" in told
    assert set(watch.pages("FIRING")) == {"FIRING 1: YingdaServiceDown"}, "nothing else is told beside it"
    assert set(watch.mail.recipients) == {"on-call@example.com"}
    assert "YingdaServiceDown" in str(watch.mail.mails[0]["Subject"])
    assert customers.book.sent.keys() == customers.book.acknowledged.keys()


async def test_what_something_greater_explains_is_not_told_beside_it(tmp_path: Path) -> None:
    """R-OB-03: a service that does not reach NATS cannot publish; another one's outbox is a matter of its own."""
    labels = [
        {"alertname": "YingdaServerAway", "service": "sla", "severity": "page"},
        {"alertname": "YingdaOutboxStuck", "service": "sla", "severity": "page"},
        {"alertname": "YingdaOutboxStuck", "service": "routing", "severity": "page"},
        {"alertname": "YingdaSlaBurn", "severity": "page", "department": "market", "metric": "callback"},
        {"alertname": "YingdaSlaBurn", "severity": "ticket", "department": "market", "metric": "callback"},
        {"alertname": "YingdaSlaBurn", "severity": "ticket", "department": "network", "metric": "callback"},
    ]
    async with watching(tmp_path) as watch:
        body = json.dumps([{"labels": one} for one in labels]).encode()
        url = f"http://{watch.alertmanager.address}/api/v2/alerts"
        posted = await request("POST", url, body=body, headers={"Content-Type": "application/json"})
        assert posted.status == 200, posted.text

        silenced: list[dict[str, str]] = []

        async def judged() -> bool:
            """What inhibits hears of an alert beside what lists it: it may have heard of the greater one only later."""
            nonlocal silenced
            told = await watch.alertmanager.alerts()
            silenced = [one["labels"] for one in told if one["status"]["inhibitedBy"]]
            return len(told) == len(labels) and len(silenced) >= len(explained)

        explained = [labels[1], labels[4]]
        await until(judged, PATIENCE_SECONDS, every=0.1)
    assert sorted(silenced, key=str) == sorted(explained, key=str)
