#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-image.py DIRECTORY: an image to measure pulls with, as an OCI layout with the tags `gzip` and `zstd`.

Five layers, 20,000 files, about 800 MB: what Debian's packages have installed on this machine, so that it compresses as
images do. The same machine gives the same image.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import stat
import subprocess
import sys
import tarfile

FILES = 20_000
BYTES = 745 << 20  # of contents
SHARES = (30, 25, 20, 15, 10)  # of each layer, in percent: no two layers of a real image are alike
LARGEST = 24 << 20
MEDIA = "application/vnd.oci.image."


def installed():
    """Regular files of packages under /usr, package by package, in an order that is mixed but always the same."""
    found = {}
    for listing in sorted(pathlib.Path("/var/lib/dpkg/info").glob("*.list")):
        for line in listing.read_text().splitlines():
            if not line.startswith(("/usr/bin/", "/usr/lib/", "/usr/sbin/", "/usr/share/")):
                continue
            try:
                st = os.lstat(line)
            except OSError:
                continue
            if stat.S_ISREG(st.st_mode) and 0 < st.st_size <= LARGEST and os.path.realpath(line) == line:
                found[line] = (hashlib.sha256(listing.name.encode()).digest(), line, st.st_size)
    return [(name, size) for _, name, size in sorted(found.values())]


def choose(files):
    """FILES of them with BYTES in all: from those in order, large ones give way to small ones or the other way round."""
    chosen, rest = files[:FILES], files[FILES:]
    total = sum(size for _, size in chosen)
    assert len(chosen) == FILES, f"this machine has only {len(chosen)} files to take"
    pool = sorted(rest, key=lambda f: f[1])
    for place, (_, size) in enumerate(chosen):
        missing = BYTES - total
        if abs(missing) < BYTES // 200 or not pool:
            break
        if missing > 0 and pool[-1][1] > size:
            total += pool[-1][1] - size
            chosen[place] = pool.pop()
        elif missing < 0 and pool[0][1] < size:
            total += pool[0][1] - size
            chosen[place] = pool.pop(0)
    return chosen


def write_layer(path, files):
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        made = set()
        for name, _ in sorted(files):
            for parent in reversed(pathlib.PurePath(name).parents[:-1]):
                if parent not in made:
                    made.add(parent)
                    info = tarfile.TarInfo(str(parent)[1:])
                    info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, 1700000000
                    archive.addfile(info)
            info = archive.gettarinfo(name, name[1:])
            info.type, info.linkname = tarfile.REGTYPE, ""  # the tarfile module would link those that are linked here
            info.size, info.mtime = os.stat(name).st_size, int(info.mtime)
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            with open(name, "rb") as stream:
                archive.addfile(info, stream)


class Layout:
    def __init__(self, top):
        self.blobs = top / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        (top / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def add_file(self, path, media_type):
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = path.stat().st_size
        path.rename(self.blobs / digest)
        return {"mediaType": MEDIA + media_type, "digest": "sha256:" + digest, "size": size}

    def add(self, document, media_type):
        path = self.blobs / "new"
        path.write_text(json.dumps(document))
        return self.add_file(path, media_type)


def main():
    top = pathlib.Path(sys.argv[1])
    layout = Layout(top)
    files = choose(installed())
    tars, begin = [], 0
    for number, share in enumerate(SHARES):
        end = begin + FILES * share // 100
        tars.append(top / f"layer{number}.tar")
        write_layer(tars[-1], files[begin:end])
        begin = end

    diff_ids = []
    for path in tars:
        with open(path, "rb") as stream:
            diff_ids.append("sha256:" + hashlib.file_digest(stream, "sha256").hexdigest())
    config = layout.add({"architecture": subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip(), "os": "linux",
                         "config": {"Cmd": ["/bin/true"]}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}, "config.v1+json")
    manifests = []
    for kind, command in (("gzip", "gzip -6n"), ("zstd", "zstd -3q")):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda path, c=command, k=kind: subprocess.run(f"{c} <{path} >{path}.{k}", shell=True, check=True), tars))
        layers = [layout.add_file(pathlib.Path(f"{path}.{kind}"), "layer.v1.tar+" + kind) for path in tars]
        manifest = layout.add({"schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json", "config": config, "layers": layers}, "manifest.v1+json")
        manifests.append(manifest | {"annotations": {"org.opencontainers.image.ref.name": kind}})
        print(f"{kind}: {sum(layer['size'] for layer in layers) / 1e6:.0f} MB in {len(layers)} layers")
    print(f"unpacked: {sum(path.stat().st_size for path in tars) / 1e6:.0f} MB, {len(files)} files")
    for path in tars:
        path.unlink()
    (top / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))


main()
