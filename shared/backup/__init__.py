"""Backup and restore of everything that the services keep: the streams of NATS and the tables of PostgreSQL (ADR 0031).

backup      made beside running services, of one moment
restore     onto empty servers, all or nothing
manifest    what a backup says of itself, written last
files       for their owner only, with checksums
streams     JetStream's snapshots
tables      COPY
"""

from shared.backup.backup import back_up as back_up
from shared.backup.errors import BackupError as BackupError
from shared.backup.errors import DamagedError as DamagedError
from shared.backup.errors import NotEmptyError as NotEmptyError
from shared.backup.manifest import Manifest as Manifest
from shared.backup.restore import Restored as Restored
from shared.backup.restore import examined as examined
from shared.backup.restore import restore as restore
