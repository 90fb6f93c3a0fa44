"""What tests and third-party plugin authors need: real servers on this machine, a fake clock, event builders.

Where the servers of a test run come from, `pytest_plugins = ["shared.testing.fixtures"]`:

- `YINGDA_NATS_URL` and `YINGDA_DATABASE_URL` name servers that run; the role may create databases.
- Else containers (testcontainers), where a Docker engine answers at `DOCKER_HOST`, or at its usual socket, and has the
  images `nats:2.15.1` and `postgres:18` or can pull them.
- Else the programs of the extra `embedded`.

`YINGDA_TEST_SERVERS=containers`, or `=embedded`, insists on one of the last two.
"""
