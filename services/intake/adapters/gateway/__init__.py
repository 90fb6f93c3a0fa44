"""The HTTP gateway: one process that serves every endpoint that the policy names (ADR 0038).

config.py    its settings in the policy
clients.py   who sent a request, also behind a proxy
rates.py     how many requests are taken, from one sender and in all
bodies.py    bodies read whole, within limits of size, time and memory
door.py      what every request to an endpoint passes, and how errors become answers
site.py      the application: the endpoints under their names, CORS, headers, `/openapi.json`
openapi.py   the description of what is mounted
adapter.py   the process: server and endpoints, started and stopped in order
"""
