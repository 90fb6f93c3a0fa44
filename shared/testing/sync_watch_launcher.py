"""Become a program whose every fsync is asked of somebody else first (run as a script, standard library only; Linux).

    python -I -S sync_watch_launcher.py SOCKET_FD COMMAND [ARGUMENT...]

The kernel holds each `fsync` and `fdatasync` of COMMAND, by a filter that it inherits, until whoever reads the
descriptor that is sent over SOCKET_FD answers (seccomp's user notification). It needs no privilege and no tracer.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import sys

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_NEW_LISTENER = 1 << 3
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_NUMBER, _ARCHITECTURE = 0, 4  # places in what the filter sees of a call
_CANNOT_LAUNCH = 126

# By machine: the kernel's name for it, then the numbers of seccomp, fsync and fdatasync.
_MACHINES = {"x86_64": (0xC000003E, 317, 74, 75), "aarch64": (0xC00000B7, 277, 82, 83)}


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def main(arguments: list[str]) -> int:
    """Replace this process by the command; returns only when that failed, with the reason on stderr."""
    requests, *command = arguments
    try:
        listener = _watch_syncs()
        with socket.socket(fileno=int(requests)) as channel:
            socket.send_fds(channel, [b"listener"], [listener])
        os.close(listener)
        os.execv(command[0], command)  # noqa: S606 - to become the program is this one's purpose
    except (OSError, KeyError) as error:
        sys.stderr.write(f"cannot watch {command[0]}: {error!r}\n")
    return _CANNOT_LAUNCH


def _watch_syncs() -> int:
    """Install the filter and return the descriptor on which the kernel asks."""
    architecture, seccomp, fsync, fdatasync = _MACHINES[platform.machine()]
    lines: tuple[tuple[int, int, int, int], ...] = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, 3, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_IF_EQUAL, 2, 0, fsync),
        (_JUMP_IF_EQUAL, 1, 0, fdatasync),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NOTIFY),
    )
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    program = _Program(len(lines), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    return _checked(libc.syscall(seccomp, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(program)))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
