#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check-inside.py PULL FILES: what each role of the workers can open, connect to and call, tried from inside of the real process
at the moment before its work. As root; prints TAP."""
import os
import pathlib
import platform
import shutil
import signal
import socket
import stat
import sys
import tempfile

from inside import Inside, libc

PULL, FILES = sys.argv[1:]
HERE = -100  # AT_FDCWD
FOREIGN_ID = 2147352576
READ, WRITE, CREATE, DIRECTORY = os.O_RDONLY, os.O_WRONLY, os.O_WRONLY | os.O_CREAT, os.O_RDONLY | os.O_DIRECTORY
NEW_USERS, THREAD = 0x10000000, 0x00010100  # CLONE_NEWUSER; CLONE_VM | CLONE_THREAD
TIOCSTI, KCMP_FILE, MEMBARRIER = 0x5412, 0, 0

# Nobody may, whatever the role: no process, namespace, mount, key, program, socket of the host's, nor another's memory.
REFUSED = {
    "fork": (57,), "vfork": (58,), "clone": (56, signal.SIGCHLD, 0, 0, 0, 0), "clone3": (435, 0, 0),
    "execve": (59, "/bin/sh", 0, 0), "execveat": (322, HERE, "/bin/sh", 0, 0, 0),
    "ptrace": (101, 16, 1, 0, 0), "kill": (62, os.getpid(), 0), "tkill": (200, os.getpid(), 0),
    "pidfd_open": (434, 1, 0), "pidfd_getfd": (438, 0, 0, 0), "pidfd_send_signal": (424, 0, 0, 0, 0),
    "process_vm_readv": (310, os.getpid(), 0, 0, 0, 0, 0), "process_vm_writev": (311, os.getpid(), 0, 0, 0, 0, 0),
    "kcmp": (312, os.getpid(), os.getpid(), KCMP_FILE, 0, 0),
    "setns": (308, 0, 0), "unshare": (272, NEW_USERS), "setuid": (105, 0), "setgid": (106, 0), "setresuid": (117, 0, 0, 0),
    "setgroups": (116, 0, 0), "capset": (126, 0, 0), "setfsuid": (122, 0), "personality": (135, 0), "prctl": (157, 4, 1, 0, 0, 0),
    "arch_prctl": (158, 0x1004, 0), "seccomp": (317, 0, 0, 0), "setrlimit": (160, 7, 0), "setpriority": (141, 0, 0, -5),
    "chroot": (161, "/"), "pivot_root": (155, ".", "."), "mount": (165, "none", "/", "tmpfs", 0, 0), "umount2": (166, "/", 2),
    "open_tree": (428, HERE, "/", 1), "move_mount": (429, HERE, "/", HERE, "/", 0), "fsopen": (430, "tmpfs", 0),
    "mount_setattr": (442, HERE, "/", 0, 0, 0), "name_to_handle_at": (303, HERE, "/", 0, 0, 0), "open_by_handle_at": (304, 0, 0, 0),
    "add_key": (248, "user", "x", "y", 1, -4), "request_key": (249, "user", "x", 0, 0), "keyctl": (250, 0, -4, 0, 0, 0),
    "bpf": (321, 0, 0, 0), "io_uring_setup": (425, 1, 0), "userfaultfd": (323, 0), "perf_event_open": (298, 0, 0, -1, -1, 0),
    "init_module": (175, 0, 0, 0), "finit_module": (313, 0, 0, 0), "kexec_load": (246, 0, 0, 0, 0), "reboot": (169, 0, 0, 0, 0),
    "sethostname": (170, "x", 1), "settimeofday": (164, 0, 0), "swapon": (167, "/", 0), "acct": (163, 0), "syslog": (103, 3, 0, 0),
    "quotactl": (179, 0, 0, 0, 0), "iopl": (172, 3), "memfd_create": (319, "x", 0), "fanotify_init": (300, 0, 0),
    "inotify_init1": (294, 0), "ioctl TIOCSTI": (16, 0, TIOCSTI, "x"), "shmget": (29, 0, 4096, 0o1600), "msgget": (68, 0, 0o1600),
    "semget": (64, 0, 1, 0o1600), "mq_open": (240, "x", os.O_CREAT, 0o600, 0), "membarrier": (324, MEMBARRIER, 0, 0),
    "unix socket": (41, socket.AF_UNIX, socket.SOCK_STREAM, 0), "netlink socket": (41, socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "packet socket": (41, socket.AF_PACKET, socket.SOCK_RAW, 0), "vsock socket": (41, socket.AF_VSOCK, socket.SOCK_STREAM, 0),
    "alg socket": (41, 38, socket.SOCK_SEQPACKET, 0), "datagram pair": (53, socket.AF_UNIX, socket.SOCK_DGRAM, 0, bytes(8)),
    "bind": (49, 0, bytes(16), 16), "listen": (50, 0, 1), "accept4": (288, 0, 0, 0, 0),
    "setxattr": (188, "/", "user.x", "y", 1, 0), "chmod": (90, "/", 0o777), "rename": (82, "/a", "/b"), "unlink": (87, "/a"),
}
# Some may.
SOME = {
    "tcp socket": (41, socket.AF_INET, socket.SOCK_STREAM, 0), "udp socket": (41, socket.AF_INET6, socket.SOCK_DGRAM, 0),
    "stream pair": (53, socket.AF_UNIX, socket.SOCK_STREAM, 0, bytes(8)),
    "limits of another": (302, os.getpid(), 7, 0, bytes(16)),
    "more code": (9, 0, 4096, 5, 0x22, -1, 0),
    "list /": (257, HERE, "/", DIRECTORY), "read /own": (257, HERE, "/own", READ), "write /own": (257, HERE, "/own", WRITE),
    "read /etc/passwd": (257, HERE, "/etc/passwd", READ), "read the parent's environment": (257, HERE, f"/proc/{os.getpid()}/environ", READ),
    "walk up": (257, HERE, "../../../../etc/passwd", READ), "create /new": (257, HERE, "/new", CREATE, 0o600),
    "a link out": (257, HERE, "/out", READ), "read /dev/null": (257, HERE, "/dev/null", READ),
    "mkdir /dir": (258, HERE, "/dir", 0o700), "link to /own": (265, HERE, "/own", HERE, "/hard", 0),
    "delete /own": (263, HERE, "/own", 0),
    "make a disk": (259, HERE, "/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0)),
    "make memory": (259, HERE, "/mem", stat.S_IFCHR | 0o600, os.makedev(1, 1)),
    "make a socket": (259, HERE, "/socket", stat.S_IFSOCK | 0o600, 0),
    "setuid bit": (268, HERE, "/", 0o4755),
}
NO = dict.fromkeys(REFUSED, "-ENOSYS")
NO_FILES = dict.fromkeys(SOME, "-ENOSYS") | {"more code": "ok"}
# What is not below its root is not there, and what is below it is closed by landlock beyond what the role is for.
OPEN_NOTHING = NO_FILES | {
    "list /": "-EACCES", "read /own": "-EACCES", "write /own": "-EACCES", "read /etc/passwd": "-ENOENT", "walk up": "-ENOENT",
    "read the parent's environment": "-ENOENT", "create /new": "-EACCES", "a link out": "-ENOENT", "read /dev/null": "-ENOENT"}
LOOK = OPEN_NOTHING | {"list /": "ok", "read /own": "ok"}
FILL = LOOK | {
    "write /own": "ok", "create /new": "ok", "mkdir /dir": "ok", "link to /own": "ok", "delete /own": "ok", "make a disk": "-EACCES",
    "make memory": "-EPERM", "make a socket": "-EACCES", "setuid bit": "ok"}  # what is no whiteout takes CAP_MKNOD


class Role:
    """Its fds, and a directory that becomes its root, with a file `own` and a link that leads out of it. All is of the id range that
    layers have."""

    def __init__(self, top):
        self.top, self.fds = top, []
        self.root = self.directory("root")
        (top / "root" / "own").write_text("own")
        os.chown(top / "root" / "own", FOREIGN_ID, FOREIGN_ID)
        (top / "root" / "out").symlink_to("/etc/passwd")

    def directory(self, name):
        (self.top / name).mkdir(mode=0o700)
        os.chown(self.top / name, FOREIGN_ID, FOREIGN_ID)
        return self.keep(os.open(self.top / name, DIRECTORY))

    def keep(self, fd):
        self.fds.append(fd)
        return str(fd)

    def pipe(self, end):
        pair = os.pipe()
        self.fds.extend(pair)
        return str(pair[end])

    def socket(self):
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.fds.extend(s.detach() for s in pair)
        return str(self.fds[-1])

    def report(self):
        return ["--report-fd", self.pipe(1)]

    def close(self):
        for fd in self.fds:
            os.close(fd)


def unpack(r):
    return [PULL, "unpack", "--archive-fd", r.pipe(0), "--staging-fd", r.root, *r.report()], FILL


def load(r):
    return [PULL, "load", "--archive-fd", r.pipe(0), "--staging-fd", r.root, "--control-fd", r.socket(), *r.report()], OPEN_NOTHING


# An overlay that nothing is written to.
READ_ONLY = LOOK | {"write /own": "-EROFS", "create /new": "-EROFS"}


def save(r):
    return [PULL, "save", "--plan-fd", r.pipe(0), "--staging-fd", r.root, "--layers-fd", r.directory("layers"), "--control-fd", r.socket(),
            "--out-fd", r.pipe(1), *r.report()], OPEN_NOTHING


def export(r):
    return [PULL, "export", "--out-fd", r.pipe(1), "--staging-fd", r.directory("staging"), *r.report(), r.root], READ_ONLY


def copy_from(r):
    return [PULL, "copy-from", "--out-fd", r.pipe(1), "--path", "/own", *r.report(), "--staging-fd", r.directory("staging"), r.root], \
        READ_ONLY | {"more code": "-EACCES"}


def copy_to(r):
    state = r.directory("state")
    for name in ("upper", "work"):
        r.directory(f"state/{name}")
    return [PULL, "copy-to", "--in-fd", r.pipe(0), "--path", "/", *r.report(), "--staging-fd", r.directory("staging"), "--state-fd", state,
            r.root], FILL | {"more code": "-EACCES"}


def remove(r):
    # it is not for reading, and what it may make is a directory to move things into
    return [FILES, "remove", "--dir-fd", r.root, *r.report(), "none"], OPEN_NOTHING | {
        "list /": "ok", "mkdir /dir": "ok", "delete /own": "ok", "link to /own": "-EACCES", "make a disk": "-EACCES",
        "make memory": "-EACCES", "make a socket": "-EACCES", "setuid bit": "ok"}


def measure(r):
    return [FILES, "measure", "--dir-fd", r.root, *r.report(), "none"], OPEN_NOTHING | {"list /": "ok"}


def readlog(r):
    for name in ("root", "root/own"):  # the log is root's, and nothing of it opens what is another's
        os.chown(r.top / name, 0, 0)
    return [FILES, "readlog", "--log-dir-fd", r.root, "--out-fd", r.pipe(1), *r.report()], LOOK


def fetch(r):
    # no root of its own: only landlock stands before the host's files, and a user who owns none
    return [PULL, "fetch", "--reference", "127.0.0.1:1/x:1", "--control-fd", r.socket(), *r.report()], NO_FILES | {
        "tcp socket": "ok", "udp socket": "ok", "stream pair": "ok", "limits of another": "-EPERM", "list /": "-EACCES",
        "read /own": "-ENOENT", "write /own": "-ENOENT", "read /etc/passwd": "-EACCES", "walk up": "-EACCES",
        "read the parent's environment": "-EACCES", "create /new": "-EACCES", "a link out": "-ENOENT", "read /dev/null": "-EACCES"}


# Here the filter looks at arguments.
OF_FETCH = {name: "-EACCES" for name in REFUSED if " socket" in name or name in ("clone", "datagram pair", "ioctl TIOCSTI")}
ROLES = [unpack, load, save, export, copy_from, copy_to, remove, measure, readlog, fetch]


def check(role, top):
    r = Role(top)
    arguments, answers = role(r)
    expected = NO | (OF_FETCH if role is fetch else {}) | answers
    process = Inside(arguments, r.fds)
    try:
        wrong = []
        for name, call in (REFUSED | SOME).items():
            result = process.call(*call)
            result = result if isinstance(result, str) else "ok"
            if result != expected[name]:
                wrong.append(f"{name}: {result}, not {expected[name]}")
        assert not wrong, "; ".join(wrong)
    finally:
        process.close()
        r.close()


def main():
    if os.geteuid() != 0 or platform.machine() != "x86_64" or b"__asan_init" in pathlib.Path(PULL).read_bytes():
        print("1..0 # SKIP needs root and x86_64, and a build without sanitizers, which has the filter")
        return 0
    if libc.syscall(444, None, 0, 1) < 2:  # landlock_create_ruleset(2), which gives its version
        print("1..0 # SKIP this kernel has no landlock, which the answers speak of")
        return 0
    print(f"1..{len(ROLES)}")
    failed = False
    for number, role in enumerate(ROLES, 1):
        top = pathlib.Path(tempfile.mkdtemp(prefix="pocketdocker-inside."))
        try:
            check(role, top)
            print(f"ok {number} {role.__name__}")
        except (AssertionError, OSError) as error:
            failed = True
            print(f"not ok {number} {role.__name__}\n# {error}")
        finally:
            shutil.rmtree(top)
    return failed


if __name__ == "__main__":
    sys.exit(main())
