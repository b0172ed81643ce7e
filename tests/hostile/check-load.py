#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check-load.py PULL MAKER: gives every archive of MAKER to `PULL load`, as root and as the daemon would, and prints TAP.

The file's name is the verdict. All layers are asked for and must have the diff ids that are told; a refusal is one sentence
that names the archive; nothing outside the staging directory changes, and nothing is left in it.
"""
import array
import hashlib
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

PULL, MAKER = sys.argv[1:]
PROGRESS, RESULT, FAILURE, MANIFEST, LAYER = 1, 2, 3, 4, 5
CODE, MESSAGE, TAG_LAYER, INDEX, STATE = 9, 11, 17, 18, 19
VERIFIED = 1
CODES = {"InvalidArchive", "DigestMismatch", "LimitReached", "Unsupported"}


def exactly(fd, size):
    data = b""
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            return None
        data += piece
    return data


def report(fd):
    header = exactly(fd, 12)
    if header is None:
        return None, []
    magic, version, kind, length = struct.unpack("<IHHI", header)
    assert (magic, version) == (0x52504450, 1), "no report"
    body, fields = exactly(fd, length), []
    while body:
        tag, _, size = struct.unpack_from("<HHI", body)
        fields.append((tag, body[8:8 + size]))
        body = body[8 + size:]
    return kind, fields


class Layer(threading.Thread):
    """Reads a layer as an unpacker does."""

    def __init__(self, fd, diff_id):
        super().__init__()
        self.fd, self.diff_id, self.found = fd, diff_id, None

    def run(self):
        with os.fdopen(self.fd, "rb") as stream:
            data = stream.read()
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompress(data, 31)
        self.found = hashlib.sha256(data).hexdigest()


def ask(control, index, diff_id):
    read_fd, write_fd = os.pipe()
    try:
        control.sendmsg([struct.pack("=IHHI", 0x43464450, 1, 1, index)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [write_fd]))])
    except BrokenPipeError:
        os.close(read_fd)
        raise
    finally:
        os.close(write_fd)
    layer = Layer(read_fd, diff_id)
    layer.start()
    return layer


def load(archive, staging):
    """The last report, and the layers whose bytes were others than told."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    read_fd, write_fd = os.pipe()
    fds = [os.open(archive, os.O_RDONLY), os.open(staging, os.O_RDONLY | os.O_DIRECTORY), theirs.fileno(), write_fd]
    words = [PULL, "load", "--archive-fd", str(fds[0]), "--staging-fd", str(fds[1]), "--control-fd", str(fds[2]), "--report-fd", str(fds[3]),
             "--name", archive.name, "--platform", "linux/amd64"]
    process = subprocess.Popen(words, pass_fds=fds, env={}, stdin=subprocess.DEVNULL)
    for fd in (fds[0], fds[1], write_fd):
        os.close(fd)
    theirs.close()
    layers, images = [], 0
    while True:
        kind, fields = report(read_fd)
        if kind == MANIFEST:
            images += 1
            try:
                for index, data in enumerate(value for tag, value in fields if tag == TAG_LAYER):
                    layers.append(ask(ours, index, data[-64:].decode()))
                ours.send(struct.pack("=IHHI", 0x43464450, 1, 2, 0))
            except BrokenPipeError:
                pass  # it has met what is wrong and gone; why is in the report that comes next
        elif kind in (RESULT, FAILURE, None):
            break
    status = process.wait()
    os.close(read_fd)
    for layer in layers:
        layer.join()
    return status, kind, dict(fields), images, [layer for layer in layers if layer.found != layer.diff_id]


def problems(archive, top):
    staging = top / archive.stem
    staging.mkdir(mode=0o700)
    status, kind, fields, images, others = load(archive, staging)
    if list(staging.iterdir()):
        yield "something is left in the staging directory"
    if archive.name.startswith("should-pass-"):
        if (status, kind) != (0, RESULT) or images == 0:
            yield f"was refused: {kind} {fields}"
        if others:
            yield f"{len(others)} layers came with other bytes"
        return
    # Of bytes that are no layer's of an old archive only the diff id tells, which is the unpacker's to hold.
    if kind == RESULT and others:
        return
    if (status, kind) != (1, FAILURE):
        yield f"was not refused: {kind}"
    sentence = fields.get(MESSAGE, b"").decode()
    if f"'{archive.name}'" not in sentence or not sentence.isprintable():
        yield f"the sentence is not fit to be read: {sentence!r}"
    if fields.get(CODE, b"").decode().rpartition(".")[2] not in CODES:
        yield f"a bad archive is told as something else: {fields}"


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as directory:
        top = pathlib.Path(directory)
        subprocess.run([sys.executable, MAKER, top / "archives"], check=True)
        (top / "cases").mkdir()
        archives = sorted((top / "archives").iterdir())
        print(f"1..{len(archives)}")
        for number, archive in enumerate(archives, 1):
            found = list(problems(archive, top / "cases"))
            print("not ok" if found else "ok", number, "-", archive.stem, flush=True)
            for problem in found:
                print("#", problem)
            failed += bool(found)
    return 1 if failed else 0


sys.exit(main())
