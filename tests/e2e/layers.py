#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""layers.py: what the tests of layers need to make images of every kind and to see trees as they are.

layers.py make LAYOUT          an OCI layout whose tags gzip, zstd and plain are one image of all that a layer may have
layers.py unpack PULL DIR TOP  each layer of a `dir:` copy of an image by `PULL unpack --layer`, into TOP/0, TOP/1, …
layers.py import PULL TAR DIR  a tar as an image of its own
layers.py list DIR [BASE]      all there is in a tree, a line each; ids are told less BASE
"""
import gzip
import hashlib
import io
import json
import os
import pathlib
import stat
import struct
import subprocess
import sys
import tarfile

OCI = "application/vnd.oci.image."
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)  # version 2, effective, NET_BIND_SERVICE
WHEN = 1_600_000_000
DEVICE = 8  # the tag


class Layer:
    """A tar, entry by entry, by the pax dialect."""

    def __init__(self, **options):
        self.data = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.data, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape", **options)
        self.when = WHEN

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=None, uid=0, gid=0, link="", device=(0, 0), xattrs=None, mtime=None):
        info = tarfile.TarInfo(name)
        self.when += 1.25
        info.type, info.size, info.uid, info.gid, info.linkname = kind, len(data), uid, gid, link
        info.mode = mode if mode is not None else 0o755 if kind == tarfile.DIRTYPE else 0o644
        info.mtime = mtime if mtime is not None else self.when
        info.devmajor, info.devminor = device
        info.uname, info.gname = "daemon", "daemon"  # by number is what counts
        for key, value in (xattrs or {}).items():
            info.pax_headers["SCHILY.xattr." + key] = value.decode("utf-8", "surrogateescape")
        self.tar.addfile(info, io.BytesIO(data))

    def dir(self, name, **fields):
        self.add(name, tarfile.DIRTYPE, **fields)

    def link(self, name, target):
        self.add(name, tarfile.LNKTYPE, link=target)

    def symlink(self, name, target, **fields):
        self.add(name, tarfile.SYMTYPE, link=target, mode=0o777, **fields)

    def white(self, name):
        head, _, tail = name.rpartition("/")
        self.add((head + "/" if head else "") + ".wh." + tail)

    def opaque(self, name):
        self.add(name + "/.wh..wh..opq")

    def finish(self):
        self.tar.close()
        return self.data.getvalue()


def base():
    layer = Layer()
    layer.dir("./", mode=0o755)
    for name in ("bin", "etc", "etc/conf.d", "deep", "deep/a", "deep/a/b", "gone", "gone/sub", "opaque", "opaque/old", "opaque2", "kept",
                 "became-file", "became-dir-parent", "hidden-then-dir", "home", "home/user", "late"):
        layer.dir(name, mode=0o700 if name == "home/user" else 0o755, uid=1000 if name == "home/user" else 0, gid=100 if name == "home/user" else 0)
    layer.dir("tmp", mode=0o1777)
    layer.dir("mail", mode=0o2775, gid=8)
    layer.add("mail/root", data=b"mail", mode=0o660)
    for name in ("etc/passwd", "etc/conf.d/one", "etc/conf.d/two", "gone/f", "gone/sub/f", "opaque/f", "opaque/old/f", "opaque2/f", "kept/f",
                 "became-file/f", "became-dir", "hidden-then-dir/f", "hidden-then-file", "deep/a/b/c", "home/user/.profile", "late/f"):
        layer.add(name, data=name.encode() * 7, uid=3, gid=4)
    layer.add("bin/setuid", data=b"x" * 5000, mode=0o4755)
    layer.add("bin/setgid-other", data=b"y" * 5000, mode=0o2711, uid=65534, gid=65535)
    layer.add("bin/capable", data=b"z" * 100, mode=0o755, xattrs={"security.capability": CAPABILITY})
    layer.add("etc/attributes", data=b"a", xattrs={"user.one": b"1", "user.bytes": b"\x00\xff\n=\x01"})
    layer.dir("etc/attributes.d", xattrs={"user.dir": b"d"})
    layer.link("bin/hard", "bin/setuid")
    layer.link("deep/a/b/hard", "./bin/setuid")
    layer.symlink("bin/soft", "setuid", uid=5, gid=6)
    layer.symlink("etc/outside", "../../../../outside")
    layer.symlink("abs", "/etc/passwd")
    layer.link("etc/hard-to-soft", "bin/soft")
    layer.add("pipe", tarfile.FIFOTYPE, mode=0o620, gid=5)
    layer.add("null", tarfile.CHRTYPE, mode=0o666, device=(1, 3))
    layer.add("disk", tarfile.BLKTYPE, mode=0o660, gid=6, device=(8, 1))
    layer.add("n" * 255, data=b"long name")
    for depth in range(1, 13):
        layer.dir("/".join(["p" * 200] * depth))
    layer.add("/".join(["p" * 200] * 12) + "/end", data=b"long path")
    layer.symlink("long-link", "/" + "l" * 1000)
    layer.add("caf\udce9-\udcff", data=b"no UTF-8")
    layer.add("caf\u00e9", data=b"composed")
    layer.add("cafe\u0301", data=b"decomposed")
    layer.add("new\nline \x1b[31m\t", data=b"control characters")
    layer.add(" leading and trailing ", data=b"blanks")
    layer.add("old", data=b"1970", mtime=0)
    layer.add("older", data=b"before 1970", mtime=-86400)
    layer.add("future", data=b"2100", mtime=4_102_444_800.5)
    layer.add("unreadable", data=b"secret", mode=0)
    layer.add("empty")
    layer.add("large", data=bytes(range(256)) * 8192)
    return layer.finish()


def change():
    layer = Layer()
    layer.dir("gone-and-back", mode=0o711)
    layer.white("gone")
    layer.white("never-was")
    layer.opaque("opaque2")  # before the directory and what it has
    layer.dir("opaque2")
    layer.add("opaque2/new", data=b"new")
    layer.dir("opaque", mode=0o750, uid=7)
    layer.add("opaque/new", data=b"new")
    layer.opaque("opaque")  # after it
    layer.add("opaque/newer", data=b"newer")
    layer.white("became-file")
    layer.add("became-file", data=b"now a file")
    layer.dir("became-dir", mode=0o770, gid=9)
    layer.add("became-dir/f", data=b"now a directory")
    layer.white("hidden-then-dir")
    layer.dir("hidden-then-dir")
    layer.add("hidden-then-dir/new", data=b"new")
    layer.add("hidden-then-file", data=b"new file")
    layer.white("hidden-then-file")  # hides the one below, not this one
    layer.dir("etc", mode=0o755)
    layer.dir("etc/conf.d", mode=0o755)
    layer.white("etc/conf.d/one")
    layer.add("etc/conf.d/new", data=b"new")
    layer.link("etc/conf.d/new-hard", "etc/conf.d/new")
    layer.dir("kept")
    layer.add("kept/f", data=b"changed", mode=0o600)
    layer.add("abs", data=b"no link any more")
    return layer.finish()


def top():
    layer = Layer()
    layer.dir("gone", mode=0o700)  # back again, without what it had
    layer.add("gone/new", data=b"again")
    layer.add("never-was", data=b"is now")
    layer.symlink("became-file", "etc/passwd")
    layer.white("became-dir")
    for name in ("deep", "deep/a", "deep/a/b", "home", "home/user", "late"):
        layer.dir(name, mode=0o710, uid=20, gid=30)
    layer.add("deep/a/b/below", data=b"below")
    layer.white("home/user/.profile")
    layer.opaque("late")
    layer.add("pipe", tarfile.FIFOTYPE, mode=0o600)
    return layer.finish()


def write_layout(out, layers):
    blobs = out / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (out / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def put(data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": OCI + media_type, "digest": "sha256:" + digest, "size": len(data)}

    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    config = {"architecture": machine, "os": "linux", "config": {"Cmd": ["/bin/true"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]}}
    config = put(json.dumps(config).encode(), "config.v1+json")
    manifests = []
    for tag, suffix, pack in (("gzip", "+gzip", lambda data: gzip.compress(data, mtime=0)), ("plain", "", lambda data: data),
                              ("zstd", "+zstd", lambda data: subprocess.run(["zstd", "-q"], input=data, capture_output=True, check=True).stdout)):
        manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": config,
                    "layers": [put(pack(layer), "layer.v1.tar" + suffix) for layer in layers]}
        manifests.append(put(json.dumps(manifest).encode(), "manifest.v1+json") | {"annotations": {"org.opencontainers.image.ref.name": tag}})
    (out / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))


def fields_of(report):
    """The last report's fields: tag and bytes, as model/pull-report.h has them."""
    while report:
        magic, _, kind, length = struct.unpack_from("<IHHI", report)
        assert magic == 0x52504450
        body, report = report[12:12 + length], report[12 + length:]
    fields = []
    while body:
        tag, _, size = struct.unpack_from("<HHI", body)
        fields.append((tag, body[8:8 + size]))
        body = body[8 + size:]
    return kind, fields


def unpack_one(pull, archive, staging, *options):
    staging.mkdir(mode=0o700)
    with open(archive, "rb") as stream:
        staging_fd, (read_fd, write_fd) = os.open(staging, os.O_RDONLY), os.pipe()
        words = [pull, "unpack", *options, "--archive-fd", str(stream.fileno()), "--staging-fd", str(staging_fd), "--report-fd", str(write_fd)]
        process = subprocess.Popen(words, pass_fds=(stream.fileno(), staging_fd, write_fd), env={})
        os.close(write_fd)
        with os.fdopen(read_fd, "rb") as report:
            said = report.read()
        os.close(staging_fd)
        if process.wait() != 0:
            sys.exit(f"{archive} was not unpacked: {said!r}")
        return fields_of(said)[1]


def unpack(pull, image, out):
    manifest = json.loads((image / "manifest.json").read_text())
    config = json.loads((image / manifest["config"]["digest"].partition(":")[2]).read_text())
    for number, (layer, diff_id) in enumerate(zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)):
        fields = unpack_one(pull, image / layer["digest"].partition(":")[2], out / str(number), "--layer", "--diff-id", diff_id.partition(":")[2])
        for tag, value in fields:
            if tag == DEVICE:
                kind, major, minor, mode, uid, gid = struct.unpack_from("<IIIIII", value)
                print(number, value[24:].decode(), chr(kind), f"{major}:{minor}", f"{mode:o}", f"{uid}:{gid}")


def attributes(path, base_id):
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        value = os.getxattr(path, name, follow_symlinks=False)
        if name.startswith("user.overlay.") or name == "security.selinux":
            continue
        if name == "security.capability":  # in a user namespace it has the id of that one's root
            magic, *bits = struct.unpack_from("<IIIII", value)
            root = struct.unpack_from("<I", value, 20)[0] if len(value) >= 24 else base_id
            assert root == base_id, f"{path}: a capability of the root {root}"
            value = struct.pack("<IIIII", magic & 1, *bits)
        yield f"{name}={value.hex()}"


def list_tree(root, base_id):
    linked = {}
    root = os.fsencode(root)
    names = [(b".", root)]
    for directory, dirs, files in os.walk(root):
        names += [(os.path.relpath(os.path.join(directory, name), root), os.path.join(directory, name)) for name in dirs + files]
    for name, path in sorted(names):
        st = os.lstat(path)
        kind = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo"}.get(stat.S_IFMT(st.st_mode))
        if kind is None:
            continue  # a device: listed elsewhere, for no layer has any
        words = [repr(name)[1:], kind, f"{stat.S_IMODE(st.st_mode):o}", f"{st.st_uid - base_id}:{st.st_gid - base_id}"]
        # the root's time is its own only where an archive has it
        words.append("-" if name == b"." else str(st.st_mtime_ns))
        if kind == "file":
            with open(path, "rb") as stream:
                words += [str(st.st_size), hashlib.file_digest(stream, "sha256").hexdigest()]
        if kind == "link":
            words.append(repr(os.readlink(path))[1:])
        if kind != "dir" and st.st_nlink > 1:
            words.append("same as " + linked.setdefault((st.st_dev, st.st_ino), repr(name)[1:]))
        print(*words, *attributes(path, base_id))


def main():
    verb, *words = sys.argv[1:]
    if verb == "make":
        write_layout(pathlib.Path(words[0]), [base(), change(), top()])
    elif verb == "import":
        unpack_one(words[0], words[1], pathlib.Path(words[2]))
    elif verb == "unpack":
        unpack(words[0], pathlib.Path(words[1]), pathlib.Path(words[2]))
    else:
        list_tree(words[0], int(words[1]) if len(words) > 1 else 0)


main()
