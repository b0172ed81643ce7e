#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fill.py HOST:PORT REPOSITORY TAR...: puts one image into a registry, once in each form that it may have.

Tags: oci (gzip), zstd, plain (not packed), docker (schema 2), index (OCI: this machine's platform and another, whose layer is the
last tar alone), list (the same in Docker's form). Prints the digest of each.
"""
import http.client
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nasty  # noqa: E402

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
OTHER = "s390x"


def ask(host, method, path, body=b"", headers=None, expect=201):
    connection = http.client.HTTPConnection(host)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    reply.read()
    connection.close()
    assert reply.status == expect, (method, path, reply.status)
    return reply


def push(host, repository, tag, image):
    for digest, data in image.blobs.items():
        place = ask(host, "POST", f"/v2/{repository}/blobs/uploads/", expect=202).headers["Location"]
        path = "/" + place.split("/", 3)[3]
        ask(host, "PUT", path + ("&" if "?" in path else "?") + "digest=" + digest, data, {"Content-Type": "application/octet-stream"})
    for digest, (data, kind) in image.manifests.items():
        if data != image.top:
            ask(host, "PUT", f"/v2/{repository}/manifests/{digest}", data, {"Content-Type": kind})
    ask(host, "PUT", f"/v2/{repository}/manifests/{tag}", image.top, {"Content-Type": image.top_type})
    print(tag, nasty.sha256(image.top))


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def main():
    host, repository = sys.argv[1:3]
    tars = []
    for name in sys.argv[3:]:
        with open(name, "rb") as stream:
            tars.append(stream.read())

    def image(**more):
        return nasty.Image(**{"tars": tars, "architecture": MACHINE, **more})

    push(host, repository, "oci", image())
    push(host, repository, "zstd", image(pack=("zstd", zstd)))
    push(host, repository, "plain", image(pack=("", bytes)))
    push(host, repository, "docker", image(docker=True))
    for tag, docker in (("index", False), ("list", True)):
        other = image(tars=tars[-1:], architecture=OTHER, docker=docker)
        push(host, repository, tag, image(docker=docker).wrap([(f"linux/{OTHER}", other), (f"linux/{MACHINE}", None)], docker=docker))


main()
