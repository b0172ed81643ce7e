# SPDX-License-Identifier: Apache-2.0
"""An embedded engine of its own on a disk of its own, driven by the command, and looked at from the outside.

Knows how to call it, how to kill its parts and where they leave traces; knows no plan. Needs root.
"""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import time

DISK_BYTES = 768 << 20
CALL_SECONDS = 120  # a limit for a broken engine, not a measure


class Broken(Exception):
    """Something that must hold does not."""


def await_true(what, condition, seconds=60):
    """Until the condition gives a true value, which is returned. The time is a limit for a broken engine."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Broken(f"still not so after {seconds} s: {what}")
        time.sleep(0.02)


def cgroup_mount():
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        words = line.split()
        if words[2] == "cgroup2":
            return pathlib.Path(words[1])
    raise Broken("no cgroup2 is mounted")


def is_sticky(path):
    """It may have gone meanwhile."""
    try:
        return path.stat().st_mode & stat.S_ISVTX != 0
    except FileNotFoundError:
        return False


def read_pids(path):
    try:
        return [int(word) for word in path.read_text().split()]
    except (FileNotFoundError, OSError):
        return []


def is_alive(pid):
    """A process that is there and no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Engine:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="pocketdocker-chaos.", dir="/var/lib"))
        self.disk = self.top / "disk"
        self.disk.mkdir()
        image = self.top / "disk.img"
        with open(image, "wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.disk], check=True)
        self.disk.chmod(0o700)
        self.state = self.disk / "state"
        self.run_dir = pathlib.Path(tempfile.mkdtemp(prefix="pocketdocker-chaos.", dir="/run"))
        self.environment = dict(os.environ, POCKETDOCKER_ROOT=str(self.state), POCKETDOCKER_RUN_ROOT=str(self.run_dir),
                                POCKETDOCKER_IDLE_SECONDS="3600", LC_ALL="C.UTF-8")
        self.must("import", self.make_rootfs(), "bb:1")
        self.daemon = self.daemon_pid()
        digest = hashlib.sha256(os.path.realpath(self.state).encode()).hexdigest()[:16]
        self.cgroups = cgroup_mount() / f"pocketdocker-{digest}"

    def make_rootfs(self):
        root = self.top / "rootfs"
        for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "root"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        subprocess.run(["chroot", root, "/bin/busybox", "--install", "-s", "/bin"], check=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        tar = self.top / "rootfs.tar"
        subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
        return str(tar)

    # calls

    def begin(self, *words):
        return subprocess.Popen([self.build / "pocketdocker", *words], env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")

    def call(self, *words):
        """Exit status, output, errors."""
        process = self.begin(*words)
        try:
            out, err = process.communicate(timeout=CALL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Broken(f"no answer within {CALL_SECONDS} s: {' '.join(words)}") from None
        return process.returncode, out, err

    def must(self, *words):
        status, out, err = self.call(*words)
        if status != 0:
            raise Broken(f"'{' '.join(words)}' ended with {status}: {err.strip()}")
        return out

    def refused(self, *words):
        """A call that must fail, with one sentence."""
        status, _, err = self.call(*words)
        if status == 0 or len(err.strip().splitlines()) != 1:
            raise Broken(f"'{' '.join(words)}' ended with {status}: {err.strip()}")

    def inspect(self, name):
        return json.loads(self.must("inspect", name))[0]

    def containers(self):
        """Id to state and name, as `ps` says."""
        lines = self.must("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.State}} {{.Names}}").splitlines()
        return {line.split()[0]: tuple(line.split()[1:3]) for line in lines}

    # what can be killed

    def daemon_pid(self):
        wanted = str(self.build / "pocketdockerd")
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "exe") == wanted and \
                        str(self.state).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                    return int(entry.name)
            except OSError:
                continue
        return None

    def kill_daemon(self):
        """Gone when this returns; the next call starts another."""
        pid = self.daemon_pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            await_true("the killed daemon is gone", lambda: not is_alive(pid))
        self.daemon = None

    def check_daemon(self):
        """It ends when it is killed, and not before."""
        pid = self.daemon_pid()
        if self.daemon not in (None, pid):
            raise Broken(f"the daemon {self.daemon} has ended by itself")
        self.daemon = pid

    def cgroup(self, container_id):
        return self.cgroups / "u0" / container_id

    def processes(self, container_id):
        return [pid for path in self.cgroup(container_id).glob("**/cgroup.procs") for pid in read_pids(path) if is_alive(pid)]

    def monitor_pid(self, container_id):
        pids = read_pids(self.cgroup(container_id) / "monitor" / "cgroup.procs")
        return pids[0] if pids else None

    # what must hold

    def database(self):
        """Id to state and name, as the rows say; the database is whole."""
        connection = sqlite3.connect(f"file:{self.state / 'pocketdocker.db'}?mode=ro", uri=True, timeout=10)
        try:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if verdict != "ok":
                raise Broken(f"the database is damaged: {verdict}")
            return {row[0]: row[1:] for row in connection.execute("SELECT id, state, name FROM containers")}
        finally:
            connection.close()

    def leftovers(self, known):
        """What is there of containers that nobody knows; what is marked is kept ready for the next one."""
        ready = [path.name for path in (self.run_dir / "containers").glob("*/") if is_sticky(path)]
        if len(ready) == 1:
            known = {*known, *ready}
        for path in self.cgroups.glob("u*/*/"):
            if path.name not in known:
                yield f"cgroup {path}"
        for folder in (self.state / "containers", self.state / "logs", self.run_dir / "containers"):
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in known:
                    yield f"file {path}"
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
            if f" {self.state}/" in line:
                yield f"mount {line.split()[4]}"

    def close(self):
        self.call("rm", "-f", *self.containers())
        pid = self.daemon_pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            await_true("the daemon ends on SIGTERM", lambda: not is_alive(pid))
        await_true("the disk is not in use", lambda: subprocess.run(["umount", self.disk], check=False,
                                                                     stderr=subprocess.DEVNULL).returncode == 0)
        for path in sorted(self.cgroups.glob("**/"), reverse=True):
            path.rmdir()
        shutil.rmtree(self.top)
        shutil.rmtree(self.run_dir)
