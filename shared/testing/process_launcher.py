"""Become a server process that dies with its parent (run as a script, standard library only).

    python -I -S process_launcher.py PARENT_PID DEATH_SIGNAL IDENTITY COMMAND [ARGUMENT...]

A program of its own rather than a `preexec_fn`, which is not safe in a process with threads. It replaces itself by
COMMAND, so the process id stays. IDENTITY is one of

    same        run as the user we are
    mapped      run in a user namespace where we are user 1000: PostgreSQL refuses to run as root, and this way the
                files stay our own
    UID:GID     run as that user (needs root)
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_INSIDE_ID = 1000
_CANNOT_LAUNCH = 126


def main(arguments: list[str]) -> int:
    """Replace this process by the command; returns only when that failed, with the reason on stderr."""
    parent, death_signal, identity, *command = arguments
    try:
        _take_identity(identity)
        # Afterwards, because a change of identity clears the setting.
        die_with_parent(int(parent), int(death_signal))
        os.execv(command[0], command)  # noqa: S606 - to become the server is this program's purpose
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]} as {identity}: {error}\n")
    return _CANNOT_LAUNCH


def _take_identity(identity: str) -> None:
    if identity == "same":
        return
    if identity == "mapped":
        uid, gid = os.geteuid(), os.getegid()
        _system_call("unshare", _CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{_INSIDE_ID} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{_INSIDE_ID} {gid} 1", encoding="ascii")
        return
    uid, gid = map(int, identity.split(":"))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def die_with_parent(parent: int, death_signal: int) -> None:
    """Have the kernel send this process `death_signal` when its parent ends; ProcessLookupError if it has ended."""
    if sys.platform != "linux":
        return
    _system_call("prctl", _PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        raise ProcessLookupError(f"the starting process {parent} is gone")


def _system_call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*(ctypes.c_ulong(value) for value in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
