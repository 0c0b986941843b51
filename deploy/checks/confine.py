"""Runs a program as a service manager or a container would confine it; deploy/check uses it.

confine.py [--root FOLDER] [--user UID] [--no-write-exec] NAMES COMMAND...

NAMES is a file with the names of the system calls that are allowed, one a line; any other fails with EPERM, as under
SystemCallErrorNumber=EPERM or a container's profile. Names that this machine's libseccomp does not know are passed over,
as systemd does. --root makes a folder the root first, --user becomes that user and group, where this is root.
--no-write-exec forbids memory that is written and then run, as MemoryDenyWriteExecute does.
"""

import argparse
import ctypes
import os
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1
SCMP_ACT_ERRNO_EPERM = 0x00050000 | 1
SCMP_ACT_ALLOW = 0x7FFF0000


def die(words: str) -> None:
    sys.exit(f"deploy/checks/confine.py: {words}")


def become(user: int) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def confine(libc: ctypes.CDLL, seccomp: ctypes.CDLL, names: list[str], no_write_exec: bool) -> None:
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(SCMP_ACT_ERRNO_EPERM)))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        # Numbers below zero are calls of other architectures.
        if number >= 0 and seccomp.seccomp_rule_add(context, ctypes.c_uint32(SCMP_ACT_ALLOW), number, 0) != 0:
            die(f"libseccomp does not take the call {name}")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        die("this kernel has no no_new_privs")
    # Kernels before 6.3 do not know it.
    if no_write_exec and libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
        print("skipped: this kernel cannot refuse memory that is written and run", file=sys.stderr)
    if seccomp.seccomp_load(context) != 0:
        die("this kernel does not take the list of system calls")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names")
    parser.add_argument("--root")
    parser.add_argument("--user", type=int)
    parser.add_argument("--no-write-exec", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    with open(arguments.names, encoding="ascii") as lines:
        names = lines.read().split()
    if not arguments.command:
        parser.error("name the command to run")
    # Before the root is another.
    libraries = ctypes.CDLL(None), ctypes.CDLL("libseccomp.so.2")
    if arguments.root is not None:
        os.chroot(arguments.root)
        os.chdir("/")
    if arguments.user is not None:
        become(arguments.user)
    confine(*libraries, names, arguments.no_write_exec)
    os.execvp(arguments.command[0], arguments.command)


main()
