"""Makes the servers agree with the code: roles, schemas, tables, streams and durable consumers. Safe to repeat."""

from shared.provision.chain import SUITE_SCHEMA as SUITE_SCHEMA
from shared.provision.checks import check as check
from shared.provision.checks import check_schema as check_schema
from shared.provision.errors import NotProvisionedError as NotProvisionedError
from shared.provision.errors import ProvisionError as ProvisionError
from shared.provision.provisioning import provision as provision
from shared.provision.streams import check_consumer as check_consumer
