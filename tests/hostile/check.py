#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check.py PULL FILES MAKER: gives every archive of MAKER to `PULL unpack`, as root, and prints TAP.

The file's name is the verdict. Besides: nothing outside the staging directory changes, all that is in it belongs to the
foreign id range, a refusal is one sentence that names the archive, and `FILES remove` deletes whatever came of it.
"""
import collections
import hashlib
import os
import pathlib
import stat
import struct
import subprocess
import sys
import tempfile

PULL, FILES, MAKER = sys.argv[1:]
FOREIGN = range(2147352576, 2147352576 + 65536)
LIMITS = ["--limit-bytes", str(32 << 20), "--limit-entries", "3000"]
PROGRESS, RESULT, FAILURE = 1, 2, 3
TAGS = {3: "entries", 4: "diff_id", 5: "config_id", 6: "size", 7: "config", 9: "code", 11: "message"}

Run = collections.namedtuple("Run", "status kind fields")


def reports(data):
    while data:
        magic, version, kind, length = struct.unpack_from("<IHHI", data)
        assert (magic, version) == (0x52504450, 1), "no report"
        body, data = data[12:12 + length], data[12 + length:]
        fields = []
        while body:
            tag, _, size = struct.unpack_from("<HHI", body)
            fields.append((tag, body[8:8 + size]))
            body = body[8 + size:]
        yield kind, fields


def run(arguments, fds):
    """Runs the program that has the role with fds as its arguments name them; {report} is the report's."""
    read_fd, write_fd = os.pipe()
    words = [w.format(report=write_fd, **fds) for w in arguments]
    process = subprocess.Popen([PULL if words[0] == "unpack" else FILES, *words], pass_fds=(write_fd, *fds.values()), env={}, stdin=subprocess.DEVNULL)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as stream:
        data = stream.read()
    status = process.wait()
    last = list(reports(data))[-1:]
    return Run(status, *(last[0] if last else (None, [])))


def unpack(archive, staging):
    fds = {"archive": os.open(archive, os.O_RDONLY), "staging": os.open(staging, os.O_RDONLY | os.O_DIRECTORY)}
    try:
        return run(["unpack", "--archive-fd", "{archive}", "--staging-fd", "{staging}", "--report-fd", "{report}",
                    "--name", archive.name, *LIMITS], fds)
    finally:
        for fd in fds.values():
            os.close(fd)


def remove(directory, name):
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return run(["remove", "--dir-fd", "{dir}", "--report-fd", "{report}", name], {"dir": fd})
    finally:
        os.close(fd)


def walk(top):
    """All below @top, by directory fds: names may be too long for a path."""
    for _, dirs, files, fd in os.fwalk(top):
        for name in dirs + files:
            yield name, os.stat(name, dir_fd=fd, follow_symlinks=False)


def snapshot(top, without):
    """What there is around the staging directory."""
    found = {}
    for directory, dirs, files in os.walk(top):
        for name in dirs + files:
            path = pathlib.Path(directory, name)
            if path == without:
                continue
            st = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(st.st_mode) else None
            found[path] = (st.st_mode, st.st_uid, st.st_gid, st.st_size, content)
        dirs[:] = [name for name in dirs if pathlib.Path(directory, name) != without]
    etc = os.stat("/etc/passwd")
    found["/etc/passwd"] = (etc.st_ino, etc.st_mtime_ns, etc.st_size, etc.st_nlink)
    return found


PACKED = {"gzip", "zstd"}
NOT_AGAIN = {"should-pass-duplicate-through-link"}  # where the old content went is not known by a plain path


def text(path):
    return path.read_text()


# What a few of the archives must have made; paths are below the layer's root.
CONTENTS = {
    "absolute-names": lambda root: text(root / "abs/f") == "x",
    "dotdot-that-stays": lambda root: text(root / "b") == "x",
    "root-entry": lambda root: (root.lstat().st_uid, root.lstat().st_gid) == (FOREIGN[7], FOREIGN[8]),
    "symlink-absolute-then-write": lambda root: text(root / "written") == "x",
    "symlink-dotdot-then-write": lambda root: text(root / "written") == "x",
    "symlink-etc-then-write": lambda root: text(root / "etc/written") == "x",
    "symlink-then-write-over-it": lambda root: not (root / "s").is_symlink() and text(root / "s") == "x",
    "symlink-then-directory": lambda root: not (root / "s").is_symlink() and text(root / "s/written") == "x",
    "directory-then-symlink-then-write": lambda root: text(root / "e/written") == "x",
    "directory-then-file": lambda root: text(root / "d") == "now a file",
    "duplicate-below": lambda root: text(root / "d/f") == "three",
    "duplicate-through-link": lambda root: text(root / "d/f") == "two",
    "duplicate-file": lambda root: text(root / "f") == "two",
    "hardlink": lambda root: (root / "f").stat().st_nlink == 3,
    "hardlink-to-itself": lambda root: text(root / "f") == "x",
    "hardlink-to-symlink": lambda root: os.readlink(root / "l") == "/etc/passwd" and text(root / "s") == "x",
    "hardlink-then-write": lambda root: (text(root / "f"), text(root / "l")) == ("one", "two"),
    "devices": lambda root: sorted(os.listdir(root)) == ["p"] and stat.S_ISFIFO((root / "p").lstat().st_mode),
    "device-zero": lambda root: os.listdir(root) == [],
    "whiteouts": lambda root: sorted(os.listdir(root)) == ["d", "gone"] and stat.S_ISCHR((root / "gone").lstat().st_mode)
    and os.getxattr(root / "d", "user.overlay.opaque") == b"y" and os.listdir(root / "d") == [],
    "whiteout-then-directory": lambda root: os.getxattr(root / "d", "user.overlay.opaque") == b"y" and text(root / "d/f") == "x",
    "whiteout-below-file": lambda root: os.listdir(root) == ["d"] and text(root / "d") == "x",
    "whiteout-below-link": lambda root: os.listdir(root / "e") == ["f"] and os.listxattr(root / "e") == [],
    "overlay-attributes": lambda root: os.listxattr(root / "d") == ["user.kept"],
    "capability": lambda root: struct.unpack_from("<I", os.getxattr(root / "f", "security.capability"))[0] >> 24 == 3
    and os.getxattr(root / "f", "security.capability")[-4:] == struct.pack("<I", FOREIGN[0]),
    "setuid": lambda root: ((root / "f").stat().st_mode & 0o7777, (root / "f").stat().st_uid, (root / "f").stat().st_gid)
    == (0o6755, FOREIGN[1000], FOREIGN[65535]),
    "unreadable": lambda root: stat.S_IMODE((root / "d").stat().st_mode) == 0 and (root / "d").stat().st_mtime == 1700000000,
    "name-non-utf8": lambda root: sorted(os.listdir(os.fsencode(root))) == [b"caf\xe9", b"caf\xe9-\xff\xfe"],
    "name-decomposed": lambda root: os.listdir(os.fsencode(root)) == ["cafe\u0301".encode()],
    "sparse-gnu": lambda root: (root / "sparse").stat().st_size == 1 << 20 and (root / "sparse").stat().st_blocks < 64
    and (root / "sparse").read_bytes()[-512:] == b"b" * 512,
    "implicit-parents": lambda root: text(root / "a/b/c/d") == "x" and stat.S_IMODE((root / "a/b").stat().st_mode) == 0o755,
}


def made_again(layer):
    """SHA-256 of the tar that puller/tar-split.h promises, made by a second reader of that form; None where it says it cannot."""
    data = (layer / "split").read_bytes()
    magic, version, flags, size, n_moved, zero = struct.unpack_from("<8sIIQII", data)
    assert (magic, version, zero) == (b"PDSPLIT\n", 1, 0), magic
    if flags == 1:
        return None
    data = subprocess.run(["zstd", "-dcq"], input=data[32:], capture_output=True, check=True).stdout
    records, moved, at = [], [], 0
    while data[at] != 4:
        kind, (number,) = data[at], struct.unpack_from("<Q" if data[at] == 2 else "<I", data, at + 1)
        at += 9 if kind == 2 else 5
        length = number if kind == 1 else struct.unpack_from("<H", data, at)[0] + 2
        name = data[at:at + length][0 if kind == 1 else 2:]
        at += length
        if kind == 3:
            assert number == len(moved)
            moved.append((len(records), name))
        else:
            records.append((number if kind == 2 else None, name))
    assert at == len(data) - 1 and len(moved) == n_moved
    out = bytearray()
    for place, (length, name) in enumerate(records):
        if length is None:
            out += name
            continue
        top, path = b"root", name
        for number, (before, old) in enumerate(moved):
            if place < before and (name + b"/").startswith(old + b"/"):
                top, path = b"gone", b"%d" % number + name[len(old):]
                break
        top_fd = os.open(layer / os.fsdecode(top), os.O_RDONLY)  # a path may be as long as one can be
        with open(path, "rb", opener=lambda p, flags, at=top_fd: os.open(p, flags, dir_fd=at)) as stream:
            content = stream.read()
        os.close(top_fd)
        assert len(content) == length
        out += content
    assert len(out) == size
    return hashlib.sha256(out).hexdigest()


def problems(archive, top):
    """Gives what is wrong, one by one."""
    case = top / archive.stem
    staging = case / "staging"
    staging.mkdir(parents=True, mode=0o700)
    (case / "canary").write_text("here")
    before = snapshot(top, staging)
    result = unpack(archive, staging)

    if snapshot(top, staging) != before:
        yield "something outside the staging directory has changed"
    for name, st in walk(staging):
        if st.st_uid not in FOREIGN or st.st_gid not in FOREIGN:
            yield f"{name!r} belongs to {st.st_uid}:{st.st_gid}"
        if stat.S_ISBLK(st.st_mode) or stat.S_ISCHR(st.st_mode) and st.st_rdev != 0:
            yield f"{name!r} is a device"

    fields = {TAGS.get(tag): value for tag, value in result.fields}
    if archive.name.startswith("should-pass-"):
        if (result.status, result.kind) != (0, RESULT):
            yield f"was refused: {result}"
        elif not PACKED & set(archive.stem.split("-")) and fields["diff_id"].decode() != hashlib.sha256(archive.read_bytes()).hexdigest():
            yield "the diff id is not the archive's SHA-256"
        elif hashlib.sha256(fields["config"]).hexdigest() != fields["config_id"].decode():
            yield "the config's id is not its SHA-256"
        elif made_again(staging) != (None if archive.stem in NOT_AGAIN else fields["diff_id"].decode()):
            yield "what was unpacked does not make the tar again"
        expected = CONTENTS.get(archive.stem.removeprefix("should-pass-"))
        if expected and not expected(staging / "root"):
            yield "the tree is not what the archive says"
    else:
        if (result.status, result.kind) != (1, FAILURE):
            yield f"was not refused: {result}"
        sentence = fields.get("message", b"").decode()
        if f"'{archive.name}'" not in sentence or not sentence.isprintable():
            yield f"the sentence is not fit to be read: {sentence!r}"
        if fields.get("code", b"").decode().rpartition(".")[2] not in ("InvalidArchive", "LimitReached"):
            yield f"a bad archive is told as something else: {fields}"

    deleted = remove(case, "staging")
    if (deleted.status, deleted.kind) != (0, RESULT) or staging.exists():
        yield f"could not be deleted: {deleted}"


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as directory:
        top = pathlib.Path(directory)
        subprocess.run([sys.executable, MAKER, top / "archives"], check=True)
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
