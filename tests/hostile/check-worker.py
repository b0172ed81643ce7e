#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check-worker.py PULL FILES: what a worker can still do while it works, and how it ends. As root; prints TAP."""
import hashlib
import io
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

PULL, FILES = sys.argv[1:]
SANITIZED = b"__asan_init" in pathlib.Path(PULL).read_bytes()  # such a build has no system call filter
FOREIGN_ID = "2147352576"
cases = []


def case(function):
    cases.append(function)
    return function


def tar(*sizes):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number, size in enumerate(sizes):
            info = tarfile.TarInfo(f"f{number}")
            info.size = size
            archive.addfile(info, io.BytesIO(bytes([65 + number % 26]) * size))
    return out.getvalue()


class Worker:
    """A run of the program that has the role; fds are named {name} in its arguments."""

    def __init__(self, arguments, through=(), **fds):
        self.report, write_fd = os.pipe()
        fds["report"] = write_fd
        words = [w.format(**fds) for w in arguments]
        self.process = subprocess.Popen([*through, PULL if words[0] == "unpack" else FILES, *words], pass_fds=tuple(fds.values()), env={},
                                        stdin=subprocess.DEVNULL)
        os.close(write_fd)

    def finish(self):
        with os.fdopen(self.report, "rb") as stream:
            data = stream.read()
        return self.process.wait(), data


def unpack(staging, archive_fd, through=(), options=()):
    staging.mkdir(mode=0o700, exist_ok=True)
    fd = os.open(staging, os.O_RDONLY | os.O_DIRECTORY)
    worker = Worker(["unpack", "--archive-fd", "{archive}", "--staging-fd", "{staging}", "--report-fd", "{report}",
                     "--name", "a.tar", *options], through, archive=archive_fd, staging=fd)
    os.close(fd)
    return worker


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def wait_until(condition):
    """For what no event tells: a process that has begun to wait."""
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def is_confined(pid):
    if SANITIZED:
        return wait_until(lambda: not os.path.samefile(f"/proc/{pid}/root", "/") and status(pid)["CapBnd"] != status("self")["CapBnd"])
    return wait_until(lambda: status(pid)["Seccomp"] == "2")


def waits_for(pid, fd):
    """It is confined and has opened what it opens: it reads from fd, where nothing is yet."""
    def reads():
        words = pathlib.Path(f"/proc/{pid}/syscall").read_text().split()
        return words[:2] == ["0", hex(fd)]
    return is_confined(pid) and wait_until(reads)


def namespaces(pid):
    return {name for name in ("user", "net", "ipc") if os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}")}


@case
def unpack_holds_nothing_but_its_fds(top):
    read_fd, write_fd = os.pipe()
    worker = unpack(top / "s", read_fd)
    os.close(read_fd)
    pid = worker.process.pid
    assert waits_for(pid, read_fd)
    now = status(pid)
    assert now["NoNewPrivs"] == "1", now
    assert now["Uid"].split() == [FOREIGN_ID] * 4 and now["Gid"].split() == [FOREIGN_ID] * 4 and now["Groups"] == "", now
    # CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETFCAP, in the namespace
    assert int(now["CapEff"], 16) == int(now["CapBnd"], 16) == 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 31, now
    assert namespaces(pid) == {"user", "net", "ipc"}
    assert os.path.samefile(f"/proc/{pid}/root", top / "s") and os.path.samefile(f"/proc/{pid}/cwd", top / "s")
    # the standard ones, the archive, staging, report, the layer's root and what makes its tar again
    assert len(os.listdir(f"/proc/{pid}/fd")) == 8, os.listdir(f"/proc/{pid}/fd")
    os.write(write_fd, tar(10))
    os.close(write_fd)
    assert worker.finish()[0] == 0


def below_a_shell(top):
    """What runs the worker as a child of a shell, which can die before it; and what gives the worker's pid."""
    file = top / "pid"
    return ("/bin/sh", "-c", '"$@" & echo $! >"$0.new"; mv "$0.new" "$0"; wait', str(file)), \
        lambda: wait_until(file.exists) and int(file.read_text())


@case
def unpack_ends_with_its_parent(top):
    read_fd, write_fd = os.pipe()
    through, pid = below_a_shell(top)
    worker = unpack(top / "s", read_fd, through)
    os.close(read_fd)
    assert is_confined(pid())
    worker.process.kill()
    assert worker.finish()[1] == b""  # the pipe's end: nobody holds it any more
    os.close(write_fd)


@case
def unpack_tells_of_a_full_disk(top):
    disk = top / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        archive = top / "a.tar"
        archive.write_bytes(tar(600_000, 600_000))
        with open(archive, "rb") as stream:
            code, report = unpack(disk / "s", stream.fileno()).finish()
        assert code == 1 and b"DiskFull" in report and b"'f1'" in report, report
    finally:
        subprocess.run(["umount", disk], check=True)


@case
def unpack_names_the_limit_that_an_archive_is_over(top):
    deep = io.BytesIO()
    with tarfile.open(fileobj=deep, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a/b/c/d"))
    zeros = subprocess.run("head -c 1280M /dev/zero | zstd -q", shell=True, capture_output=True, check=True).stdout
    for number, (data, options, sentence) in enumerate((
            (tar(5000), ["--limit-bytes", "4096"], b"'a.tar' is larger than 4096 bytes when unpacked"),
            (tar(1, 1, 1), ["--limit-entries", "2"], b"'a.tar' has more than 2 entries, of which the next is 'f2'"),
            (deep.getvalue(), ["--limit-depth", "3"], b"Entry 'a/b/c/d' of 'a.tar' lies deeper than 3 directories"),
            (zeros, ["--limit-ratio", "500"], b"'a.tar' is more than 500 times as large when unpacked"))):
        archive = top / "a.tar"
        archive.write_bytes(data)
        with open(archive, "rb") as stream:
            code, report = unpack(top / f"s{number}", stream.fileno(), options=options).finish()
        assert code == 1 and b"LimitReached" in report and sentence in report, report
    with open(top / "a.tar", "wb") as stream:
        stream.write(tar(1))
    with open(top / "a.tar", "rb") as stream:
        code, report = unpack(top / "right", stream.fileno(), options=["--layer", "--diff-id", hashlib.sha256(tar(1)).hexdigest()]).finish()
        assert code == 0 and b"rootfs" not in report, report
        stream.seek(0)
        code, report = unpack(top / "wrong", stream.fileno(), options=["--layer", "--diff-id", "0" * 64]).finish()
        assert code == 1 and b"DigestMismatch" in report, report


@case
def unpack_makes_a_hundred_thousand_entries(top):
    archive = top / "a.tar"
    archive.write_bytes(tar(*[7] * 100_000))
    with open(archive, "rb") as stream:
        code, _ = unpack(top / "s", stream.fileno()).finish()
    assert code == 0
    with os.scandir(top / "s" / "root") as entries:
        assert sum(entry.stat().st_size == 7 for entry in entries) == 100_000
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    assert Worker(["remove", "--dir-fd", "{top}", "--report-fd", "{report}", "s"], top=fd).finish()[0] == 0
    os.close(fd)
    assert not (top / "s").exists()


@case
def remove_takes_what_any_owner_has_closed(top):
    inner = top / "t" / "upper"
    inner.mkdir(parents=True)
    for name, owner in (("work", 2147352576), ("host", 0), ("other", 2147352576 + 65535)):
        directory = inner / name
        directory.mkdir()
        (directory / "f").write_text("x")
        os.chown(directory, owner, owner)
        os.chown(directory / "f", owner, owner)
        os.chmod(directory / "f", 0)
        os.chmod(directory, 0o1000)
    os.symlink("/etc", inner / "etc")
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    code, report = Worker(["remove", "--dir-fd", "{top}", "--report-fd", "{report}", "t", "nothing"], top=fd).finish()
    assert code == 0 and not (top / "t").exists() and os.path.exists("/etc/passwd"), report
    for name in ("..", ".", "a/b", ""):
        code, report = Worker(["remove", "--dir-fd", "{top}", "--report-fd", "{report}", name], top=fd).finish()
        assert code == 1, name
    os.close(fd)


@case
def readlog_can_read_one_directory_and_outlives_its_parent(top):
    logs = top / "logs"
    logs.mkdir(mode=0o700)
    log = logs / "00000001.log"
    log.write_bytes(b"PDLOG1\n\0" + struct.pack("<II", 1, 16))
    fd = os.open(logs, os.O_RDONLY | os.O_DIRECTORY)
    read_fd, write_fd = os.pipe()
    through, pid = below_a_shell(top)
    worker = Worker(["readlog", "--log-dir-fd", "{logs}", "--out-fd", "{out}", "--report-fd", "{report}", "--follow"], through,
                    logs=fd, out=write_fd)
    os.close(write_fd)
    os.close(fd)
    assert is_confined(pid())
    now = status(pid())
    assert now["NoNewPrivs"] == "1" and int(now["CapEff"], 16) == int(now["CapBnd"], 16) == int(now["CapPrm"], 16) == 0, now
    assert os.path.samefile(f"/proc/{pid()}/root", logs)

    worker.process.kill()
    worker.process.wait()
    with open(log, "ab") as stream:
        stream.write(struct.pack("<QIB3x", 1, 5, 1) + b"hello")
    assert os.read(read_fd, 100) == b"hello"
    with open(log, "ab") as stream:
        stream.write(struct.pack("<QIB3x", 1, 0, 5))
    assert os.read(read_fd, 100) == b"" and worker.finish()[1] == b""
    os.close(read_fd)


@case
def arguments_that_are_none_of_ours_are_refused(top):
    for program, words in ((PULL, []), (PULL, ["nothing"]), (PULL, ["unpack"]), (PULL, ["unpack", "--archive-fd", "99"]),
                           (PULL, ["remove"]), (FILES, []), (FILES, ["unpack"]), (FILES, ["readlog", "--no-such-option"]),
                           (FILES, ["remove", "--dir-fd"])):
        run = subprocess.run([program, *words], env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert run.returncode == 1 and run.stderr.startswith(b"pocketdocker-"), (words, run)


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        return 0
    failed = 0
    print(f"1..{len(cases)}")
    for number, function in enumerate(cases, 1):
        name = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="worker-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as top:
            try:
                function(pathlib.Path(top))
                print("ok", number, "-", name, flush=True)
            except (AssertionError, OSError, subprocess.CalledProcessError) as error:
                failed += 1
                print("not ok", number, "-", name, flush=True)
                print("#", repr(error))
    return 1 if failed else 0


signal.alarm(300)
sys.exit(main())
