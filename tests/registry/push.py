#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""push.py HOST:PORT NAME:TAG [--user NAME:PASSWORD] [--config JSON] [--platform OS/ARCH]... [--diff-id HEX] LAYER.tar...

Makes an image of tar files by hand and pushes it to a registry; with platforms, an index of one such image for each. Prints
the digest of what the tag names; with --layers also a line for each blob of a layer.
"""
import argparse
import base64
import gzip
import hashlib
import json
import subprocess
import urllib.request

parser = argparse.ArgumentParser()
for name in ("host", "reference"):
    parser.add_argument(name)
parser.add_argument("--user")
parser.add_argument("--config", default="{}")
parser.add_argument("--platform", action="append")
parser.add_argument("--diff-id")
parser.add_argument("--layers", action="store_true")
parser.add_argument("tars", nargs="*", metavar="LAYER.tar")
a = parser.parse_intermixed_args()
repository, tag = a.reference.rsplit(":", 1)
OCI = "application/vnd.oci.image."


def request(method, url, data=None, **headers):
    if a.user:
        headers["Authorization"] = "Basic " + base64.b64encode(a.user.encode()).decode()
    return urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers))


def descriptor(data, kind):
    return {"mediaType": OCI + kind, "digest": "sha256:" + hashlib.sha256(data).hexdigest(), "size": len(data)}


def blob(data, kind):
    found = descriptor(data, kind)
    place = request("POST", f"http://{a.host}/v2/{repository}/blobs/uploads/", b"").headers["Location"]
    request("PUT", f"{place}{'&' if '?' in place else '?'}digest={found['digest']}", data, **{"Content-Type": "application/octet-stream"})
    return found


def manifest(document, kind, name):
    data = json.dumps({"schemaVersion": 2, "mediaType": OCI + kind, **document}).encode()
    found = descriptor(data, kind)
    request("PUT", f"http://{a.host}/v2/{repository}/manifests/{name or found['digest']}", data, **{"Content-Type": OCI + kind})
    return found


layers, diff_ids = [], []
for tar in a.tars:
    with open(tar, "rb") as file:
        content = file.read()
    diff_ids.append(a.diff_id or hashlib.sha256(content).hexdigest())
    layers.append(blob(gzip.compress(content, 1, mtime=0), "layer.v1.tar+gzip"))


def image(platform, name):
    os, architecture = platform.split("/")
    config = blob(json.dumps({"os": os, "architecture": architecture, "config": json.loads(a.config),
                              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + d for d in diff_ids]}}).encode(), "config.v1+json")
    found = manifest({"config": config, "layers": layers}, "manifest.v1+json", name)
    return {**found, "platform": {"os": os, "architecture": architecture}}


if a.platform:
    top = manifest({"manifests": [image(p, None) for p in a.platform]}, "index.v1+json", tag)
else:
    machine = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    top = image(f"linux/{machine}", tag)
print(top["digest"])
if a.layers:
    for layer in layers:
        print(layer["digest"])
