"""What brings contacts in from the world: adapters, each a process of its own, and the endpoints of the HTTP gateway.

adapter.py     `Adapter`: what an adapter is to the process that runs it (`yingda adapter NAME`)
endpoint.py    `Endpoint`: routes and their description for the one HTTP gateway process
publisher.py   `Publisher`: contacts onto the bus, acknowledged before it returns
work.py        `Work`: what a running adapter or endpoint works with
report.py      `Report`: health and metrics of one adapter
problem.py     `HttpProblem`: an answer of RFC 9457 that an endpoint gives by raising it
"""

from shared.adapters.adapter import Adapter as Adapter
from shared.adapters.endpoint import Endpoint, Operation, Running
from shared.adapters.errors import AdapterError, BusAway, RefusedByBus, TooLarge
from shared.adapters.problem import HttpProblem
from shared.adapters.publisher import Published, Publisher
from shared.adapters.report import Report
from shared.adapters.work import Work

__all__ = [
    "Adapter",
    "AdapterError",
    "BusAway",
    "Endpoint",
    "HttpProblem",
    "Operation",
    "Published",
    "Publisher",
    "RefusedByBus",
    "Report",
    "Running",
    "TooLarge",
    "Work",
]
