"""Why a backup or a restore cannot be done.

BackupError             it cannot be done; the message is one plain sentence
├── DamagedError        what lies in the directory is no whole backup
└── NotEmptyError       the servers hold something, or somebody works on them
"""


class BackupError(Exception):
    """It cannot be done."""


class DamagedError(BackupError):
    """What lies in the directory is no whole backup."""


class NotEmptyError(BackupError):
    """The servers hold something, or somebody works on them."""
