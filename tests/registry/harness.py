# SPDX-License-Identifier: Apache-2.0
"""harness.py: plays the daemon towards one run of `pocketdocker-pull fetch`: asks for layers, reads their pipes, hears reports."""
import array
import fcntl
import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading

MAGIC, LAYER, END = 0x43464450, 1, 2
PROGRESS, RESULT, FAILURE, MANIFEST, LAYER_REPORT, WARNING = range(1, 7)
FETCHING, VERIFIED, AGAIN = range(3)
TAGS = {1: "done", 2: "total", 3: "entries", 6: "size", 7: "config", 5: "config_id", 9: "code", 10: "errno", 11: "message",
        12: "unchanged", 13: "digest", 14: "manifest_digest", 15: "media_type", 16: "raw_config", 18: "index", 19: "state"}
NUMBERS = {"done", "total", "entries", "size", "errno", "unchanged", "index", "state"}
QUICK = {"retries": 3, "seconds": {"connect": 10, "document": 5, "stall": 2, "pause": 0.01}}


def memfd(data, sealed=False):
    fd = os.memfd_create("test", os.MFD_CLOEXEC | (os.MFD_ALLOW_SEALING if sealed else 0))
    os.write(fd, data)
    if sealed:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return fd


def reports_of(buffer):
    """Whole reports at the front of what came, and the rest."""
    found = []
    while len(buffer) >= 12:
        magic, version, kind, length = struct.unpack_from("<4sHHI", buffer)
        assert magic == b"PDPR" and version == 1, buffer[:64]
        if len(buffer) < 12 + length:
            break
        fields, layers, at = {}, [], 12
        while at < 12 + length:
            tag, _, size = struct.unpack_from("<HHI", buffer, at)
            value = buffer[at + 8:at + 8 + size]
            at += 8 + size
            if tag == 17:
                layers.append((struct.unpack_from("<Q", value)[0], value[8:72].decode(), value[72:].decode()))
            elif tag in TAGS:
                name = TAGS[tag]
                fields[name] = struct.unpack("<Q", value)[0] if name in NUMBERS else \
                    value if name == "raw_config" else value.decode()
        if kind == MANIFEST:
            fields["layers"] = layers
        found.append((kind, fields))
        buffer = buffer[12 + length:]
    return found, buffer


class Fetch:
    """fetched: what came through each layer's last pipe, as (bytes, SHA-256); all else is what was reported."""

    def __init__(self, program, reference, *arguments, config=None, credentials=None, want=None, reader=None, through=(), plain=False):
        self.reports, self.manifest, self.result, self.failure = [], None, None, None
        self.warnings, self.fetched, self.asked, self.again = [], {}, {}, 0
        self.want, self.reader, self.threads, self.lock = want, reader or self.read_pipe, [], threading.Lock()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.report_fd, write_fd = os.pipe()
        fds = {"control": theirs.detach(), "report": write_fd, "config": memfd(json.dumps({**QUICK, **(config or {})}).encode())}
        if credentials is not None:
            fds["credentials"] = credentials if isinstance(credentials, int) else memfd(json.dumps(credentials).encode(), sealed=True)
        words = [program, "fetch", "--reference", reference, *arguments]
        for name, fd in fds.items():
            words += [f"--{name}-fd", str(fd)]
        self.process = subprocess.Popen([*through, *words], pass_fds=tuple(fds.values()), env={}, stdin=subprocess.DEVNULL)
        for fd in fds.values():
            os.close(fd)
        if plain:  # a file is asked for at once
            self.ask(0)
            self.end()

    def send(self, op, index=0, fds=()):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self.control.sendmsg([struct.pack("=IHHI", MAGIC, 1, op, index)], rights)
        except OSError:
            pass  # it has ended, and the report says why

    def read_pipe(self, index, fd):
        digest, size = hashlib.sha256(), 0
        while (data := os.read(fd, 1 << 20)):
            digest.update(data)
            size += len(data)
        return (size, digest.hexdigest())

    def ask(self, index):
        read_fd, write_fd = os.pipe()
        fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, 1 << 20)
        self.send(LAYER, index, [write_fd])
        os.close(write_fd)
        self.asked[index] = number = self.asked.get(index, 0) + 1

        def read():
            try:
                found = self.reader(index, read_fd)
                with self.lock:
                    if self.asked[index] == number:  # else another pipe has taken its place
                        self.fetched[index] = found
            finally:
                os.close(read_fd)
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        self.threads.append(thread)

    def end(self):
        self.send(END)

    def on_report(self, kind, fields):
        self.reports.append((kind, fields))
        if kind == MANIFEST:
            self.manifest = fields
            for index in range(len(fields["layers"])) if self.want is None else self.want:
                self.ask(index)
            self.end()
        elif kind == LAYER_REPORT and fields["state"] == AGAIN:
            self.again += 1
            self.ask(fields["index"])
        elif kind == WARNING:
            self.warnings.append(fields["message"])
        elif kind == RESULT:
            self.result = fields
        elif kind == FAILURE:
            self.failure = (fields["code"].rpartition(".")[2], fields["message"])

    def finish(self, seconds=60):
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        buffer = b""
        while (data := os.read(self.report_fd, 1 << 20)):
            found, buffer = reports_of(buffer + data)
            for kind, fields in found:
                self.on_report(kind, fields)
        os.close(self.report_fd)
        self.code = self.process.wait()
        watchdog.cancel()
        for thread in self.threads:
            thread.join()
        self.control.close()
        assert buffer == b"" and self.code == (0 if self.result else 1), \
            (self.code, signal.strsignal(-self.code) if self.code < 0 else "", self.failure, buffer[:100])
        return self

    # what a test wants to see
    def assert_whole(self, image, layers=None):
        assert self.failure is None, self.failure
        assert self.manifest["raw_config"] == image.config
        assert [l[1] for l in self.manifest["layers"]] == [hashlib.sha256(b).hexdigest() for b in image.layers]
        wanted = range(len(image.layers)) if layers is None else layers
        assert self.fetched == {i: (len(image.layers[i]), hashlib.sha256(image.layers[i]).hexdigest()) for i in wanted}, self.fetched
        verified = [f for k, f in self.reports if k == LAYER_REPORT and f["state"] == VERIFIED]
        assert sorted(f["index"] for f in verified) == sorted(wanted) and all(f["done"] == f["total"] for f in verified), verified
        return self

    def assert_failed(self, code, *words):
        assert self.failure and self.failure[0] == code, (self.failure, self.result)
        for word in words:
            assert word in self.failure[1], (word, self.failure[1])
        return self
