#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""OpenMount and volumes: works, bad arguments, limits, another's. What the mounts then are is in tests/e2e/mounts.py."""
import os
import subprocess
import sys

import frame
from frame import DBUS_ERROR, ERROR, OPERATION, OTHER_USER, ROOT_PATH, USER, VOLUME, GLib, case, switch, text, world

INVALID = DBUS_ERROR + "InvalidArgs"
DENIED = DBUS_ERROR + "AccessDenied"
TOKENS_PER_CALLER, TOKENS_PER_OWNER = 128, 512


def strings(*values):
    return GLib.Variant("as", values)


def hand_over(caller, path, flags=os.O_RDONLY):
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        return caller.manager("OpenMount", "(h)", (0,), fds=[fd])
    finally:
        os.close(fd)


def mount(token, target="/x"):
    return strings(f"type=bind,token={token},target={target}")


@case("OpenMount gives a token that one container of this connection may have")
def _():
    with world() as w:
        root = w.caller()
        token = hand_over(root, w.directory).value()
        assert len(token) == 64
        root.create("one", mount=mount(token)).value()
        root.create("two", mount=mount(token)).refused(INVALID, "'/x'")


@case("a token is no other connection's, and nobody's once its own has left")
def _():
    with world() as w:
        root, other = w.caller(), w.caller()
        token = hand_over(root, w.directory).value()
        other.create("one", mount=mount(token)).refused(INVALID, "unknown to this connection")
        root.close()
        other.create("one", mount=mount(token)).refused(INVALID, "unknown to this connection")


@case("a refused container leaves its token good")
def _():
    with world() as w:
        root = w.caller()
        token = hand_over(root, w.directory).value()
        root.create("full", mount=mount(token)).refused(ERROR + "LimitReached")
        root.create("one", mount=mount(token)).value()


@case("a token that is too old is refused")
def _():
    with world(environment={"POCKETDOCKER_MOUNT_SECONDS": "0.000001"}) as w:
        root = w.caller()
        root.create("one", mount=mount(hand_over(root, w.directory).value())).refused(INVALID, "too old")


@case("a token stays good while polkit thinks about the call that has shown it")
def _():
    with world() as w:
        polkit, user = w.polkit(), w.caller(USER)
        polkit.answer = "hang"
        reply = user.create("one", mount=mount(hand_over(user, w.directory).value()))
        frame.until(lambda: polkit.waiting)
        polkit.say_now("yes")
        reply.value()


@case("what is not open for reading, no directory and no file is refused")
def _():
    with world() as w:
        root = w.caller()
        hand_over(root, w.directory, os.O_PATH).refused(INVALID, "O_PATH")
        hand_over(root, w.log, os.O_WRONLY).refused(INVALID, "not open for reading")
        hand_over(root, "/dev/null").refused(INVALID, "'/dev/null'")
        os.mkfifo(w.directory / "fifo")
        hand_over(root, w.directory / "fifo", os.O_RDONLY | os.O_NONBLOCK).refused(INVALID, "fifo'")
        root.manager("OpenMount", "(s)", ("/etc",)).refused(INVALID)


@case("what is of another mount namespace is refused")
def _():
    with world() as w:
        other = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; read _"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        other.stdout.readline()
        hand_over(w.caller(), f"/proc/{other.pid}/root/{w.directory}").refused(INVALID, "another mount namespace")
        other.communicate(b"\n")


@case("one connection and one user hand over so many, and others then have room")
def _():
    with world() as w:
        callers = [w.caller(USER) for _ in range(TOKENS_PER_OWNER // TOKENS_PER_CALLER + 1)]
        for caller in callers[:-1]:
            replies = [hand_over(caller, w.directory) for _ in range(TOKENS_PER_CALLER)]
            for reply in replies:
                reply.value()
            hand_over(caller, w.directory).refused(ERROR + "LimitReached", str(TOKENS_PER_CALLER))
        hand_over(callers[-1], w.directory).refused(ERROR + "LimitReached", str(TOKENS_PER_OWNER))
        hand_over(w.caller(OTHER_USER), w.directory).value()
        callers[0].close()
        frame.until(lambda: hand_over(callers[-1], w.directory).wait().error is None)


@case("a mount by its path weakens, and one that was handed over does not")
def _():
    with world() as w:
        polkit, user = w.polkit(), w.caller(USER)
        user.create("one", mount=mount(hand_over(user, w.directory).value())).value()
        assert polkit.questions[-1][0] == "org.pocketdocker.manage-own", polkit.questions
        user.create("two", mount=strings("type=bind,source=/srv,target=/x")).value()
        assert polkit.questions[-1][0] == "org.pocketdocker.privileged" and polkit.questions[-1][1]["options"] == "mount"
        for bad in ("type=bind,target=/x", "type=bind,source=relative,target=/x", "type=bind,source=/a,token=b,target=/x",
                    "type=bind,source=/a,target=/x,idmap=caller", "type=bind,source=/a/../b,target=/x", "target=x"):
            user.create(mount=strings(bad)).wait()
            reply = user.create(mount=strings(bad)).wait()
            assert reply.error in (INVALID, ERROR + "InvalidSpec"), (bad, reply.error, reply.message)


@case("volumes are made, found, listed and removed")
def _():
    with world() as w:
        root = w.caller()
        path = root.manager("CreateVolume", "(sa{sv})", ("a.b-c", {"labels": strings("k=v"), "driver": text("local")})).value()
        assert path.startswith(f"{ROOT_PATH}/volume/a_2eb_2dc"), path
        assert root.manager("CreateVolume", "(sa{sv})", ("a.b-c", {})).value() == path
        assert root.manager("GetVolume", "(s)", ("a.b-c",)).value() == path
        assert root.get(path, VOLUME, "Name").value() == "a.b-c"
        assert root.get(path, VOLUME, "Labels").value() == ["k=v"]
        assert "a.b-c" in root.call(path, VOLUME, "Inspect").value()
        anonymous = root.manager("CreateVolume", "(sa{sv})", ("", {})).value()
        assert root.get(anonymous, VOLUME, "Anonymous").value() is True
        listed = root.manager("ListVolumes", "(a{sv})", ({},)).value()
        assert {p for p, _ in listed} == {path, anonymous}
        for filter, found in (({"name": strings("b-")}, 1), ({"label": strings("k")}, 1), ({"label": strings("k=w")}, 0),
                              ({"dangling": switch(True)}, 2), ({"dangling": switch(False)}, 0)):
            assert len(root.manager("ListVolumes", "(a{sv})", (filter,)).value()) == found, filter
        root.manager("RemoveVolume", "(sa{sv})", ("a.b-c", {})).value()
        root.manager("RemoveVolume", "(sa{sv})", ("a.b-c", {})).refused(ERROR + "NoSuchVolume", "'a.b-c'")
        root.manager("RemoveVolume", "(sa{sv})", ("a.b-c", {"force": switch(True)})).value()
        root.manager("GetVolume", "(s)", ("a.b-c",)).refused(ERROR + "NoSuchVolume", "'a.b-c'")
        root.call(path, VOLUME, "Inspect").refused(DBUS_ERROR + "UnknownObject")
        operation = root.manager("PruneVolumes", "(a{sv})", ({"all": switch(True)},)).value()
        root.call(operation, OPERATION, "Wait").value()


@case("what a volume cannot be is refused with a sentence")
def _():
    with world() as w:
        root = w.caller()
        root.manager("CreateVolume", "(sa{sv})", ("v", {"driver": text("nfs")})).refused(ERROR + "Unsupported", "'nfs'")
        root.manager("CreateVolume", "(sa{sv})", ("v", {"opt": strings("type=nfs")})).refused(ERROR + "Unsupported", "'type=nfs'")
        root.manager("CreateVolume", "(sa{sv})", ("v", {"labels": strings("novalue")})).refused(INVALID, "'novalue'")
        root.manager("CreateVolume", "(sa{sv})", ("v", {"colour": text("red")})).refused(INVALID, "'colour'")
        root.manager("CreateVolume", "(sa{sv})", ("full", {})).refused(ERROR + "LimitReached")
        root.manager("CreateVolume", "(sa{sv})", ("used", {})).value()
        root.manager("RemoveVolume", "(sa{sv})", ("used", {})).refused(ERROR + "VolumeInUse", "'used'")
        root.manager("ListVolumes", "(a{sv})", ({"colour": strings("red")},)).refused(INVALID, "'colour'")
        assert root.manager("ListVolumes", "(a{sv})", ({},)).value()[0][1]["Containers"] == 1


@case("another's volume is asked about as another's, its labels are its owner's, and it is found by none of them")
def _():
    with world() as w:
        polkit, user, other = w.polkit(), w.caller(USER), w.caller(OTHER_USER)
        path = user.manager("CreateVolume", "(sa{sv})", ("mine", {"labels": strings("secret=1")})).value()
        assert polkit.questions[-1][0] == "org.pocketdocker.manage-own" and polkit.questions[-1][1]["verb"] == "create-volume"
        other.get(path, VOLUME, "Labels").refused(DENIED, "'mine'")
        other.get(path, VOLUME, "Mountpoint").refused(DENIED)
        assert other.manager("ListVolumes", "(a{sv})", ({"label": strings("secret")},)).value() == []
        assert "secret" not in repr(other.manager("ListVolumes", "(a{sv})", ({},)).value())
        polkit.answer = "no"
        for method, signature, arguments, action in (
                ("RemoveVolume", "(sa{sv})", ("mine", {}), "manage"),
                ("CreateContainer", "(sa{sv})", ("bb:1", {"mount": strings("type=volume,source=mine,target=/x")}), "manage")):
            other.manager(method, signature, arguments).refused(DENIED)
            assert polkit.questions[-1][0] == "org.pocketdocker." + action, polkit.questions[-1]
            assert polkit.questions[-1][1]["owner"] == str(USER)
        other.call(path, VOLUME, "Inspect").refused(DENIED)
        assert polkit.questions[-1][0] == "org.pocketdocker.manage"
        assert user.call(path, VOLUME, "Inspect").value()
        polkit.answer = "yes"
        other.manager("CreateVolume", "(sa{sv})", ("mine", {})).refused(ERROR + "VolumeExists", "'mine'")


if __name__ == "__main__":
    sys.exit(frame.run_all())
