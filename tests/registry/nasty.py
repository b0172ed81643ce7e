#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nasty.py [PORT-FILE]: a registry on 127.0.0.1 that serves one small image, as well or as badly as its name says.

The repository's name is the script: `127.0.0.1:PORT/endless-layer:1` has a layer without an end. What each name does is in
the functions below that carry it; a name without one gives the image as it should be. GET /log gives the requests so far
as JSON, and forgets them. As a module: Nasty() is a server on a free port, in threads of its own.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import re
import socket
import socketserver
import sys
import tarfile
import threading
import time

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
OCI_MANIFEST, OCI_INDEX = OCI + "manifest.v1+json", OCI + "index.v1+json"
DOCKER_MANIFEST, DOCKER_LIST = DOCKER + "distribution.manifest.v2+json", DOCKER + "distribution.manifest.list.v2+json"
USER, PASSWORD = "ann", "pass:word"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def document(value):
    return json.dumps(value).encode()


def noise(seed, size):
    """Bytes that do not pack, the same in each run."""
    return hashlib.shake_128(seed.encode()).digest(size)


def tar_of(name, data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Image:
    """Blobs and manifests by digest; `top` is what a tag names."""

    def __init__(self, layer_bytes=(200_000, 300_000), docker=False, tars=None, pack=("gzip", lambda t: gzip.compress(t, 1, mtime=0)),
                 **config):
        tars = tars or [tar_of(f"file{i}", noise(str(i), size)) for i, size in enumerate(layer_bytes)]
        self.layers = [pack[1](t) for t in tars]
        self.config = document({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/file0"]}, **config,
                                "rootfs": {"type": "layers", "diff_ids": [sha256(t) for t in tars]}})
        self.layer_type = DOCKER + "image.rootfs.diff.tar.gzip" if docker else OCI + "layer.v1.tar" + (pack[0] and "+" + pack[0])
        self.config_type = DOCKER + "container.image.v1+json" if docker else OCI + "config.v1+json"
        self.type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        self.blobs = {sha256(b): b for b in [self.config, *self.layers]}
        self.manifests = {}
        self.set_manifest(self.manifest())

    def manifest(self):
        return {"schemaVersion": 2, "mediaType": self.type,
                "config": {"mediaType": self.config_type, "digest": sha256(self.config), "size": len(self.config)},
                "layers": [{"mediaType": self.layer_type, "digest": sha256(b), "size": len(b)} for b in self.layers]}

    def set_manifest(self, value, content_type=None, raw=None):
        self.top = raw if raw is not None else document(value)
        self.top_type = content_type if content_type is not None else self.type
        self.manifests[sha256(self.top)] = (self.top, self.top_type)

    def wrap(self, platforms, docker=False, extra=None):
        """An index: each platform has the manifest of one of these images, or of this one for None."""
        entries = []
        for platform, image in platforms:
            image = image or self
            self.blobs.update(image.blobs)
            self.manifests.update(image.manifests)
            entry = {"mediaType": image.top_type, "digest": sha256(image.top), "size": len(image.top)}
            if platform:
                words = platform.split("/")
                entry["platform"] = dict(zip(("os", "architecture", "variant"), words))
            entries.append(entry)
        kind = DOCKER_LIST if docker else OCI_INDEX
        self.set_manifest({"schemaVersion": 2, "mediaType": kind, "manifests": entries, **(extra or {})}, kind)
        return self


# Images of other shapes. -----------------------------------------------------------------------------------------------

def image_docker():
    return Image(docker=True)


def image_index():
    others = [("linux/arm64", Image((1000,), architecture="arm64")), ("linux/s390x", Image((1100,), architecture="s390x")),
              ("windows/amd64", Image((1200,), os="windows")), ("unknown/unknown", Image((1300,)))]
    return Image().wrap([*others, ("linux/amd64", None)])


def image_list():
    return Image(docker=True).wrap([("linux/arm/v5", Image((500,), architecture="arm", variant="v5")),
                                    ("linux/arm/v7", Image((700,), architecture="arm", variant="v7")),
                                    ("linux/arm/v6", Image((600,), architecture="arm", variant="v6")),
                                    ("linux/amd64", None)], docker=True)


def image_nested_index():
    return Image().wrap([("linux/amd64", image_index())])


def image_index_of_indexes():
    image = Image()
    for _ in range(5):
        image.wrap([("linux/amd64", None)])
    return image


def image_index_without_platforms():
    return Image().wrap([(None, None)])


def image_not_for_us():
    return Image((100,), architecture="s390x").wrap([("linux/s390x", None)])


def image_foreign_machine():
    return Image((100,), architecture="s390x")


def image_windows():
    return Image((100,), os="windows")


def changed(change, **more):
    image = Image()
    value = image.manifest()
    change(value)
    image.set_manifest(value, **more)
    return image


def image_foreign_docker():
    return changed(lambda m: m["layers"][1].update(mediaType=DOCKER + "image.rootfs.foreign.diff.tar.gzip", urls=["https://x"]))


def image_foreign_oci():
    return changed(lambda m: m["layers"][0].update(mediaType=OCI + "layer.nondistributable.v1.tar+gzip"))


def image_artifact():
    return changed(lambda m: m["config"].update(mediaType="application/vnd.cncf.helm.config.v1+json"))


def image_unknown_layer():
    return changed(lambda m: m["layers"][0].update(mediaType="application/x-rar"))


def image_sha512():
    return changed(lambda m: m["layers"][0].update(digest="sha512:" + "a" * 128))


def image_no_digest():
    return changed(lambda m: m["layers"][0].pop("digest"))


def image_negative_size():
    return changed(lambda m: m["layers"][0].update(size=-5))


def image_size_of_the_sky():
    return changed(lambda m: m["layers"][0].update(size=2 ** 62))


def image_both():
    return changed(lambda m: m.update(manifests=[]))


def image_schema1():
    return changed(lambda m: (m.clear(), m.update(schemaVersion=1, fsLayers=[])), content_type=DOCKER + "distribution.manifest.v1+prettyjws")


def image_another_type():
    return changed(lambda m: None, content_type=DOCKER_MANIFEST)


def image_no_type():
    return changed(lambda m: m.pop("mediaType"), content_type="text/plain; charset=utf-8")


def image_html():
    image = Image()
    image.set_manifest(None, "text/html", b"<html>Hello</html>")
    return image


def image_many_layers():
    return changed(lambda m: m.update(layers=m["layers"] * 64))


def image_no_layers():
    return Image(())


def image_fewer_diff_ids():
    image = Image()
    config = json.loads(image.config)
    config["rootfs"]["diff_ids"].pop()
    image.config = document(config)
    image.blobs[sha256(image.config)] = image.config
    image.set_manifest(image.manifest())
    return image


def of_size(size):
    """An index padded to so many bytes."""
    image = Image().wrap([("linux/amd64", None)], extra={"annotations": {"a": ""}})
    value = json.loads(image.top)
    value["annotations"]["a"] = "x" * (size - len(image.top))
    image.set_manifest(value, OCI_INDEX)
    assert len(image.top) == size
    return image


def image_four_mib():
    return of_size(4 << 20)


def image_more_than_four_mib():
    return of_size((4 << 20) + 1)


def image_big():
    return Image((3_000_000, 5_000_000, 2_000_000))


def image_deep():
    image = Image()
    image.set_manifest(None, raw=b"[" * 100_000)
    return image


IMAGES = {name[6:].replace("_", "-"): function for name, function in list(globals().items()) if name.startswith("image_")}

# The server. -----------------------------------------------------------------------------------------------------------

STATUS = {200: "OK", 206: "Partial Content", 307: "Temporary Redirect", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
          429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


class Gone(Exception):
    """The other side has closed, or this one is to."""


class Request:
    def __init__(self, server, connection, method, path, headers, body):
        self.server, self.connection = server, connection
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.behaviour = self.kind = self.reference = ""
        match = re.fullmatch(r"/v2/(?:lib/)?([a-z0-9-]+)/(manifests|blobs)/(.*)", path)
        if match:
            self.behaviour, self.kind, self.reference = match.groups()

    def raw(self, data):
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise Gone from error

    def head(self, status, headers=()):
        lines = [f"HTTP/1.1 {status} {STATUS.get(status, 'Whatever')}", *(f"{k}: {v}" for k, v in headers)]
        self.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def reply(self, status, body=b"", headers=(), length=None):
        self.head(status, [("Content-Length", len(body) if length is None else length), *headers])
        if self.method != "HEAD":
            self.raw(body)

    def error(self, status, code="X", message="as the script says", headers=()):
        self.reply(status, document({"errors": [{"code": code, "message": message}]}), [("Content-Type", "application/json"), *headers])

    # what is asked for, as it should be: (bytes, type), or None
    def wanted(self):
        image = self.server.image(self.behaviour)
        if self.kind == "blobs":
            data = image.blobs.get(self.reference)
            return data and (data, "application/octet-stream")
        if self.reference.startswith("sha256:"):
            return image.manifests.get(self.reference)
        return (image.top, image.top_type)

    def is_layer(self):
        return self.kind == "blobs" and self.reference in {sha256(b) for b in self.server.image(self.behaviour).layers}

    def is_first_layer(self):
        return self.kind == "blobs" and self.reference == sha256(self.server.image(self.behaviour).layers[0])

    def count(self, key):
        """How often this was called with the key."""
        with self.server.lock:
            self.server.counts[key] = self.server.counts.get(key, 0) + 1
            return self.server.counts[key]

    def serve(self, extra=()):
        found = self.wanted()
        if not found:
            self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
            return
        data, kind = found
        headers = [("Content-Type", kind), ("Docker-Content-Digest", sha256(data)), *extra]
        start = self.range_start()
        if start and start < len(data):
            self.reply(206, data[start:], [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}"), *headers])
        else:
            self.reply(200, data, headers)

    def range_start(self):
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(match.group(1)) if match else 0

    def log_entry(self):
        return {"method": self.method, "path": self.path, "range": self.headers.get("range"),
                "authorization": self.headers.get("authorization"), "host": self.headers.get("host"),
                "user-agent": self.headers.get("user-agent"), "body": self.body.decode()}


# What each name does. --------------------------------------------------------------------------------------------------

def do_wrong_layer(r):
    if r.is_first_layer():
        data = bytearray(r.wanted()[0])
        data[-1] ^= 1
        r.reply(200, bytes(data))
    else:
        r.serve()


def do_wrong_config(r):
    data = r.wanted()[0]
    if r.kind == "blobs" and not r.is_layer():
        data = data.replace(b"amd64", b"arm64")
        r.reply(200, data)
    else:
        r.serve()


def do_wrong_manifest(r):
    """Asked for by its digest, it is another."""
    if r.kind == "manifests":
        r.reply(200, document({**Image().manifest(), "annotations": {"a": "b"}}), [("Content-Type", OCI_MANIFEST)])
    else:
        r.serve()


def do_lying_header(r):
    data, kind = r.wanted()
    r.reply(200, data, [("Content-Type", kind), ("Docker-Content-Digest", sha256(b"other"))])


def do_short_layer(r):
    """Whole by its length, which is not what the manifest says."""
    if r.is_first_layer():
        r.reply(200, r.wanted()[0][:-10])
    else:
        r.serve()


def do_long_layer(r):
    if r.is_first_layer():
        r.reply(200, r.wanted()[0] + b"more")
    else:
        r.serve()


def do_long_layer_untold(r):
    if r.is_first_layer():
        r.head(200, [("Connection", "close")])
        r.raw(r.wanted()[0] + b"more")
        raise Gone
    r.serve()


def do_endless_layer(r):
    if r.is_first_layer():
        r.head(200, [("Connection", "close")])
        while True:
            r.raw(bytes(65536))
    r.serve()


def do_endless_manifest(r):
    r.head(200, [("Content-Type", OCI_MANIFEST), ("Connection", "close")])
    while True:
        r.raw(b" " * 65536)


def do_endless_error(r):
    r.head(403, [("Connection", "close")])
    while True:
        r.raw(b"no " * 20000)


def do_slow_manifest(r):
    data, kind = r.wanted()
    r.head(200, [("Content-Type", kind), ("Content-Length", len(data))])
    for byte in data:
        r.raw(bytes([byte]))
        time.sleep(0.1)


def do_silent_manifest(r):
    r.server.wait_for_end()


def do_silent_layer(r):
    """A few bytes come, then none, for ever; the next time the rest."""
    if r.is_first_layer() and r.count("silent-layer") == 1:
        data = r.wanted()[0]
        r.head(200, [("Content-Length", len(data))])
        r.raw(data[:1000])
        r.server.wait_for_end()
    r.serve()


def do_broken_layer(r):
    """Breaks off after 100,000 bytes, each time; goes on where it is asked to."""
    if r.is_first_layer():
        data, start = r.wanted()[0], r.range_start()
        end = min(start + 100_000, len(data))
        headers = [("Content-Length", len(data) - start)]
        if start:
            headers.append(("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}"))
        r.head(206 if start else 200, headers)
        r.raw(data[start:end])
        raise Gone
    r.serve()


def do_broken_without_range(r):
    """Breaks off once; then gives it all again, whatever was asked for."""
    if r.is_first_layer():
        data = r.wanted()[0]
        r.head(200, [("Content-Length", len(data))])
        r.raw(data[:150_000] if r.count("broken-without-range") == 1 else data)
        raise Gone
    r.serve()


def do_broken_and_wrong(r):
    """Breaks off, and goes on with the bytes of another: once."""
    if r.is_first_layer() and r.count("broken-and-wrong") <= 2:
        data, start = r.wanted()[0], r.range_start()
        if not start:
            r.head(200, [("Content-Length", len(data))])
            r.raw(data[:100_000])
            raise Gone
        r.reply(206, bytes(len(data) - start), [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")])
        return
    r.serve()


def do_wrong_range(r):
    """Breaks off, and goes on somewhere else."""
    if r.is_first_layer():
        data, start = r.wanted()[0], r.range_start()
        if not start:
            r.head(200, [("Content-Length", len(data))])
            r.raw(data[:100_000])
            raise Gone
        r.reply(206, data[start + 7:], [("Content-Range", f"bytes {start + 7}-{len(data) - 1}/{len(data)}")])
        return
    r.serve()


def do_broken_for_ever(r):
    if r.is_first_layer():
        r.head(200, [("Content-Length", len(r.wanted()[0]))])
        raise Gone
    r.serve()


def do_broken_manifest(r):
    data, kind = r.wanted()
    if r.kind == "manifests":
        r.head(200, [("Content-Type", kind), ("Content-Length", len(data))])
        r.raw(data[:-1])
        raise Gone
    r.serve()


def do_cut(r):
    """cut-N: the manifest's first N bytes, as if they were all."""
    data, kind = r.wanted()
    r.reply(200, data[:int(r.behaviour[4:])] if r.kind == "manifests" else data, [("Content-Type", kind)])


def do_redirect_loop(r):
    r.reply(307, b"", [("Location", r.path + "?again")])


def do_redirect_chain(r):
    """Ten times, to get there at last."""
    n = r.count("redirect-chain " + r.path) % 11
    if n:
        r.reply(307, b"", [("Location", r.path)])
    else:
        r.serve()


def do_redirect_elsewhere(r):
    """Layers are at another port, where nobody should hear who is asking."""
    if r.server.needs_token(r):
        return
    if r.is_layer():
        r.reply(307, b"", [("Location", f"http://127.0.0.1:{r.server.elsewhere.port}{r.path.replace('redirect-elsewhere', 'plain')}")])
    else:
        r.serve()


def do_redirect_plain(r):
    r.reply(307, b"", [("Location", "http://registry.invalid" + r.path)])


def do_redirect_file(r):
    r.reply(307, b"", [("Location", "file:///etc/passwd")])


def do_redirect_odd(r):
    r.reply(307, b"", [("Location", "https://127.0.0.1\\@registry.invalid/")])


def do_token(r):
    if not r.server.needs_token(r):
        r.serve()


def do_login(r):
    """Needs a token that only a user gets."""
    if not r.server.needs_token(r, user=USER):
        r.serve()


def do_basic(r):
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if r.headers.get("authorization") == expected:
        r.serve()
    else:
        r.error(401, "UNAUTHORIZED", "authentication required", [("WWW-Authenticate", 'Basic realm="nasty"')])


def do_unauthorized_for_ever(r):
    r.error(401, "UNAUTHORIZED", "never", [("WWW-Authenticate", f'Bearer realm="http://127.0.0.1:{r.server.port}/token",service="nasty"')])


def do_unauthorized_without_a_word(r):
    r.error(401)


def do_odd_challenge(r):
    r.error(401, headers=[("WWW-Authenticate", 'Bearer realm="file:///etc/shadow"')])


def do_token_expires(r):
    """Breaks off after 100,000 bytes; meanwhile the token has become old."""
    if r.server.needs_token(r):
        return
    if r.is_first_layer():
        data, start = r.wanted()[0], r.range_start()
        if not start:
            r.server.revoke()
            r.head(200, [("Content-Length", len(data))])
            r.raw(data[:100_000])
            raise Gone
    r.serve()


def do_bad_token(r):
    r.error(401, headers=[("WWW-Authenticate", f'Bearer realm="http://127.0.0.1:{r.server.port}/bad-token"')])


def do_no_token(r):
    r.error(401, headers=[("WWW-Authenticate", f'Bearer realm="http://127.0.0.1:{r.server.port}/no-token"')])


def do_denied(r):
    r.error(403, "DENIED", "requested access is\x1b[31m denied")


def do_missing(r):
    r.error(404, "NAME_UNKNOWN", "repository name not known to registry")


def do_missing_layer(r):
    if r.is_first_layer():
        r.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
    else:
        r.serve()


def do_busy(r):
    """429 first, and says for how long."""
    if r.count("busy " + r.path) == 1:
        r.error(429, "TOOMANYREQUESTS", "slow down", [("Retry-After", "1")])
    else:
        r.serve()


def do_busy_for_ever(r):
    r.error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit", [("Retry-After", "0")])


def do_failing(r):
    """503 twice."""
    if r.count("failing " + r.path) <= 2:
        r.error(503)
    else:
        r.serve()


def do_failing_for_ever(r):
    r.error(500, "INTERNAL", "sorry")


def do_header_bomb(r):
    r.raw(b"HTTP/1.1 200 OK\r\n")
    while True:
        r.raw(b"X-Bomb: " + b"x" * 1000 + b"\r\n")


def do_header_line_bomb(r):
    r.raw(b"HTTP/1.1 200 OK\r\nX-Bomb: ")
    while True:
        r.raw(b"x" * 65536)


def do_no_http(r):
    r.raw(b"SSH-2.0-OpenSSH_9.2\r\n")
    raise Gone


def do_nothing(r):
    raise Gone


def do_warning(r):
    r.serve([("Warning", '299 - "This image is old"'), ("Warning", '110 - "Response is stale"'),
             ("Warning", '299 - "and \x1b[31mtired"'), ("Warning", "299 - unquoted")])


ACTIONS = {name[3:].replace("_", "-"): function for name, function in list(globals().items()) if name.startswith("do_")}


class Nasty(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self, elsewhere=None, port=0):
        super().__init__(("127.0.0.1", port), None)
        self.port = self.server_address[1]
        self.elsewhere = elsewhere
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.requests, self.counts, self.images, self.tokens, self.serial = [], {}, {}, {}, 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.ended.set()
        self.shutdown()
        self.server_close()

    def wait_for_end(self):
        self.ended.wait()
        raise Gone

    def image(self, behaviour):
        with self.lock:
            if behaviour not in self.images:
                self.images[behaviour] = IMAGES.get(behaviour, Image)()
            return self.images[behaviour]

    def log(self):
        with self.lock:
            requests, self.requests = self.requests, []
            return requests

    # tokens
    def give_token(self, r):
        given = r.headers.get("authorization", "")
        user = None
        if given:
            if given != "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode():
                r.error(401, "UNAUTHORIZED", "wrong user or password")
                return
            user = USER
        if r.method == "POST":
            if "grant_type=refresh_token" not in r.body.decode() or "refresh_token=long.lived" not in r.body.decode():
                r.error(401, "UNAUTHORIZED", "bad refresh token")
                return
            user = USER
        with self.lock:
            self.serial += 1
            token = f"token-{self.serial}"
            self.tokens[token] = user
        r.reply(200, document({"access_token" if r.method == "POST" else "token": token, "expires_in": 300}))

    def revoke(self):
        with self.lock:
            self.tokens.clear()

    def needs_token(self, r, user=None):
        """True: it was refused."""
        token = r.headers.get("authorization", "").removeprefix("Bearer ")
        with self.lock:
            if token in self.tokens and (user is None or self.tokens[token] == user):
                return False
        r.error(401, "UNAUTHORIZED", "authentication required", [
            ("WWW-Authenticate", f'Bearer realm="http://127.0.0.1:{self.port}/token?x=1",service="nasty registry",'
                                 f'scope="repository:{r.behaviour}:pull"')])
        return True

    def answer(self, r):
        if r.path == "/log":
            r.reply(200, document(self.log()))
            return
        with self.lock:
            self.requests.append(r.log_entry())
        if r.path.startswith("/token"):
            self.give_token(r)
        elif r.path.startswith("/bad-token"):
            r.reply(200, document({"token": "a b\r\nX: y"}))
        elif r.path.startswith("/no-token"):
            r.error(500)
        elif r.path == "/file.tar":
            data, start = tar_of("file", noise("file", 400_000)), r.range_start()
            r.reply(206 if start else 200, data[start:],
                    [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")] if start else [])
        elif r.path.startswith("/v2/") and r.behaviour:
            name = "cut" if r.behaviour.startswith("cut-") else r.behaviour
            ACTIONS.get(name, Request.serve)(r)
        else:
            r.error(404)

    def finish_request(self, request, client_address):
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        first = request.recv(1, socket.MSG_PEEK)
        if first == b"\x16":  # TLS, which is not spoken here
            return
        stream = request.makefile("rb")
        try:
            while self.one(request, stream):
                pass
        except (Gone, OSError):
            pass

    def one(self, connection, stream):
        line = stream.readline(65536).decode("latin-1").split()
        if len(line) != 3:
            return False
        headers = {}
        while (header := stream.readline(65536).decode("latin-1").strip()):
            key, _, value = header.partition(":")
            headers[key.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        self.answer(Request(self, connection, line[0], line[1].partition("?again")[0], headers, body))
        return True


def main():
    server = Nasty(Nasty())
    if len(sys.argv) > 1:
        with open(sys.argv[1] + ".new", "w", encoding="ascii") as stream:
            stream.write(f"{server.port}\n")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
    else:
        print(server.port, flush=True)
    server.ended.wait()


if __name__ == "__main__":
    main()
