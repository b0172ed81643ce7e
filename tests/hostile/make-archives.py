#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-archives.py DIR: writes archives that somebody may hand us. The file's name is the verdict: should-fail-… is to
be refused with one sentence, should-pass-… is to be unpacked. Always the same bytes.
"""
import gzip
import io
import lzma
import pathlib
import random
import struct
import subprocess
import sys
import tarfile
import zipfile

BLOCK = 512
END = bytes(2 * BLOCK)


def header(name=b"f", size=0, kind=b"0", link=b"", mode=0o644, uid=0, gid=0, magic=b"ustar\x0000", raw_size=None, prefix=b"",
           major=0, minor=0, checksum=None):
    """One header, field by field, so that any of them can lie."""
    def octal(value, width):
        return b"%0*o\0" % (width - 1, value)
    field = raw_size if raw_size is not None else octal(size, 12)
    block = bytearray(name[:100].ljust(100, b"\0") + octal(mode, 8) + octal(uid, 8) + octal(gid, 8) + field.ljust(12, b"\0") +
                      octal(1700000000, 12) + b" " * 8 + kind + link[:100].ljust(100, b"\0") + magic + bytes(64) +
                      octal(major, 8) + octal(minor, 8) + prefix.ljust(155, b"\0") + bytes(12))
    block[148:156] = b"%06o\0 " % (sum(block) if checksum is None else checksum)
    return bytes(block)


def zstd(data):
    """With a checksum of its content, as zstd(1) has it by itself."""
    return subprocess.run(["zstd", "-q"], input=data, capture_output=True, check=True).stdout


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def entry(name=b"f", data=b"", **fields):
    fields.setdefault("size", len(data))
    return header(name, **fields) + padded(data)


def directory(name, **fields):
    return entry(name, kind=b"5", mode=0o755, **fields)


def symlink(name, target):
    return entry(name, kind=b"2", link=target, mode=0o777)


def hardlink(name, target):
    return entry(name, kind=b"1", link=target)


def pax(records, kind=b"x", lengths=None):
    """A pax header; lengths: replaces the length that a record says of itself."""
    data = b""
    for i, (key, value) in enumerate(records):
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest) + 1
        while length != len(rest) + len(str(length)):
            length = len(rest) + len(str(length))
        data += (b"%d" % (lengths[i] if lengths else length)) + rest
    return entry(b"pax", data, kind=kind)


def gnu_long(kind, name):
    return entry(b"././@LongLink", name + b"\0", kind=kind, magic=b"ustar  \0")


def base256(value, negative=False):
    number = value.to_bytes(11, "big", signed=True) if negative else value.to_bytes(11, "big")
    return (b"\xff" if negative else b"\x80") + number


def capability(version, rootid=None):
    data = struct.pack("<IIIII", version << 24 | 1, 1 << 10, 0, 0, 0)
    return data if rootid is None else data + struct.pack("<I", rootid)


def python_tar(build, dialect):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=dialect) as tar:
        build(tar)
    return out.getvalue()


def deep(tar):
    for depth in range(1, 120):
        info = tarfile.TarInfo("/".join(["d"] * depth))
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)


def refused():
    yield "dotdot", entry(b"../escaped", b"x") + END
    yield "dotdot-inside", directory(b"a") + entry(b"a/../../escaped", b"x") + END
    yield "dotdot-directory", directory(b"../escaped-dir/") + END
    yield "dotdot-symlink", symlink(b"../escaped-link", b"/etc") + END
    yield "dotdot-whiteout", entry(b"../.wh.escaped") + END
    yield "dotdot-pax-path", pax([(b"path", b"../escaped")]) + entry(b"harmless", b"x") + END
    yield "dotdot-gnu-long-name", gnu_long(b"L", b"../" * 40 + b"escaped") + entry(b"harmless", b"x", magic=b"ustar  \0") + END
    yield "hardlink-outside", hardlink(b"l", b"../../../../etc/passwd") + END
    yield "hardlink-absolute-missing", hardlink(b"l", b"/etc/passwd") + END
    yield "hardlink-missing", hardlink(b"l", b"nothing") + END
    yield "hardlink-to-directory", directory(b"d") + hardlink(b"l", b"d") + END
    yield "hardlink-through-symlink-outside", symlink(b"s", b"/") + hardlink(b"l", b"s/etc/passwd") + END
    yield "symlink-dangling-parent", symlink(b"s", b"nowhere/at/all") + entry(b"s/f", b"x") + END
    yield "symlink-loop-parent", symlink(b"a", b"b") + symlink(b"b", b"a") + entry(b"a/f", b"x") + END
    yield "below-a-file", entry(b"f", b"x") + entry(b"f/g", b"x") + END
    yield "root-is-a-file", entry(b".", b"x") + END
    yield "root-is-a-symlink", symlink(b".", b"/etc") + END
    yield "whiteout-without-name", entry(b".wh.") + END
    yield "whiteout-of-dot", entry(b".wh..") + END
    yield "whiteout-of-dotdot", entry(b"d/.wh...") + END
    yield "name-component-256", pax([(b"path", b"n" * 256)]) + entry(b"f", b"x") + END
    yield "name-4096", pax([(b"path", b"/".join([b"n" * 127] * 31 + [b"n" * 128]))]) + entry(b"f", b"x") + END
    yield "name-600-deep", pax([(b"path", b"/".join([b"d"] * 600))]) + entry(b"f", b"x") + END
    yield "symlink-target-5000", pax([(b"linkpath", b"t" * 5000)]) + symlink(b"s", b"t") + END
    yield "owner-above-range", entry(b"f", b"x", uid=65536) + END
    yield "owner-pax-huge", pax([(b"uid", b"4294967296")]) + entry(b"f", b"x") + END
    yield "owner-pax-negative", pax([(b"gid", b"-1")]) + entry(b"f", b"x") + END
    yield "size-larger-than-file", header(b"f", size=1 << 20) + padded(b"x" * 1000)
    yield "size-larger-than-file-with-end", header(b"f", size=1 << 30) + padded(b"x" * 1000) + END
    yield "size-negative", header(b"f", raw_size=base256(-512, negative=True)) + END
    yield "size-base256-huge", header(b"f", raw_size=base256((1 << 63) - 1)) + END
    yield "size-base256-overflow", header(b"f", raw_size=base256((1 << 87) - 1)) + END
    yield "size-pax-huge", pax([(b"size", b"9223372036854775807")]) + entry(b"f", b"x") + END
    yield "size-pax-larger", pax([(b"size", b"1048576")]) + entry(b"f", b"x" * 512) + END
    yield "pax-bomb", pax([(b"path", b"p" * (8 << 20))]) + entry(b"f", b"x") + END
    yield "pax-size-lies", header(b"pax", size=1 << 40, kind=b"x") + padded(b"30 path=x\n") + END
    yield "gnu-long-name-bomb", gnu_long(b"L", b"n" * (8 << 20)) + entry(b"f", b"x", magic=b"ustar  \0") + END
    yield "pax-record-length-lies", pax([(b"path", b"name")], lengths=[999]) + entry(b"f", b"x") + END
    yield "checksum", header(b"f", checksum=0) + END
    yield "checksum-of-second", entry(b"f", b"x") + header(b"g", checksum=1) + END
    yield "capability-damaged", pax([(b"SCHILY.xattr.security.capability", b"nonsense")]) + entry(b"f", b"x") + END
    good = entry(b"a", b"x" * 700) + entry(b"b", b"y" * 700) + END
    for length in (1, 100, 511, 513, 1000, 1536, 1540, 2048, 3071, 3072):
        yield f"truncated-at-{length}", good[:length]
    packed = gzip.compress(good, mtime=0)
    for length in (5, 12, len(packed) // 2, len(packed) - 5):
        yield f"truncated-gzip-at-{length}", packed[:length]
    yield "gzip-checksum", packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
    yield "gzip-length", packed[:-1] + b"\1"
    yield "gzip-second-member-cut", packed + packed[:30]
    yield "gzip-bomb", gzip.compress(header(b"f", size=64 << 20) + bytes(64 << 20) + END, mtime=0)
    yield "gzip-bomb-after-end", gzip.compress(END + bytes(64 << 20), mtime=0)
    yield "zstd-cut-off", zstd(good)[:-7]
    yield "zstd-checksum", zstd(good)[:-1] + bytes([zstd(good)[-1] ^ 1])
    yield "zstd-then-text", zstd(good) + b"more"
    yield "zstd-bomb", zstd(header(b"f", size=64 << 20) + bytes(64 << 20) + END)
    yield "zstd-of-gzip-cut-off", zstd(packed[:-5])
    yield "gzip-of-gzip-bomb", gzip.compress(gzip.compress(END + bytes(64 << 20), mtime=0), mtime=0)
    yield "sparse-larger-than-limit", pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"s"),
                                           (b"GNU.sparse.realsize", str(1 << 50).encode())]) + \
        entry(b"GNUSparseFile/s", padded(b"1\n0\n512\n") + b"x" * 512) + END
    yield "zero-bytes", b""
    yield "one-byte", b"x"
    yield "random", random.Random(1).randbytes(20000)
    yield "text", b"FROM debian\nRUN true\n" * 100
    yield "elf", b"\x7fELF" + bytes(5000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("f"), "x" * 1000)
    yield "zip", out.getvalue()
    yield "unpacked-implicit-directories", b"".join(
        pax([(b"path", b"/".join([b"%d" % i] + [b"d"] * 400 + [b"f"]))]) + entry(b"f") for i in range(200)) + END


def accepted():
    yield "empty-tar", END
    yield "absolute-names", directory(b"/abs") + entry(b"/abs/f", b"x") + END
    yield "dotdot-that-stays", directory(b"a") + entry(b"a/../b", b"x") + END
    yield "root-entry", directory(b"./", uid=7, gid=8) + entry(b"./f", b"x") + END
    yield "symlink-absolute-then-write", symlink(b"s", b"/") + entry(b"s/written", b"x") + END
    yield "symlink-dotdot-then-write", symlink(b"s", b"../../../../..") + entry(b"s/written", b"x") + END
    yield "symlink-etc-then-write", directory(b"etc") + symlink(b"s", b"/etc") + entry(b"s/written", b"x") + END
    yield "symlink-then-write-over-it", symlink(b"s", b"/etc/passwd") + entry(b"s", b"x") + END
    yield "symlink-then-directory", symlink(b"s", b"/etc") + directory(b"s") + entry(b"s/written", b"x") + END
    yield "symlink-proc", symlink(b"s", b"/proc/self/root") + entry(b"t", b"x") + END
    yield "directory-then-symlink-then-write", directory(b"d") + entry(b"d/f", b"x") + directory(b"e") + \
        symlink(b"d", b"e") + entry(b"d/written", b"x") + END
    yield "directory-then-file", directory(b"d") + entry(b"d/f", b"x") + entry(b"d", b"now a file") + END
    yield "duplicate-file", entry(b"f", b"one") + entry(b"f", b"two") + END
    yield "duplicate-below", directory(b"d") + entry(b"d/f", b"one") + entry(b"d/f", b"two") + symlink(b"d", b"e") + \
        directory(b"d") + entry(b"d/f", b"three") + END
    yield "duplicate-through-link", directory(b"d") + entry(b"d/f", b"one") + symlink(b"s", b"d") + entry(b"s/f", b"two") + END
    yield "hardlink", entry(b"f", b"x") + hardlink(b"l", b"f") + hardlink(b"m", b"/./l") + END
    yield "hardlink-to-itself", entry(b"f", b"x") + hardlink(b"f", b"f") + END
    yield "hardlink-to-symlink", symlink(b"s", b"/etc/passwd") + hardlink(b"l", b"s") + entry(b"s", b"x") + END
    yield "hardlink-then-write", entry(b"f", b"one") + hardlink(b"l", b"f") + entry(b"l", b"two") + END
    yield "devices", entry(b"null", kind=b"3", major=1, minor=3, mode=0o666) + entry(b"sda", kind=b"4", major=8) + \
        entry(b"p", kind=b"6", mode=0o600) + END
    yield "device-zero", entry(b"d", kind=b"3") + END
    yield "whiteouts", entry(b".wh.gone") + directory(b"d") + entry(b"d/.wh..wh..opq") + entry(b".wh..wh.plnk") + END
    yield "whiteout-then-directory", entry(b".wh.d") + directory(b"d") + entry(b"d/f", b"x") + END
    yield "whiteout-below-file", entry(b"d", b"x") + entry(b"d/.wh.f") + entry(b"d/.wh..wh..opq") + END
    yield "whiteout-below-link", directory(b"e") + entry(b"e/f", b"x") + symlink(b"d", b"e") + entry(b"d/.wh.g") + entry(b"d/.wh..wh..opq") + END
    yield "overlay-attributes", pax([(b"SCHILY.xattr.user.overlay.redirect", b"/etc"),
                                     (b"SCHILY.xattr.trusted.overlay.opaque", b"y"),
                                     (b"SCHILY.xattr.user.kept", b"v")]) + directory(b"d") + END
    yield "capability", pax([(b"SCHILY.xattr.security.capability", capability(2))]) + entry(b"f", b"x", mode=0o755) + END
    yield "setuid", entry(b"f", b"x", mode=0o6755, uid=1000, gid=65535) + directory(b"t", uid=3) + END
    yield "unreadable", header(b"d", kind=b"5", mode=0) + entry(b"d/f", b"x", mode=0) + END
    yield "name-255", pax([(b"path", b"n" * 255)]) + entry(b"f", b"x") + END
    yield "name-4095", pax([(b"path", b"/".join([b"n" * 127] * 32))]) + entry(b"f", b"x") + END
    yield "name-non-utf8", entry(b"caf\xe9", b"x") + pax([(b"path", b"caf\xe9-\xff\xfe")]) + entry(b"f", b"x") + END
    yield "name-decomposed", pax([(b"path", "cafe\u0301".encode())]) + entry(b"f", b"x") + END
    yield "name-newline", entry(b"a\nb\x1b[31m", b"x") + END
    yield "mtime-far", pax([(b"mtime", b"99999999999.5")]) + entry(b"f", b"x") + pax([(b"mtime", b"-1")]) + entry(b"g", b"x") + END
    yield "sparse-gnu", pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"sparse"),
                             (b"GNU.sparse.realsize", b"1048576")]) + \
        entry(b"GNUSparseFile/sparse", padded(b"2\n0\n512\n1048064\n512\n") + b"a" * 512 + b"b" * 512) + END
    yield "deep", python_tar(deep, tarfile.PAX_FORMAT)
    yield "trailing-garbage", entry(b"f", b"x") + END + b"garbage" * 1000 + bytes(BLOCK)
    yield "gzip", gzip.compress(entry(b"f", b"x") + END, mtime=0)
    whole = entry(b"f", b"x" * 5000) + END
    yield "members-gzip", gzip.compress(whole[:700], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(whole[700:], mtime=0)
    yield "garbage-after-gzip", gzip.compress(whole, mtime=0) + b"\0" * 100 + b"garbage"
    yield "gzip-in-xz-gzip", gzip.compress(lzma.compress(gzip.compress(whole, mtime=0)), mtime=0)
    yield "zstd-gzip", zstd(gzip.compress(whole, mtime=0))
    yield "zstd-frames", b"\x50\x2a\x4d\x18\4\0\0\0skip" + zstd(whole[:700]) + zstd(b"") + zstd(whole[700:]) + b"\x5f\x2a\x4d\x18\0\0\0\0"
    yield "v7", entry(b"f", b"x", magic=bytes(8)) + END
    yield "old-directory", entry(b"d/", magic=bytes(8)) + entry(b"d/f", b"x", magic=bytes(8)) + END
    yield "implicit-parents", entry(b"a/b/c/d", b"x") + END


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for verdict, archives in (("fail", refused()), ("pass", accepted())):
        for name, data in archives:
            (out / f"should-{verdict}-{name}.tar").write_bytes(data)


main()
