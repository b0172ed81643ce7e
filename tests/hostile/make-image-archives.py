#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make-image-archives.py DIR: writes docker-archives and oci-archives that somebody may hand us. The file's name is the
verdict: should-fail-… is to be refused with one sentence, should-pass-… gives its images. Always the same bytes.
"""
import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
HARD_LINK, SYMLINK, CHAR_DEVICE, BLOCK_DEVICE, DIRECTORY = "12345"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def tar(members):
    """members: (name, bytes) or (name, type, link target); in their order, also twice."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content, *link in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content.encode(), link[0] if link else ""
                archive.addfile(info)
    return out.getvalue()


LAYERS = [tar([("a", b"one")]), tar([("b", b"two"), (".wh.a", b"")])]


def dump(value):
    return json.dumps(value).encode()


def config(layers=LAYERS, **more):
    return dump({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/a"]},
                 "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(layer) for layer in layers]}, **more})


def docker(layers=LAYERS, document=None, tags=("some/name:1",), paths=None, extra=(), config_name=None, entry=None, last=True):
    document = config(layers) if document is None else document
    config_name = config_name or sha(document) + ".json"
    names = [f"{sha(layer)}/layer.tar" for layer in layers]
    listed = dump([{"Config": config_name, "RepoTags": list(tags) if tags is not None else None, "Layers": paths or names, **(entry or {})}])
    files = [(name, layer) for name, layer in zip(names, layers)] + [(config_name, document)]
    listing = [("manifest.json", listed)]
    return tar([*files, *extra, *listing] if last else [*listing, *files, *extra])


def blob(data):
    return (f"blobs/sha256/{sha(data)}", data)


def descriptor(kind, data, **more):
    return {"mediaType": kind, "digest": "sha256:" + sha(data), "size": len(data), **more}


def oci(layers=LAYERS, kinds=None, document=None, mutate=lambda m: m, index=None, name="some/name:1", extra=(), without=(), layout=b'{"imageLayoutVersion":"1.0.0"}'):
    document = config(LAYERS) if document is None else document
    kinds = kinds or [LAYER] * len(layers)
    manifest = dump(mutate({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, document),
                            "layers": [descriptor(kind, layer) for kind, layer in zip(kinds, layers)]}))
    annotations = {"annotations": {"org.opencontainers.image.ref.name": name}} if name else {}
    index = index(manifest) if index else {"schemaVersion": 2, "manifests": [descriptor(MANIFEST, manifest, **annotations)]}
    members = [("oci-layout", layout), ("index.json", dump(index)), blob(manifest), blob(document), *(blob(layer) for layer in layers), *extra]
    return tar([m for m in members if m[0] not in without])


class Later(list):
    """Blobs that are known once the index is made."""

    def __init__(self, source):
        super().__init__()
        self.source = source

    def __iter__(self):
        return (blob(data) for data in self.source)


def pass_docker():
    first = f"{sha(LAYERS[0])}/layer.tar"
    yield "docker", docker()
    yield "docker-manifest-first", docker(last=False)
    yield "docker-without-tags", docker(tags=None)
    yield "docker-gzip-around", gzip.compress(docker(), mtime=0)
    yield "docker-links-to-layers", docker(paths=["one/layer.tar", f"{sha(LAYERS[1])}/layer.tar"],
                                           extra=[("one/layer.tar", SYMLINK, f"../{first}")])
    yield "docker-hard-link-to-layer", docker(paths=["hard", f"{sha(LAYERS[1])}/layer.tar"], extra=[("hard", HARD_LINK, first)])
    yield "docker-link-that-leads-out-unused", docker(extra=[("evil", SYMLINK, "../../etc/passwd"), ("dev", CHAR_DEVICE)])
    yield "docker-dot-slash-names", docker(paths=[f"./{first}", f"./x/../{sha(LAYERS[1])}/layer.tar"])
    yield "docker-long-names", docker(extra=[("n" * 200 + "/" + "m" * 200, b"x")])
    yield "docker-directories-twice", docker(extra=[("d/", DIRECTORY), ("d/", DIRECTORY)])
    yield "docker-layer-twice", docker([LAYERS[0], LAYERS[1]], document=config([*LAYERS, LAYERS[0]]),
                                       paths=[first, f"{sha(LAYERS[1])}/layer.tar", first])
    document = config()
    yield "docker-new-form", tar([blob(LAYERS[0]), blob(LAYERS[1]), blob(document), ("manifest.json", dump(
        [{"Config": blob(document)[0], "RepoTags": ["some/name:1"], "Layers": [blob(layer)[0] for layer in LAYERS]}]))])


def pass_oci():
    packed = [gzip.compress(layer, mtime=0) for layer in LAYERS]
    yield "oci", oci()
    yield "oci-without-name", oci(name=None)
    yield "oci-odd-name", oci(name="latest")
    yield "oci-gzip-layers", oci(packed, [LAYER + "+gzip"] * 2)
    inner = []
    yield "oci-nested-index", oci(index=lambda m: inner.append(dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(MANIFEST, m)]})) or
                                  {"schemaVersion": 2, "manifests": [descriptor(INDEX, inner[0])]}, extra=Later(inner))
    yield "oci-other-files-beside", oci(extra=[("README", b"x"), ("blobs/sha512/x", b"y")])
    yield "oci-platforms", oci(index=lambda m: {"schemaVersion": 2, "manifests": [
        {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": 1, "platform": {"os": "windows", "architecture": "amd64"}},
        descriptor(MANIFEST, m, platform={"os": "linux", "architecture": "amd64"})]})


def fail_docker():
    first, second = (f"{sha(layer)}/layer.tar" for layer in LAYERS)
    yield "empty", b""
    yield "text", b"no archive at all\n" * 100
    yield "zeros", bytes(10240)
    yield "rootfs", LAYERS[0]
    yield "cut-off", docker()[:4500]
    yield "cut-off-in-a-layer", docker()[:700]
    yield "damaged-header", docker()[:2048] + b"\xff" * 512 + docker()[2560:]
    yield "manifest-no-json", tar([("manifest.json", b"[{")])
    yield "manifest-an-object", tar([("manifest.json", b"{}")])
    yield "manifest-an-empty-list", tar([("manifest.json", b"[]")])
    yield "manifest-wrong-types", tar([("manifest.json", dump([{"Config": 1, "Layers": {}}]))])
    yield "manifest-duplicate-keys", tar([("manifest.json", b'[{"Config":"a","Config":"b"}]')])
    yield "manifest-a-directory", tar([("manifest.json", DIRECTORY)])
    yield "manifest-link-outside", tar([("manifest.json", SYMLINK, "/etc/passwd")])
    yield "manifest-link-circle", tar([("manifest.json", SYMLINK, "b"), ("b", SYMLINK, "manifest.json")])
    yield "manifest-too-many-images", tar([("manifest.json", dump([{"Config": "c", "Layers": []}] * 257))])
    yield "manifest-giant", tar([("manifest.json", b"[" + b" " * (5 << 20) + b"]")])
    yield "manifest-deep", tar([("manifest.json", b"[" * 100000)])
    yield "config-missing", docker(entry={"Config": "nowhere.json"})
    yield "config-outside", docker(entry={"Config": "../../etc/passwd"})
    yield "config-absolute", docker(entry={"Config": "/etc/passwd"})
    yield "config-a-link-outside", docker(entry={"Config": "c"}, extra=[("c", SYMLINK, "/etc/passwd")])
    yield "config-wrong-digest", docker(config_name="0" * 64 + ".json")
    yield "config-no-json", docker(document=b"nothing", config_name="c.json")
    yield "config-giant", docker(document=b"{" + b" " * (2 << 20) + b"}", config_name="c.json")
    yield "config-other-digests", docker(document=config([LAYERS[1], LAYERS[0]]))
    yield "layers-fewer", docker(paths=[first])
    yield "layers-more", docker(paths=[first, second, first])
    yield "layers-too-many", docker(paths=[first] * 128)
    yield "layer-missing", docker(paths=[first, "nowhere/layer.tar"])
    yield "layer-outside", docker(paths=[first, "../../../etc/passwd"])
    yield "layer-a-link-outside", docker(paths=[first, "l"], extra=[("l", SYMLINK, "../../../../etc/passwd")])
    yield "layer-a-directory", docker(paths=[first, "d"], extra=[("d", DIRECTORY)])
    yield "layer-a-device", docker(paths=[first, "d"], extra=[("d", BLOCK_DEVICE)])
    yield "layer-a-hard-link-to-nothing", docker(paths=[first, "h"], extra=[("h", HARD_LINK, "/etc/passwd")])
    yield "layer-other-bytes", docker(paths=[first, first])
    yield "name-outside", docker(extra=[("../../etc/evil", b"x")])
    yield "name-twice", docker(extra=[(first, b"other")])
    yield "name-twice-as-link", docker(extra=[(first, SYMLINK, second)])
    yield "tag-no-name", docker(tags=["../../etc/passwd"])
    yield "tag-with-control-characters", docker(tags=["a\x1b[2J:1"])
    yield "tag-a-digest", docker(tags=["a@sha256:" + "0" * 64])
    yield "tags-too-many", docker(tags=[f"a:{i}" for i in range(300)])
    yield "new-form-wrong-digest", tar([(f"blobs/sha256/{'0' * 64}", LAYERS[0]), ("c.json", config(LAYERS[:1])), ("manifest.json", dump(
        [{"Config": "c.json", "RepoTags": [], "Layers": [f"blobs/sha256/{'0' * 64}"]}]))])


def fail_oci():
    yield "layout-missing", oci(without=["oci-layout"])
    yield "layout-of-another-version", oci(layout=b'{"imageLayoutVersion":"2.0.0"}')
    yield "index-empty", oci(index=lambda m: {"schemaVersion": 2, "manifests": []})
    yield "index-no-list", oci(index=lambda m: {"schemaVersion": 2, "manifests": {}})
    yield "index-too-long", oci(index=lambda m: {"schemaVersion": 2, "manifests": [descriptor(MANIFEST, m)] * 5000})
    yield "index-to-itself", oci(index=lambda m: {"schemaVersion": 2, "manifests": [descriptor(INDEX, m)]})
    yield "manifest-missing", oci(index=lambda m: {"schemaVersion": 2, "manifests": [descriptor(MANIFEST, b"x")]})
    yield "manifest-wrong-size", oci(index=lambda m: {"schemaVersion": 2, "manifests": [{**descriptor(MANIFEST, m), "size": 1}]})
    yield "manifest-negative-size", oci(index=lambda m: {"schemaVersion": 2, "manifests": [{**descriptor(MANIFEST, m), "size": -1}]})
    yield "manifest-sha512", oci(index=lambda m: {"schemaVersion": 2, "manifests": [{**descriptor(MANIFEST, m), "digest": "sha512:" + "0" * 128}]})
    yield "manifest-digest-a-path", oci(index=lambda m: {"schemaVersion": 2, "manifests": [{**descriptor(MANIFEST, m), "digest": "sha256:../../../etc/passwd"}]})
    yield "manifest-artifact", oci(mutate=lambda m: {**m, "config": {**m["config"], "mediaType": "application/vnd.unknown.config.v1+json"}})
    yield "layer-foreign", oci(kinds=["application/vnd.oci.image.layer.nondistributable.v1.tar", LAYER])
    yield "layer-of-unknown-kind", oci(kinds=["application/octet-stream", LAYER])
    yield "layer-wrong-size", oci(mutate=lambda m: {**m, "layers": [{**m["layers"][0], "size": 3}, m["layers"][1]]})
    yield "layer-missing", oci(without=[blob(LAYERS[1])[0]])
    yield "layer-wrong-digest", oci(without=[blob(LAYERS[1])[0]], extra=[(blob(LAYERS[1])[0], LAYERS[1][:-1] + b"x")])
    yield "layers-more", oci(document=config(LAYERS[:1]))
    yield "config-missing", oci(without=[blob(config())[0]])
    yield "blob-a-link-outside", oci(without=[blob(config())[0]], extra=[(blob(config())[0], SYMLINK, "/etc/passwd")])


def main():
    top = pathlib.Path(sys.argv[1])
    top.mkdir(parents=True, exist_ok=True)
    for verdict, cases in (("pass", [*pass_docker(), *pass_oci()]), ("fail", [*(("docker-" + n, d) for n, d in fail_docker()),
                                                                          *(("oci-" + n, d) for n, d in fail_oci())])):
        for name, data in cases:
            (top / f"should-{verdict}-{name}.tar").write_bytes(data)


main()
