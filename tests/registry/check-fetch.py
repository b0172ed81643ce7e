#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check-fetch.py PULL CONFINED [PATTERN]: fetch against a registry that serves as well or as badly as it is told. As root; prints TAP."""
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import AGAIN, FETCHING, LAYER, LAYER_REPORT, MANIFEST, VERIFIED, Fetch, memfd  # noqa: E402
import nasty  # noqa: E402

PULL, CONFINED = sys.argv[1:3]
SANITIZED = b"__asan_init" in open(PULL, "rb").read()  # such a build has no system call filter
HEX = "0123456789abcdef" * 4
cases = []


def case(function):
    cases.append(function)
    return function


class Bench:
    """A registry of the case's own, and one beside it."""

    def __init__(self):
        self.other = nasty.Nasty()
        self.server = nasty.Nasty(self.other)
        self.host = f"127.0.0.1:{self.server.port}"

    def close(self):
        self.server.close()
        self.other.close()

    def pull(self, name, *arguments, tag=":1", **more):
        return Fetch(PULL, f"{self.host}/{name}{tag}", *arguments, **more).finish()

    def whole(self, name, *arguments, **more):
        return self.pull(name, *arguments, **more).assert_whole(self.server.image(name))

    def fails(self, name, code, *words, **more):
        return self.pull(name, **more).assert_failed(code, *words)

    def paths(self, kind=""):
        return [r["path"] for r in self.server.log() if kind in r["path"]]


def auths(host, **login):
    return {"auths": {host: login or {"auth": nasty.base64.b64encode(f"{nasty.USER}:{nasty.PASSWORD}".encode()).decode()}}}


# Images as they should be ----------------------------------------------------------------------------------------------

@case
def an_oci_image_comes_whole(b):
    fetch = b.whole("good")
    image = b.server.image("good")
    digest = hashlib.sha256(image.top).hexdigest()
    m = fetch.manifest
    assert m["digest"] == m["manifest_digest"] == digest and m["media_type"] == nasty.OCI_MANIFEST
    assert m["config_id"] == hashlib.sha256(image.config).hexdigest()
    diff_ids = [d.removeprefix("sha256:") for d in json.loads(image.config)["rootfs"]["diff_ids"]]
    assert [layer[2] for layer in m["layers"]] == diff_ids
    assert json.loads(m["config"])["config"]["Cmd"] == ["/file0"]
    assert fetch.result["size"] == sum(map(len, image.layers))


@case
def a_docker_image_comes_whole(b):
    assert b.whole("docker").manifest["media_type"] == nasty.DOCKER_MANIFEST


@case
def of_an_index_the_platform_is_chosen(b):
    fetch = b.whole("index")
    image = b.server.image("index")
    assert fetch.manifest["digest"] == hashlib.sha256(image.top).hexdigest() != fetch.manifest["manifest_digest"]
    other = b.pull("index", "--platform", "linux/arm64/v8")
    assert json.loads(other.manifest["raw_config"])["architecture"] == "arm64"
    b.whole("nested-index")
    b.whole("index-without-platforms")


@case
def of_a_list_the_best_variant_is_chosen(b):
    for asked, found in (("linux/arm/v7", "v7"), ("linux/arm", "v7"), ("linux/arm/v6", "v6"), ("linux/arm64", "v7"), ("linux/arm/v5", "v5")):
        assert json.loads(b.pull("list", "--platform", asked).manifest["raw_config"])["variant"] == found, asked
    b.pull("list", "--platform", "linux/s390x").assert_failed("NoSuchImage", "'linux/s390x'", "list:1")


@case
def without_an_image_for_the_platform_nothing_is_fetched(b):
    b.fails("not-for-us", "NoSuchImage", "linux/")
    b.fails("windows", "NoSuchImage", "windows/amd64")
    assert not b.paths("/blobs/sha256:" + hashlib.sha256(b.server.image("not-for-us").layers[0]).hexdigest())
    fetch = b.whole("foreign-machine")  # it has no index: it may be what is wanted
    assert len(fetch.warnings) == 1 and "linux/s390x" in fetch.warnings[0]
    b.pull("foreign-machine", "--platform", "linux/amd64").assert_failed("NoSuchImage", "linux/s390x")
    b.pull("good", "--platform", "not a platform").assert_failed("InvalidArgs", "not a platform")


@case
def by_digest_it_is_that_one(b):
    image = b.server.image("good")
    digest = nasty.sha256(image.top)
    assert b.whole("good", tag="@" + digest).manifest["digest"] == digest[7:]
    b.fails("good", "NoSuchImage", tag="@sha256:" + HEX)


@case
def what_is_known_is_not_asked_for_again(b):
    digest = nasty.sha256(b.server.image("good").top)
    fetch = b.pull("good", "--known-digest", digest)
    assert fetch.result["unchanged"] == 1 and fetch.manifest is None
    assert [r["method"] for r in b.server.log()] == ["HEAD"]
    b.whole("good", "--known-digest", "sha256:" + HEX)
    assert "unchanged" not in b.whole("good").result


@case
def only_what_is_asked_for_is_fetched(b):
    image = b.server.image("good")
    b.pull("good", want=[1]).assert_whole(image, layers=[1])
    assert len(b.paths("/blobs/")) == 2  # with the config
    b.pull("good", want=[]).assert_whole(image, layers=[])
    b.whole("no-layers")


@case
def a_manifest_of_four_mib_is_taken_and_no_more(b):
    b.whole("four-mib")
    b.fails("more-than-four-mib", "LimitReached", "4194304 bytes")


@case
def types_that_are_not_told_are_guessed(b):
    b.whole("no-type")


@case
def a_file_comes_by_its_url(b):
    data = nasty.tar_of("file", nasty.noise("file", 400_000))
    digest = hashlib.sha256(data).hexdigest()
    url = f"http://{b.host}/file.tar"
    fetch = Fetch(PULL, url, "--sha256", digest, plain=True).finish()
    assert fetch.failure is None and fetch.fetched == {0: (len(data), digest)} and fetch.manifest is None, fetch.failure
    Fetch(PULL, url, "--sha256", HEX, plain=True).finish().assert_failed("DigestMismatch", digest, HEX)
    Fetch(PULL, url).finish().assert_failed("InvalidArgs", "SHA-256")
    Fetch(PULL, url, "--sha256", "12").finish().assert_failed("InvalidArgs", "64")
    Fetch(PULL, f"http://{b.host}/no.tar", "--sha256", HEX, plain=True).finish().assert_failed("NoSuchImage", "server")
    Fetch(PULL, "http://registry.invalid/x.tar", "--sha256", HEX, plain=True).finish().assert_failed("InvalidArgs", "plain HTTP")
    Fetch(PULL, "https://a@b/x.tar", "--sha256", HEX, plain=True).finish().assert_failed("InvalidReference", "URL")


# Documents that are not --------------------------------------------------------------------------------------------------

@case
def what_is_no_image_is_refused_by_name(b):
    for name, code, words in (
            ("schema1", "Unsupported", ["schema 1"]), ("artifact", "Unsupported", ["artifact", "helm"]),
            ("foreign-docker", "Unsupported", ["Layer 2", "foreign"]), ("foreign-oci", "Unsupported", ["Layer 1", "foreign"]),
            ("unknown-layer", "Unsupported", ["application/x-rar"]), ("sha512", "Unsupported", ["sha512", "SHA-256"]),
            ("html", "InvalidArchive", ["JSON"]), ("deep", "InvalidArchive", ["JSON"]), ("both", "InvalidArchive", ["not clear"]),
            ("another-type", "InvalidArchive", ["says that its type"]), ("no-digest", "InvalidArchive", ["layer 1"]),
            ("negative-size", "InvalidArchive", ["layer 1"]), ("many-layers", "LimitReached", ["128 layers"]),
            ("fewer-diff-ids", "InvalidArchive", ["1 diff ids for 2 layers"]), ("index-of-indexes", "Unsupported", ["indexes"])):
        b.fails(name, code, *words)


@case
def a_manifest_cut_off_anywhere_is_refused(b):
    size = len(b.server.image("good").top)
    for n in [*range(0, size, 40), size - 1]:
        b.fails(f"cut-{n}", "InvalidArchive", "JSON")
    b.pull(f"cut-{size}").assert_whole(b.server.image("good"))


@case
def digests_are_held_against_what_comes(b):
    b.fails("wrong-layer", "DigestMismatch", "layer 1", "wrong-layer:1")
    b.fails("wrong-config", "DigestMismatch", "the config")
    b.fails("lying-header", "DigestMismatch", "The registry says")
    b.fails("wrong-manifest", "DigestMismatch", "the manifest", tag="@" + nasty.sha256(b.server.image("good").top))


@case
def sizes_are_held_against_what_comes(b):
    for name in ("short-layer", "long-layer", "long-layer-untold", "endless-layer"):
        b.fails(name, "DigestMismatch", "layer 1", str(len(b.server.image(name).layers[0])))
    b.fails("endless-manifest", "LimitReached", "4194304")
    b.fails("size-of-the-sky", "LimitReached", "Layer 1", config={"limits": {"layer_bytes": 1 << 40}})
    b.fails("good", "LimitReached", "limit of 1000", config={"limits": {"image_bytes": 1000}})
    b.whole("good", config={"limits": {"image_bytes": 600_000, "layer_bytes": 0}})


# Trouble -----------------------------------------------------------------------------------------------------------------

@case
def a_body_that_breaks_off_goes_on_where_it_stood(b):
    fetch = b.whole("broken-layer")
    assert fetch.again == 0
    ranges = [r["range"] for r in b.server.log() if r["range"]]
    assert ranges == ["bytes=100000-", "bytes=200000-"], ranges
    b.whole("broken-without-range")
    b.whole("silent-layer", config={"seconds": {"stall": 1, "pause": 0.01, "document": 5, "connect": 5}})


@case
def a_body_put_together_wrongly_is_fetched_anew(b):
    fetch = b.whole("broken-and-wrong")
    assert fetch.again == 1
    b.fails("wrong-range", "RegistryUnreachable", "another part")


@case
def retries_have_an_end(b):
    b.fails("broken-for-ever", "RegistryUnreachable", "broke off")
    assert len(b.paths(hashlib.sha256(b.server.image("broken-for-ever").layers[0]).hexdigest())) == 4
    b.fails("broken-manifest", "RegistryUnreachable", "broke off")
    b.fails("failing-for-ever", "RegistryUnreachable", "status 500", "sorry")
    b.fails("busy-for-ever", "RegistryDenied", "pull rate limit")
    b.fails("failing-for-ever", "RegistryUnreachable", config={"retries": 0})


@case
def who_is_busy_is_asked_again(b):
    b.whole("failing")
    begin = time.monotonic()
    b.pull("busy", want=[])
    assert time.monotonic() - begin >= 2  # the manifest's Retry-After, and the config's


@case
def who_is_slow_is_not_waited_for(b):
    quick = {"retries": 1, "seconds": {"document": 1, "pause": 0.01, "stall": 1}}
    b.fails("slow-manifest", "RegistryUnreachable", "too slow", config=quick)
    b.fails("silent-manifest", "RegistryUnreachable", "too slow", config=quick)


@case
def headers_and_regrets_have_a_bound(b):
    b.fails("header-bomb", "RegistryUnreachable", "headers")
    b.fails("header-line-bomb", "RegistryUnreachable", "headers")
    b.fails("endless-error", "RegistryDenied", "does not give")
    b.fails("no-http", "RegistryUnreachable")
    b.fails("nothing", "RegistryUnreachable")


@case
def refusals_say_what_the_registry_says(b):
    assert "\x1b" not in b.fails("denied", "RegistryDenied", "requested access is", "may not exist").failure[1]
    b.fails("missing", "NoSuchImage", "name not known", "missing:1")
    b.fails("missing-layer", "NoSuchImage", "layer 1", "blob unknown")


@case
def who_does_not_answer_is_named(b):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{nobody.getsockname()[1]}"
        Fetch(PULL, host + "/x:1").finish().assert_failed("RegistryUnreachable", f"Failed to connect to the registry '{host}': Connection refused")
    Fetch(PULL, "registry.invalid/x:1").finish().assert_failed("RegistryUnreachable", "registry.invalid", "find")


@case
def redirects_have_an_end_and_lead_to_few_places(b):
    b.fails("redirect-loop", "RegistryUnreachable", "more than 10")
    b.whole("redirect-chain")
    for name in ("redirect-plain", "redirect-file", "redirect-odd"):
        b.fails(name, "RegistryUnreachable", "must not be followed")


@case
def warnings_are_shown_once(b):
    assert b.whole("warning").warnings == ["This image is old", "and ?[31mtired"]


# Who we are --------------------------------------------------------------------------------------------------------------

@case
def a_token_is_had_by_anybody_and_used(b):
    b.whole("token")
    log = b.server.log()
    tokens = [r for r in log if r["path"].startswith("/token")]
    assert len(tokens) == 1 and tokens[0]["authorization"] is None, tokens
    assert tokens[0]["path"] == "/token?x=1&service=nasty%20registry&scope=repository%3Atoken%3Apull", tokens
    assert sum(r["authorization"] is None for r in log) == 2


@case
def a_token_is_had_by_a_user(b):
    b.fails("login", "RegistryDenied", "may not exist, or need a login")
    b.server.log()
    b.whole("login", credentials=auths(b.host))
    log = b.server.log()
    assert any("account=ann" in r["path"] and r["authorization"].startswith("Basic ") for r in log)
    assert not any((r["authorization"] or "").startswith("Basic ") for r in log if "/token" not in r["path"])
    b.whole("login", credentials=auths(b.host, identitytoken="long.lived"))
    b.fails("login", "RegistryDenied", "refresh", credentials=auths(b.host, identitytoken="stolen"))
    b.fails("login", "RegistryDenied", "wrong user", credentials=auths(b.host, username="ann", password="x"))
    b.fails("login", "RegistryDenied", credentials=auths("other.example"))
    b.server.tokens["mine"] = nasty.USER
    b.whole("login", credentials=auths(b.host, registrytoken="mine"))


@case
def basic_is_answered_with_the_login_of_that_host(b):
    b.whole("basic", credentials=auths(f"https://{b.host}/v1/"))
    b.fails("basic", "RegistryDenied", "asks for a login")
    b.fails("basic", "RegistryDenied", "password", credentials=auths(b.host, username="ann", password="wrong"))
    b.fails("basic", "RegistryDenied", "asks for a login", credentials=auths("127.0.0.1:1"))


@case
def the_login_goes_nowhere_else(b):
    b.pull("redirect-elsewhere", credentials=auths(b.host)).assert_whole(b.server.image("redirect-elsewhere"))
    log = b.other.log()
    assert len(log) == 2 and all(r["authorization"] is None for r in log), log


@case
def a_token_that_grows_old_is_renewed(b):
    fetch = b.whole("token-expires")
    assert fetch.again == 0 and len([r for r in b.server.log() if r["path"].startswith("/token")]) == 2


@case
def refusing_for_ever_has_an_end(b):
    b.fails("unauthorized-for-ever", "RegistryDenied", "never")
    assert len(b.paths("/token")) == 2
    b.fails("unauthorized-without-a-word", "RegistryDenied", "not supported")
    b.fails("odd-challenge", "RegistryDenied", "from where none can be had")
    b.fails("bad-token", "RegistryDenied", "no token")
    b.fails("no-token", "RegistryUnreachable", "a token")


@case
def credentials_must_be_sealed_and_make_sense(b):
    b.fails("good", "InvalidArgs", "sealed", credentials=memfd(b"{}"))
    b.fails("good", "InvalidArgs", "sealed", credentials=os.open("/dev/null", os.O_RDONLY))
    b.fails("good", "LimitReached", "65536", credentials=memfd(b" " * 65537, sealed=True))
    for text in (b"", b"[]", b'{"auths":[]}', b'{"auths":{"%s":{"auth":"!"}}}' % b.host.encode(), b'{"auths":{"%s":7}}' % b.host.encode()):
        assert "!" not in b.fails("good", "InvalidArgs", "config.json", credentials=memfd(text, sealed=True)).failure[1]
    b.whole("good", credentials=memfd(b"{}", sealed=True))


# Mirrors -----------------------------------------------------------------------------------------------------------------

def mirrors(b, *urls):
    return {"mirrors": {b.host: list(urls)}}


@case
def a_mirror_is_asked_first_and_the_registry_after_it(b):
    mirror = f"http://127.0.0.1:{b.other.port}"
    b.whole("good", config=mirrors(b, mirror))
    assert b.server.log() == [] and len(b.other.log()) == 4
    for name in ("missing", "denied", "nothing", "failing-for-ever", "html", "unauthorized-for-ever"):
        nasty.ACTIONS["aside"] = lambda r: nasty.ACTIONS.get(name, nasty.Request.serve)(r) if r.server is b.other else r.serve()
        if name == "html":
            continue  # its answer is taken for what it is
        b.whole("aside", config=mirrors(b, "http://127.0.0.1:9", mirror))


@case
def a_mirror_that_lies_or_lacks_is_left(b):
    mirror = f"http://127.0.0.1:{b.other.port}"
    for name, again in (("wrong-layer", 1), ("missing-layer", 0), ("short-layer", 0), ("broken-for-ever", 0), ("broken-layer", 0),
                        ("wrong-config", 0), ("lying-header", 0)):
        nasty.ACTIONS["aside"] = lambda r: nasty.ACTIONS[name](r) if r.server is b.other else r.serve()
        fetch = b.whole("aside", config=mirrors(b, mirror))
        assert fetch.again == again, (name, fetch.again)


@case
def a_mirror_is_not_told_who_we_are_elsewhere(b):
    mirror = f"http://127.0.0.1:{b.other.port}"
    nasty.ACTIONS["aside"] = nasty.do_basic
    b.whole("aside", config=mirrors(b, mirror), credentials=auths(b.host))
    log = b.other.log()
    assert log and all(r["authorization"] is None for r in log), log
    Fetch(PULL, f"{b.host}/aside:1", config=mirrors(b, mirror), credentials=auths(f"127.0.0.1:{b.other.port}")).finish() \
        .assert_whole(b.server.image("aside"))


# The daemon --------------------------------------------------------------------------------------------------------------

@case
def it_ends_with_its_daemon(b):
    fetch = Fetch(PULL, f"{b.host}/silent-manifest:1")
    fetch.control.close()
    fetch.control = socket.socket()
    fetch.finish().assert_failed("Cancelled", "daemon")
    fetch = Fetch(PULL, f"{b.host}/good:1", reader=lambda index, fd: fetch.control.shutdown(socket.SHUT_RDWR))
    fetch.end = lambda: None
    fetch.finish().assert_failed("Cancelled", "daemon")


@case
def what_the_daemon_cannot_mean_is_refused(b):
    fetch = Fetch(PULL, f"{b.host}/good:1", want=[2])
    fetch.finish().assert_failed("Internal", "a layer that there is not")
    fetch = Fetch(PULL, f"{b.host}/big:1", want=[0, 0])
    fetch.finish().assert_failed("Internal", "a layer twice")
    fetch = Fetch(PULL, f"{b.host}/silent-manifest:1")
    fetch.control.send(b"PDFCwhat")
    fetch.finish().assert_failed("Internal", "language")
    fetch = Fetch(PULL, f"{b.host}/good:1", want=[])
    fetch.end = lambda: fetch.send(LAYER, 0)
    fetch.finish().assert_failed("Internal", "without a pipe")


@case
def a_layer_that_nobody_reads_any_more_is_hashed_to_its_end(b):
    """Who gave up on it may have had wrong bytes, and only their digest tells."""
    def reader(index, fd):
        os.read(fd, 10)
        return index

    nasty.IMAGES["aside"] = nasty.image_big
    nasty.ACTIONS["aside"] = nasty.do_wrong_layer
    fetch = b.pull("big", reader=reader)
    assert fetch.failure is None and fetch.fetched == {0: 0, 1: 1, 2: 2}, fetch.failure
    verified = [f for k, f in fetch.reports if k == LAYER_REPORT and f["state"] == VERIFIED]
    assert len(verified) == 3 and all(f["done"] == f["total"] for f in verified)
    b.pull("aside", reader=reader).assert_failed("DigestMismatch", "layer 1")


@case
def a_full_pipe_holds_the_transfer_back(b):
    """More than a pipe and the sockets hold: it must wait, and use no memory for what waits."""
    image = nasty.Image((60_000_000,))
    b.server.images["held"] = image
    used = []

    def reader(index, fd):
        last, still = -1, 0
        while still < 10:  # until nothing moves any more
            time.sleep(0.05)
            now = fcntl.ioctl(fd, 0x541B, b"\0\0\0\0")
            still, last = (still + 1, now) if now == last else (0, now)
        with open(f"/proc/{f.process.pid}/status", encoding="ascii") as status:
            used.append(int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)))
        return f.read_pipe(index, fd)

    f = Fetch(PULL, f"{b.host}/held:1", reader=reader)
    f.finish().assert_whole(image)
    assert used[0] < 24_000 or SANITIZED, used


@case
def progress_is_told_ten_times_a_second_at_most(b):
    fetch = b.whole("big")
    told = [f for k, f in fetch.reports if k == LAYER_REPORT and f["state"] == FETCHING]
    assert 3 <= len(told) <= 60 and all(f["total"] == len(b.server.image("big").layers[f["index"]]) for f in told)
    assert not [f for k, f in fetch.reports if k == LAYER_REPORT and f["state"] == AGAIN]
    assert [k for k, _ in fetch.reports].count(MANIFEST) == 1


# Names and certificates --------------------------------------------------------------------------------------------------

class Names:
    """A name server at 127.0.0.77: registry.test is this machine, and there is nothing else. In a mount namespace of its own
    a run is told of it."""

    socket = None  # one for all cases

    def __init__(self, top):
        if not Names.socket:
            Names.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            Names.socket.bind(("127.0.0.77", 53))
            threading.Thread(target=Names.serve, daemon=True).start()
        Names.asked = []
        for name, text in (("resolv.conf", "nameserver 127.0.0.77\n"), ("hosts", "127.0.0.1 localhost\n"),
                           ("nsswitch.conf", "hosts: files dns\n")):
            with open(f"{top}/{name}", "w", encoding="ascii") as stream:
                stream.write(text)
        os.chmod(top, 0o755)
        script = "".join(f"mount --bind {top}/{n} $(realpath /etc/{n}) && " for n in ("resolv.conf", "hosts", "nsswitch.conf"))
        self.through = ("unshare", "--mount", "sh", "-c", script + 'exec "$@"', "sh")

    @staticmethod
    def serve():
        while True:
            query, sender = Names.socket.recvfrom(512)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind = query[at + 2]
            Names.asked.append((".".join(labels), kind))
            known = labels == ["registry", "test"]
            address = known and kind == 1
            answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01" if address else b""
            Names.socket.sendto(query[:2] + (b"\x81\x80" if known else b"\x81\x83") + query[4:6] + bytes([0, address, 0, 0, 0, 0]) +
                                query[12:at + 5] + answer, sender)


@case
def a_name_is_looked_up_and_trusted_as_configured(b):
    with tempfile.TemporaryDirectory(prefix="fetch-") as top:
        names = Names(top)
        host = f"registry.test:{b.server.port}"
        image = b.server.image("good")
        Fetch(PULL, f"{host}/good:1", config={"insecure": [host]}, through=names.through).finish().assert_whole(image)
        assert ("registry.test", 1) in names.asked, names.asked
        # without a word in the configuration nothing is said in plain HTTP
        b.server.log()
        Fetch(PULL, f"{host}/good:1", through=names.through).finish().assert_failed("RegistryUnreachable", host)
        Fetch(PULL, f"http://{host}/file.tar", "--sha256", HEX, plain=True, through=names.through).finish() \
            .assert_failed("InvalidArgs", "plain HTTP")
        assert b.server.log() == []
        Fetch(PULL, "other.test/x:1", through=names.through).finish().assert_failed("RegistryUnreachable", "find", "other.test")


class Tls:
    """TLS in front of the case's registry, with a certificate of its own making."""

    def __init__(self, top, port, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                        "-addext", f"subjectAltName=DNS:{name}", "-keyout", f"{top}/key", "-out", f"{top}/crt"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{top}/crt", f"{top}/key")
        self.backend, self.context, self.socket = port, context, socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.pass_on, args=(client,), daemon=True).start()

    def pass_on(self, client):
        try:
            with self.context.wrap_socket(client, server_side=True) as inside, \
                    socket.create_connection(("127.0.0.1", self.backend)) as outside:
                def back():
                    while (data := outside.recv(65536)):
                        inside.sendall(data)
                    inside.shutdown(socket.SHUT_RDWR)
                threading.Thread(target=back, daemon=True).start()
                while (data := inside.recv(65536)):
                    outside.sendall(data)
        except OSError:
            pass  # who does not trust us leaves

    def close(self):
        self.socket.close()


@case
def a_certificate_is_trusted_where_it_is_put(b):
    with tempfile.TemporaryDirectory(prefix="fetch-") as top:
        names, tls = Names(top), Tls(top, b.server.port, "registry.test")
        try:
            host, image = f"registry.test:{tls.port}", b.server.image("good")

            def pull(reference, **config):
                return Fetch(PULL, reference, config={"certs": [f"{top}/certs"], **config}, through=names.through).finish()

            pull(f"{host}/good:1").assert_failed("RegistryUnreachable", "certificate", host, "not trusted")
            assert b.server.log() == []
            pull(f"{host}/good:1", insecure=[host]).assert_whole(image)
            os.makedirs(f"{top}/certs/{host}", mode=0o700)  # root may read it, and nobody else
            shutil.copy(f"{top}/crt", f"{top}/certs/{host}/own.crt")
            pull(f"{host}/good:1").assert_whole(image)
            pull(f"{host}/redirect-elsewhere:1").assert_whole(b.server.image("redirect-elsewhere"))
            # the right authority, for another name
            os.rename(f"{top}/certs/{host}", f"{top}/certs/127.0.0.1:{tls.port}")
            pull(f"127.0.0.1:{tls.port}/good:1").assert_failed("RegistryUnreachable", "not trusted")
            with open(f"{top}/certs/127.0.0.1:{tls.port}/own.crt", "w", encoding="ascii") as stream:
                stream.write("nonsense")
            pull(f"127.0.0.1:{tls.port}/good:1").assert_failed("RegistryUnreachable")
        finally:
            tls.close()


# What it can do from inside --------------------------------------------------------------------------------------------

def landlock_version():
    """0: the kernel has none, and then nothing but the user and the system calls keeps it from files that all may read."""
    import ctypes
    return max(ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), 1), 0)


@case
def what_it_may_open_connect_to_and_call(b):
    if SANITIZED:  # without the filter accept() waits, and fork() makes one more that tries it all
        return
    with tempfile.TemporaryDirectory(prefix="fetch-") as top:
        os.chmod(top, 0o755)
        path = top + "/socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            os.chmod(path, 0o666)
            listener.listen()
            run = subprocess.run([CONFINED, str(b.server.port), path], env={}, stdin=subprocess.DEVNULL, capture_output=True,
                                 text=True, check=True)
    found = dict(line.rsplit(" ", 1) for line in run.stdout.splitlines())
    allowed = {"read:/etc/hosts", "read:/etc/nsswitch.conf", "read:/etc/ssl/openssl.cnf", "tcp", "connect", "tcp6", "udp", "pair",
               "thread", "resolve"}
    assert {name for name in allowed if found[name] != "ok"} == set(), found
    refused = {name: how for name, how in found.items() if name not in allowed}
    open_to_all = ("read:/etc/passwd", "read:/etc/hostname", "read:/proc", "read:/sys", "read:/dev", "read:/var", "read:/bin", "read:/")
    for name, how in refused.items():
        if landlock_version() < 2 and (name.startswith(open_to_all) or name.startswith("create:")):
            continue
        assert how in ("EACCES", "EPERM", "ENOSYS", "EISCONN"), (name, how)
    assert not os.path.exists("/tmp/confined-was-here")


@case
def it_is_nobody_and_holds_nothing(b):
    fetch = Fetch(PULL, f"{b.host}/silent-manifest:1", credentials=auths("x"))
    while not b.server.log():
        time.sleep(0.01)
    with open(f"/proc/{fetch.process.pid}/status", encoding="ascii") as stream:
        now = dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)
    names = [line.split(":") for line in open("/etc/passwd", encoding="utf-8")]
    ids = {entry[0]: (entry[2], entry[3]) for entry in names}
    uid, gid = ids.get("pocketdocker-pull") or ids.get("nobody") or ("65534", "65534")
    assert now["Uid"].split() == [uid] * 4 and now["Gid"].split() == [gid] * 4 and now["Groups"].strip() == "", now
    assert all(int(now[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")), now
    assert now["NoNewPrivs"] == "1" and (SANITIZED or now["Seccomp"] == "2"), now
    fetch.control.close()
    fetch.control = socket.socket()
    fetch.finish().assert_failed("Cancelled")


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        return 0
    wanted = [c for c in cases if len(sys.argv) < 4 or re.search(sys.argv[3], c.__name__)]
    failed = 0
    print(f"1..{len(wanted)}")
    for number, function in enumerate(wanted, 1):
        name = function.__name__.replace("_", " ")
        bench = Bench()
        begin = time.monotonic()
        try:
            function(bench)
            print("ok", number, "-", name, flush=True)
        except (AssertionError, OSError, KeyError, TypeError, subprocess.CalledProcessError) as error:
            failed += 1
            where = error.__traceback__
            while where.tb_next and where.tb_next.tb_frame.f_code.co_filename == __file__:
                where = where.tb_next
            print("not ok", number, "-", name, flush=True)
            print("#", f"line {where.tb_lineno}:", repr(error)[:2000], flush=True)
        bench.close()
        nasty.ACTIONS.pop("aside", None)
        nasty.IMAGES.pop("aside", None)
        if "-v" in sys.argv:
            print("#", round(time.monotonic() - begin, 2), "s", flush=True)
    return 1 if failed else 0


signal.alarm(600)
sys.exit(main())
