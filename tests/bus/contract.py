#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The contract: dbus/*.xml against the running daemon, and what broadcasts may carry."""
import sys
import xml.etree.ElementTree as ElementTree

import frame
from frame import (CONTAINER, IMAGE, MANAGER, MANAGER_PATH, OPERATION, PROPERTIES, ROOT_PATH, VOLUME, case, text, until,
                   world)

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"

# DESIGN: what everybody may see. A member is added here only with a reason why every user of the machine may know it.
PUBLIC = {
    CONTAINER: {"Id", "Name", "Image", "Owner", "State", "Health", "CreatedAt", "StartedAt", "FinishedAt", "ExitCode",
                "OOMKilled", "RestartCount"},
    IMAGE: {"Id", "Tags", "CreatedAt", "Size"},
    # Layers and Details: digests of an image that everybody will see, and what its registry says to all who ask.
    OPERATION: {"Kind", "Owner", "State", "Progress", "Layers", "Details", "Result", "Results", "Error"},
    MANAGER: {"Version", "StateDirectory"},
    # A name is taken for everybody, so everybody may see who has it.
    VOLUME: {"Name", "Owner", "CreatedAt", "Anonymous"},
}
# The same of the signal Event, beside the number, time, kind, action, id, name and owner that each has.
EVENT_ATTRIBUTES = {"image", "exitCode", "signal", "oldName", "health"}
EVENT_ACTIONS = {
    "container": {"create", "start", "restart", "die", "oom", "health_status", "kill", "stop", "pause", "unpause", "rename", "update",
                  "destroy"},
    "image": {"import", "pull", "load", "save", "tag", "untag", "delete", "prune"},
    "volume": {"create", "destroy"},
}
STANDARD = {"org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.Properties"}


def members(document, interface):
    """All that a caller can tell of an interface, in a form that can be compared."""
    found = ElementTree.fromstring(document).find(f"interface[@name='{interface}']")
    result = {}
    for member in found:
        if member.tag == "annotation":
            continue
        annotations = {a.get("name"): a.get("value") for a in member.findall("annotation")}
        if annotations.get(EMITS) == "true":
            del annotations[EMITS]
        default = "out" if member.tag == "signal" else "in"
        arguments = [(a.get("name"), a.get("type"), a.get("direction", default)) for a in member.findall("arg")]
        result[member.tag, member.get("name")] = (member.get("type"), member.get("access"), arguments, annotations)
    return result


def same_as_xml(w, path, interface):
    document = w.caller().call(path, "org.freedesktop.DBus.Introspectable", "Introspect").value()
    contract = members((frame.SOURCE / f"dbus/{interface}.xml").read_text(), interface)
    running = members(document, interface)
    assert contract == running, "\n".join(
        f"{key}: contract {contract.get(key)}, daemon {running.get(key)}"
        for key in sorted(contract.keys() | running.keys()) if contract.get(key) != running.get(key))


def image_of(root):
    return root.manager("GetImage", "(s)", ("bb:1",)).value()


def volume_of(root):
    return root.manager("CreateVolume", "(sa{sv})", ("a.volume", {"labels": frame.GLib.Variant("as", ["k=secret"])})).value()


def begin_import(root, reference):
    return root.import_image(reference).value()


@case("every interface is as its XML says")
def _():
    with world() as w:
        root = w.caller()
        same_as_xml(w, MANAGER_PATH, MANAGER)
        same_as_xml(w, root.create("one").value(), CONTAINER)
        same_as_xml(w, image_of(root), IMAGE)
        same_as_xml(w, begin_import(root, "slow"), OPERATION)
        same_as_xml(w, volume_of(root), VOLUME)


@case("GetAll shows what everybody may see and nothing else, to root as well")
def _():
    with world() as w:
        root = w.caller()
        for path, interface in ((root.create("one").value(), CONTAINER), (image_of(root), IMAGE),
                                (begin_import(root, "slow"), OPERATION), (volume_of(root), VOLUME), (MANAGER_PATH, MANAGER)):
            shown = root.call(path, PROPERTIES, "GetAll", "(s)", (interface,)).value()
            assert shown.keys() == PUBLIC[interface], (interface, shown.keys() ^ PUBLIC[interface])


@case("GetManagedObjects tells of every object, and of each what everybody may see")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(frame.USER)
        paths = {root.create("one").value(), image_of(root), begin_import(root, "slow"), volume_of(root), MANAGER_PATH}
        objects = user.call(ROOT_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").value()
        assert paths <= objects.keys(), paths - objects.keys()
        for path in paths:
            for interface, properties in objects[path].items():
                assert interface in STANDARD or properties.keys() == PUBLIC[interface], (path, interface, properties)


@case("broadcasts carry what everybody may see and nothing else")
def _():
    with world() as w:
        root, listener = w.caller(), w.caller(frame.USER)
        seen = listener.collect()
        path = root.create("one", label=frame.GLib.Variant("as", ["secret=1"]), env=frame.GLib.Variant("as", ["KEY=secret"])).value()
        for method in ("Start", "Restart", "Stop"):
            root.option_call(path, method).value()
        root.container(path, "Rename", "(s)", ("other",)).value()
        root.option_call(path, "Remove").value()
        volume_of(root)
        root.manager("RemoveVolume", "(sa{sv})", ("a.volume", {})).value()
        begin_import(root, "new:1")
        begin_import(root, "bad")
        root.pull("pulled:1").value()
        until(lambda: any(member == "PropertiesChanged" and a[1].get("State") == "failed" for _, member, a in seen))
        root.manager("RemoveImage", "(sa{sv})", ("new:1", {})).value()
        listener.sync()
        for where, member, arguments in seen:
            if member == "PropertiesChanged":
                assert arguments[1].keys() <= PUBLIC[arguments[0]], (where, arguments)
                assert set(arguments[2]) <= PUBLIC[arguments[0]] & {"Layers"}, (where, arguments)
            elif member == "InterfacesAdded":
                for interface, properties in arguments[1].items():
                    assert interface in STANDARD or properties.keys() <= PUBLIC[interface], (where, arguments)
            elif member == "Event":
                assert where == MANAGER_PATH and len(arguments) == 8, (where, arguments)
                assert arguments[3] in EVENT_ACTIONS[arguments[2]] and arguments[7].keys() <= EVENT_ATTRIBUTES, arguments
            else:
                assert member == "InterfacesRemoved", member
        assert "secret" not in repr(seen)
        assert {member for _, member, _ in seen} == {"PropertiesChanged", "InterfacesAdded", "InterfacesRemoved", "Event"}


@case("whoever forgets what InterfacesRemoved names keeps nothing of an object")
def _():
    with world() as w:
        root, listener = w.caller(), w.caller(frame.USER)
        seen = listener.collect("org.freedesktop.DBus.ObjectManager")
        path = root.create("one").value()
        told = set(listener.call(ROOT_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").value()[path])
        root.option_call(path, "Remove").value()
        listener.sync()
        added = [set(a[1]) for _, member, a in seen if member == "InterfacesAdded" and a[0] == path]
        removed = [set(a[1]) for _, member, a in seen if member == "InterfacesRemoved" and a[0] == path]
        assert added == [told] and removed == [told], (added, removed, told)


@case("the change comes before the reply to the call that made it, and once")
def _():
    with world() as w:
        root = w.caller()
        seen = root.collect(PROPERTIES)
        path = root.create("one").value()
        root.option_call(path, "Start").value()
        # The reply is here: what was sent before it is here as well, though perhaps not yet dispatched.
        context = frame.GLib.MainContext.default()
        while context.pending():
            context.iteration(False)
        states = [a[1]["State"] for where, _, a in seen if where == path and "State" in a[1]]
        assert states == ["running"], seen
        root.option_call(path, "Restart").value()
        root.sync()
        # Stopped and started within one turn of the loop: one signal, with the end of it.
        assert [a[1]["State"] for where, _, a in seen if where == path and "State" in a[1]] == ["running", "running"], seen


def events(caller, **filter):
    """ListEvents; after, since and until are t, limit is u."""
    given = {key: frame.GLib.Variant("u" if key == "limit" else "t", value) for key, value in filter.items()}
    return caller.manager("ListEvents", "(a{sv})", (given,)).value()


@case("what happened is told before the reply, under numbers that grow by one, and listed the same to everybody")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(frame.USER)
        w.polkit().answer = "no"
        seen = root.collect(MANAGER, "Event")
        path = root.create("one", label=frame.GLib.Variant("as", ["secret=1"])).value()
        root.option_call(path, "Start").value()
        root.container(path, "Kill", "(s)", ("TERM",)).value()
        root.container(path, "Rename", "(s)", ("other",)).value()
        root.option_call(path, "Remove").value()
        context = frame.GLib.MainContext.default()
        while context.pending():
            context.iteration(False)
        told = [arguments for _, _, arguments in seen]
        assert [e[3] for e in told] == ["create", "start", "kill", "die", "rename", "destroy"], told
        assert [e[0] for e in told] == list(range(1, 7)), told
        assert {e[4] for e in told} == {path.rsplit("/", 1)[1]} and [e[5] for e in told] == ["one"] * 4 + ["other"] * 2, told
        assert told[2][7] == {"image": "bb:1", "signal": "15"} and told[3][7]["exitCode"] == "143", told
        assert told[4][7]["oldName"] == "one", told
        assert events(user) == told == events(root)


@case("events are listed in pages, by number and by time, and no more than a page")
def _():
    with world() as w:
        root = w.caller()
        for number in range(3):
            root.option_call(root.create(f"c{number}").value(), "Remove").value()
        every = events(root)
        assert [e[0] for e in every] == list(range(1, 7)), every
        paged, last = [], 0
        while page := events(root, after=last, limit=4):
            paged += page
            last = page[-1][0]
        assert paged == every
        assert events(root, after=6) == events(root, after=2**64 - 1) == []
        assert events(root, since=every[2][1]) == [e for e in every if e[1] >= every[2][1]]
        assert events(root, until=every[2][1]) == [e for e in every if e[1] <= every[2][1]]
        assert events(root, since=every[-1][1] + 1) == events(root, until=every[0][1] - 1) == []
        for limit in (0, 1001):
            root.manager("ListEvents", "(a{sv})", ({"limit": frame.GLib.Variant("u", limit)},)).refused(frame.DBUS_ERROR + "InvalidArgs", "limit")
        root.manager("ListEvents", "(a{sv})", ({"label": text("x")},)).refused(frame.DBUS_ERROR + "InvalidArgs", "'label'")


@case("every method is open to users in the bus policy, so that polkit decides")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(frame.USER)
        w.polkit().answer = "no"
        paths = {MANAGER: MANAGER_PATH, CONTAINER: root.create("one").value(), IMAGE: image_of(root),
                 OPERATION: begin_import(root, "slow"), VOLUME: volume_of(root)}
        for interface, path in paths.items():
            document = (frame.SOURCE / f"dbus/{interface}.xml").read_text()
            for kind, name in members(document, interface):
                if kind != "method":
                    continue
                reply = user.call(path, interface, name, "(dd)", (0.5, 0.5)).wait()
                assert reply.error == frame.DBUS_ERROR + "InvalidArgs", (interface, name, reply.error, reply.message)


@case("a path that is no object is told apart from one that is gone by nothing")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        root.option_call(path, "Remove").value()
        for absent in (path, frame.NOBODY_THERE, f"{ROOT_PATH}/container/short", f"{path}/below"):
            root.option_call(absent, "Start").refused(frame.DBUS_ERROR + "UnknownObject")
        for absent in (f"{ROOT_PATH}/operation/0", f"{ROOT_PATH}/operation/01", f"{ROOT_PATH}/operation/99999999999999999999999"):
            root.call(absent, OPERATION, "Cancel").refused(frame.DBUS_ERROR + "UnknownObject")
        root.call(f"{ROOT_PATH}/image/{'f' * 64}", IMAGE, "Inspect").refused(frame.DBUS_ERROR + "UnknownObject")


@case("a sentence that is no UTF-8 reaches the caller with the bad bytes replaced")
def _():
    with world() as w:
        root = w.caller()
        path = begin_import(root, "bad")
        root.call(path, OPERATION, "Wait").refused(frame.ERROR + "InvalidArchive", "'a??'")
        name, sentence = root.get(path, OPERATION, "Error").value()
        assert name == frame.ERROR + "InvalidArchive" and "a??" in sentence, sentence
        root.create("broken", run=True).refused(frame.ERROR + "StartFailed", "'broken'")


@case("a second daemon cannot have the name, and says so")
def _():
    with world() as w:
        second = w.start_daemon(f"--root={w.directory}/other", f"--run-root={w.directory}/other-run")
        assert frame.NAME in w.ready and second.wait(frame.DEADLINE) == 1
        w.processes.remove(second)
        w.caller().sync()


@case("without its bus the daemon ends as failed, so that it is started again")
def _():
    with world() as w:
        bus = w.processes[0]
        bus.kill()
        bus.wait()
        assert w.daemon.wait(frame.DEADLINE) == 1
        w.processes.clear()


@case("the daemon that was killed has the name again when it is back")
def _():
    with world() as w:
        w.caller().create("one").value()
        w.daemon.kill()
        w.daemon.wait()
        w.processes.remove(w.daemon)
        w.start_daemon()
        assert w.ready == "1"
        w.caller().sync()


if __name__ == "__main__":
    sys.exit(frame.run_all())
