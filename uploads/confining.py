"""A filter of system calls for a decoder that needs threads: threads it may begin, processes and programs not."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
CLONE_THREAD = 0x10000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
# In the kernel's description of a call: its number, the machine it is meant for, the low half of its first argument.
_NUMBER, _MACHINE, _FIRST = 0, 4, 16
_FOREIGN_NUMBERS = 0x40000000  # of the x32 calls, which x86-64 takes as well


@dataclass(frozen=True, slots=True)
class Machine:
    """How a kind of processor calls the kernel. ``starting``: fork, vfork, execve, execveat, as far as it has them."""

    audit: int
    clone: int
    starting: tuple[int, ...]
    clone3: int = 435


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(0xC000003E, 56, (57, 58, 59, 322)),
    "aarch64": Machine(0xC00000B7, 220, (221, 281)),
}


def allow_only_threads() -> bool:
    """From here on no process and no program can be started; whether the kernel agreed. Needs PR_SET_NO_NEW_PRIVS.

    clone3 hides its flags from a filter, so it is said not to exist, and the library takes clone.
    """
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        return False
    program = _program(machine)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    fields = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    refused: int = ctypes.CDLL(None).prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(fields), 0, 0)
    return refused == 0


def _program(machine: Machine) -> list[tuple[int, int, int, int]]:
    """Steps of (what, how many to skip if it holds, if it does not, with which number)."""
    refused = [*machine.starting]
    checks = [
        (_AT_LEAST, len(refused) + 4, 0, _FOREIGN_NUMBERS),
        *((_EQUAL, len(refused) - at + 3, 0, number) for at, number in enumerate(refused)),
        (_EQUAL, 4, 0, machine.clone3),
        (_EQUAL, 0, 4, machine.clone),
        (_LOAD, 0, 0, _FIRST),
        (_ANY_BIT, 2, 0, CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    # Another machine's calls have other numbers: all are refused.
    return [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_LOAD, 0, 0, _NUMBER),
        *checks,
    ]
