#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each method: works, bad arguments, limits, the caller gone. Who is refused what is in polkit.py."""
import fcntl
import json
import os
import tempfile
import sys
import time

import frame
from frame import (CONTAINER, DBUS_ERROR, ERROR, IMAGE, MANAGER_PATH, OPERATION, PROPERTIES, ROOT_PATH, USER, GLib, case, switch, text,
                   until, world)

INVALID = DBUS_ERROR + "InvalidArgs"
CALLS_PER_CALLER = 256


def number(n):
    return GLib.Variant("t", n)


def strings(*values):
    return GLib.Variant("as", values)


@case("RunContainer gives a running container, CreateContainer one that is created")
def _():
    with world() as w:
        root = w.caller()
        running, created = root.create("one", run=True).value(), root.create("two").value()
        assert root.get(running, CONTAINER, "State").value() == "running"
        assert root.get(created, CONTAINER, "State").value() == "created"
        assert running.startswith(f"{ROOT_PATH}/container/") and len(running.rsplit("/", 1)[1]) == 64


@case("an option that is not known, of a wrong type or out of bounds is refused by name, and nothing is made")
def _():
    with world() as w:
        root = w.caller()
        for options, word in (({"nam": text("x")}, "'nam'"), ({"name": switch(True)}, "'name'"), ({"tty": text("yes")}, "'tty'"),
                              ({"env": text("A=1")}, "'env'"), ({"stop-timeout": GLib.Variant("u", 5)}, "'stop-timeout'"),
                              ({"label": GLib.Variant("aay", [b"x"])}, "'label'"), ({"tty": GLib.Variant("v", switch(True))}, "'tty'")):
            for method in ("RunContainer", "CreateContainer"):
                root.manager(method, "(sa{sv})", ("bb:1", options)).refused(INVALID, word)
        root.manager("RunContainer", "(sa{sv})", ("bb:1", {"publish": strings("80:80")})).refused(ERROR + "Unsupported", "publish")
        root.manager("RunContainer", "(s)", ("bb:1",)).refused(INVALID)
        assert root.manager("ListContainers", "(a{sv})", ({},)).value() == []


@case("what the engine refuses comes back by its name")
def _():
    with world() as w:
        root = w.caller()
        root.create("one").value()
        root.create("one").refused(ERROR + "ContainerExists", "'one'")
        root.create("two", image="absent").refused(ERROR + "NoSuchImage", "'absent'")
        root.create("full").refused(ERROR + "LimitReached")
        root.create("broken", run=True).refused(ERROR + "StartFailed", "'broken'")
        root.manager("GetContainer", "(s)", ("absent",)).refused(ERROR + "NoSuchContainer", "'absent'")
        root.manager("GetImage", "(s)", ("absent",)).refused(ERROR + "NoSuchImage", "'absent'")


@case("a request-id gives the first container again")
def _():
    with world() as w:
        root = w.caller()
        first = root.create(request_id=text("r1")).value()
        assert root.create(request_id=text("r1")).value() == first
        assert root.create(request_id=text("r2")).value() != first


@case("Start, Stop, Kill, Restart, Rename and Remove do what they say")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()

        def state():
            return root.get(path, CONTAINER, "State").value()

        root.option_call(path, "Start").value()
        assert state() == "running"
        root.option_call(path, "Stop", {"timeout": number(0), "signal": text("INT")}).value()
        assert state() == "exited" and root.get(path, CONTAINER, "ExitCode").value() == 130
        root.option_call(path, "Restart", {"timeout": number(1000000)}).value()
        assert state() == "running"
        root.container(path, "Kill", "(s)", ("",)).value()
        assert root.get(path, CONTAINER, "ExitCode").value() == 137
        root.container(path, "Kill", "(s)", ("TERM",)).refused(ERROR + "WrongState", "'one'")
        root.container(path, "Rename", "(s)", ("other",)).value()
        assert root.manager("GetContainer", "(s)", ("other",)).value() == path
        root.option_call(path, "Start").value()
        root.option_call(path, "Remove").refused(ERROR + "WrongState", "'other'")
        root.option_call(path, "Remove", {"force": switch(True), "volumes": switch(True)}).value()
        root.option_call(path, "Start").refused(DBUS_ERROR + "UnknownObject")


@case("Pause and Unpause change the state, and are refused where they make no sense")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        root.container(path, "Pause").refused(ERROR + "WrongState", "'one'")
        root.option_call(path, "Start").value()
        root.container(path, "Unpause").refused(ERROR + "WrongState", "'one'")
        root.container(path, "Pause").value()
        assert root.get(path, CONTAINER, "State").value() == "paused"
        assert len(root.manager("ListContainers", "(a{sv})", ({"running": switch(True)},)).value()) == 1
        root.container(path, "Pause").refused(ERROR + "WrongState", "'one'")
        root.container(path, "Unpause").value()
        assert root.get(path, CONTAINER, "State").value() == "running"


@case("GetStats, WatchStats and ListProcesses tell of one that runs, and leave out what is not known")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        for method, signature, arguments in (("GetStats", "()", ()), ("WatchStats", "(a{sv})", ({},)), ("ListProcesses", "()", ())):
            root.container(path, method, signature, arguments).refused(ERROR + "WrongState", "'one'")
        root.option_call(path, "Start").value()
        assert root.container(path, "GetStats").value() == {"OnlineCPUs": 2, "CPUUsage": 1500}
        watch = root.option_call(path, "WatchStats")
        watch.value()
        with os.fdopen(watch.fds[0]) as lines:
            assert [json.loads(line) for line in lines] == [{"Id": path.rsplit("/", 1)[1], "Name": "one", "OnlineCPUs": 2, "CPUUsage": 1500}]
        assert root.container(path, "ListProcesses").value() == ([(4711, 4710, 1, 7, 3, 5, "", "sh")], 9)


@case("an option that a container's method does not know, or of a wrong type, is refused by name")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        for method in ("Start", "Stop", "Restart", "Remove", "Wait", "Attach", "Logs", "WatchStats"):
            root.option_call(path, method, {"nonsense": switch(True)}).refused(INVALID, "'nonsense'")
        for method, option, value in (("Stop", "timeout", text("5")), ("Stop", "timeout", GLib.Variant("u", 5)),
                                      ("Restart", "signal", number(9)), ("Remove", "force", text("yes")),
                                      ("Attach", "stdin", number(1)), ("Logs", "tail", GLib.Variant("u", 5)),
                                      ("Wait", "condition", switch(True))):
            root.option_call(path, method, {option: value}).refused(INVALID, f"'{option}'")
        root.option_call(path, "Stop", {"signal": text("NOSUCH")}).refused(INVALID, "'NOSUCH'")
        root.container(path, "Kill", "(s)", ("NOSUCH",)).refused(INVALID, "'NOSUCH'")
        root.option_call(path, "Wait", {"condition": text("tomorrow")}).refused(INVALID, "'tomorrow'")
        root.container(path, "Resize", "(uu)", (65536, 1)).refused(INVALID)
        root.container(path, "Exec", "(asa{sv})", ([], {})).refused(INVALID)
        root.container(path, "Exec", "(asa{sv})", (["true"], {"nonsense": switch(True)})).refused(INVALID, "'nonsense'")
        root.container(path, "Rename", "(s)", ("no name",)).refused(INVALID, "'no name'")


@case("SetResources changes what is given, shows it, and leaves all as it was when it refuses one")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(USER)
        path = root.create("one", memory=number(64 << 20), restart=text("always")).value()

        def shown(name):
            return root.get(path, CONTAINER, name).value()

        assert (shown("Memory"), shown("MemorySwap"), shown("RestartPolicy")) == (64 << 20, 128 << 20, "always")
        assert (shown("CPUQuota"), shown("CPUPeriod"), shown("OOMGroup"), shown("RestartAt")) == (0, 100000, True, 0)
        root.option_call(path, "SetResources").value()
        root.option_call(path, "SetResources", {
            "memory": number(32 << 20), "memory-swap": number(2**64 - 1), "memory-reservation": number(16 << 20),
            "cpus": text("1.5"), "cpu-shares": text("512"), "cpuset-cpus": text("0"), "cpuset-mems": text("0"),
            "pids-limit": text("50"), "oom-group": switch(False), "restart": text("on-failure:3")}).value()
        assert (shown("Memory"), shown("MemorySwap"), shown("MemoryReservation")) == (32 << 20, 2**64 - 1, 16 << 20)
        assert (shown("CPUQuota"), shown("CPUShares"), shown("CpusetCpus"), shown("CpusetMems")) == (150000, 512, "0", "0")
        assert (shown("PidsLimit"), shown("OOMGroup"), shown("RestartPolicy")) == (50, False, "on-failure:3")
        for options, code, words in (
                ({"memory": text("32m")}, INVALID, "'memory'"), ({"pids-limit": number(5)}, INVALID, "'pids-limit'"),
                ({"cpus": text("many")}, INVALID, "'many'"), ({"nonsense": text("1")}, INVALID, "'nonsense'"),
                ({"env": GLib.Variant("as", [])}, ERROR + "Unsupported", "'env'"),
                ({"oom-score-adj": text("5")}, ERROR + "Unsupported", "'oom-score-adj'"),
                ({"kernel-memory": text("5")}, ERROR + "Unsupported", "'kernel-memory'"),
                ({"pids-limit": text("7"), "memory": number(1)}, ERROR + "InvalidSpec", "'memory'")):
            root.option_call(path, "SetResources", options).refused(code, words)
        assert (shown("PidsLimit"), shown("Memory")) == (50, 32 << 20)
        root.option_call(path, "SetResources", {"memory": number(2**64 - 1), "pids-limit": text("-1")}).value()
        assert (shown("Memory"), shown("MemorySwap"), shown("PidsLimit"), shown("CPUShares")) == (0, 0, 0, 512)
        user.get(path, CONTAINER, "Memory").refused(DBUS_ERROR + "AccessDenied", "'Memory'")


@case("RunHealthcheck tells health, exit code and output, or why there is none")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        root.container(path, "RunHealthcheck").refused(ERROR + "WrongState", "'one'")
        root.option_call(path, "Start").value()
        assert root.container(path, "RunHealthcheck").value() == ("healthy", 0, "fine")


@case("Wait gives the exit code at the end, at once after it, and an error when the container goes")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        waits = [root.option_call(path, "Wait"), root.option_call(path, "Wait", {"condition": text("next-exit")})]
        running = root.option_call(path, "Wait", {"condition": text("running")})
        root.option_call(path, "Start").value()
        assert running.value() == 0
        assert not any(wait.ended for wait in waits)
        root.container(path, "Kill", "(s)", ("TERM",)).value()
        assert [wait.value() for wait in waits] == [143, 143]
        assert root.option_call(path, "Wait").value() == 143
        removed = root.option_call(path, "Wait", {"condition": text("removed")})
        other = root.option_call(path, "Wait", {"condition": text("running")})
        root.option_call(path, "Remove").value()
        assert removed.value() == 143
        other.refused(ERROR + "NoSuchContainer", "'one'")


@case("Attach, Wait and Start sent in one go stay in order")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        attach, wait, start = (root.option_call(path, method) for method in ("Attach", "Wait", "Start"))
        kill = root.container(path, "Kill", "(s)", ("KILL",))
        streams = attach.value()
        assert os.read(attach.fds[streams["stdout"]], 100) == b"attached\n"
        start.value()
        kill.value()
        assert wait.value() == 137
        assert os.read(attach.fds[streams["stdout"]], 100) == b""
        os.close(attach.fds[0])


@case("Logs and Exec hand out streams, and an exec is waited for and killed by its name")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one", run=True).value()
        for framed, expected in ((False, b"log\n"), (True, b"framed\n")):
            logs = root.option_call(path, "Logs", {"framed": switch(framed), "tail": number(5), "since": number(1)})
            logs.value()
            assert os.read(logs.fds[0], 100) == expected
            os.close(logs.fds[0])
        run = root.container(path, "Exec", "(asa{sv})", (["sh"], {"stdout": switch(True), "env": strings("A=1"), "user": text("app")}))
        exec_id, streams = run.value()
        assert os.read(run.fds[streams["stdout"]], 100) == b"exec\n"
        os.close(run.fds[0])
        wait = root.container(path, "WaitExec", "(s)", (exec_id,))
        root.container(path, "ResizeExec", "(suu)", (exec_id, 24, 80)).value()
        root.container(path, "KillExec", "(ss)", (exec_id, "TERM")).value()
        assert wait.value() == 143
        for method, signature, arguments in (("WaitExec", "(s)", ("x",)), ("ResizeExec", "(suu)", ("x", 1, 1)), ("KillExec", "(ss)", ("x", ""))):
            root.container(path, method, signature, arguments).refused(ERROR + "NoSuchExec", "'x'")
        root.container(path, "Exec", "(asa{sv})", (["absent"], {})).refused(ERROR + "CommandNotFound", "'absent'")
        root.container(path, "Resize", "(uu)", (24, 80)).refused(ERROR + "WrongState", "'one'")


@case("Inspect gives a document, of containers and images")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        assert path.rsplit("/", 1)[1] in root.container(path, "Inspect").value()
        image = root.manager("GetImage", "(s)", ("bb:1",)).value()
        assert image.rsplit("/", 1)[1] in root.call(image, IMAGE, "Inspect").value()


@case("ListContainers filters, and shows the caller's own in full")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(USER)
        w.polkit()
        root.create("one", run=True, label=strings("a=1")).value()
        own = user.create("two", label=strings("a=2"), command=strings("sleep", "5")).value()

        def names(caller=root, **criteria):
            return [p["Name"] for _, p in caller.manager("ListContainers", "(a{sv})", (criteria,)).value()]

        assert names() == ["two", "one"]
        assert names(name=strings("one")) == ["one"] and names(label=strings("a")) == ["two", "one"]
        assert names(label=strings("a=2")) == ["two"] and names(status=strings("running")) == ["one"]
        assert names(running=switch(True)) == ["one"] and names(limit=GLib.Variant("u", 1)) == ["two"]
        assert names(before=strings("two")) == ["one"] and names(since=strings("one")) == ["two"]
        assert names(user) == ["two", "one"]
        shown = {p["Name"]: p for _, p in user.manager("ListContainers", "(a{sv})", ({},)).value()}
        assert shown["two"]["Labels"] == {"a": "2"} and "Labels" not in shown["one"] and "Command" not in shown["one"]
        assert all("Pid" in p for _, p in root.manager("ListContainers", "(a{sv})", ({},)).value())
        assert own in [path for path, _ in user.manager("ListContainers", "(a{sv})", ({},)).value()]
        for criteria, name, word in (({"nonsense": strings("x")}, INVALID, "'nonsense'"), ({"name": text("x")}, INVALID, "'name'"),
                                     ({"status": strings("asleep")}, INVALID, "asleep"),
                                     ({"before": strings("absent")}, ERROR + "NoSuchContainer", "'absent'"),
                                     ({"name": strings(*["x"] * 1000)}, ERROR + "LimitReached", "")):
            root.manager("ListContainers", "(a{sv})", (criteria,)).refused(name, word)


@case("a list of 1,000 containers is one reply, and is soon there")
def _():
    with world(environment={"FAKE_CONTAINERS": "1000"}) as w:
        root = w.caller()
        root.sync()
        took = []
        for _ in range(10):
            begun = time.monotonic()
            reply = root.manager("ListContainers", "(a{sv})", ({},)).wait()
            took.append(time.monotonic() - begun)
        assert len(reply.value()) == 1000
        print(f"# 1,000 containers took {min(took) * 1000:.1f} ms, dispatch to this client included")


@case("a list that no message could carry is refused, and can be had in parts")
def _():
    with world() as w:
        root = w.caller()
        labels = strings(*(f"key{i}=" + "x" * 60000 for i in range(4)))
        for _ in range(80):
            root.create(label=labels).value()
        root.manager("ListContainers", "(a{sv})", ({},)).refused(ERROR + "LimitReached", "filter")
        assert len(root.manager("ListContainers", "(a{sv})", ({"limit": GLib.Variant("u", 10)},)).value()) == 10
        assert len(w.caller(USER).manager("ListContainers", "(a{sv})", ({},)).value()) == 80


@case("ImportImage gives an operation, and that the image")
def _():
    with world() as w:
        root = w.caller()
        seen = root.collect()
        operation = root.import_image("new:1", message=text("made by a test")).value()
        image = root.call(operation, OPERATION, "Wait").value()
        assert root.manager("GetImage", "(s)", ("new:1",)).value() == f"{ROOT_PATH}/image/{image}"
        assert root.call(operation, OPERATION, "Wait").value() == image
        assert root.get(operation, OPERATION, "State").value() == "done"
        assert root.get(operation, OPERATION, "Progress").value() == (10, 10)
        assert root.get(operation, OPERATION, "Result").value() == image
        assert any(member == "InterfacesAdded" and a[0].endswith(image) for _, member, a in seen)
        root.import_image("new:1", nonsense=switch(True)).refused(INVALID, "'nonsense'")
        root.import_image("new:1", message=switch(True)).refused(INVALID, "'message'")


@case("ImportImage refuses what cannot be read to its end")
def _():
    with world() as w:
        root = w.caller()
        for path, flags in (("/", os.O_RDONLY), ("/dev/null", os.O_RDONLY), ("/etc/passwd", os.O_PATH), (str(w.log), os.O_WRONLY)):
            fd = os.open(path, flags)
            root.manager("ImportImage", "(hsa{sv})", (0, "new:1", {}), fds=[fd]).refused(INVALID, "archive")
            os.close(fd)


@case("Cancel ends an import, and whoever waits is told")
def _():
    with world() as w:
        root = w.caller()
        operation = root.import_image("slow").value()
        wait = root.call(operation, OPERATION, "Wait")
        root.call(operation, OPERATION, "Cancel").value()
        wait.refused(ERROR + "Cancelled")
        root.call(operation, OPERATION, "Cancel").value()
        assert root.get(operation, OPERATION, "State").value() == "cancelled"


@case("PullImage gives an operation that tells of layers, digest and warnings, and that the image")
def _():
    with world() as w:
        root = w.caller()
        seen = root.collect()
        operation = root.pull("new:1", policy=text("newer"), platform=text("linux/arm64/v8")).value()
        image = root.call(operation, OPERATION, "Wait").value()
        assert root.manager("GetImage", "(s)", ("new:1",)).value() == f"{ROOT_PATH}/image/{image}"
        assert root.get(operation, OPERATION, "Kind").value() == "pull"
        assert root.get(operation, OPERATION, "Layers").value() == [
            ("sha256:" + "a" * 64, 0, 100, "waiting"), ("sha256:" + "b" * 64, 10, 100, "fetching")]
        details = root.get(operation, OPERATION, "Details").value()
        assert details["Digest"] == "sha256:" + "a" * 64 and len(details["Warnings"]) == 1 and "Unchanged" not in details
        changed = [arguments for path, member, arguments in seen if path == operation and member == "PropertiesChanged"]
        assert any("Layers" in invalidated and "Progress" in values for _, values, invalidated in changed)
        assert not any("Layers" in values for _, values, _ in changed)
        never = root.pull("bb:1", policy=text("never")).value()
        root.call(never, OPERATION, "Wait").value()
        assert root.get(never, OPERATION, "Details").value()["Unchanged"] is True


@case("PullImage refuses bad arguments, what is not sealed, and what the engine refuses; a registry's refusal is the operation's")
def _():
    with world() as w:
        root = w.caller()
        for options, words in (({"nonsense": switch(True)}, "'nonsense'"), ({"policy": switch(True)}, "'policy'"),
                               ({"policy": text("sometimes")}, "'sometimes'"), ({"platform": text("a/b/c/d")}, "'a/b/c/d'"),
                               ({"sha256": number(1)}, "'sha256'"), ({"credentials": text("me:secret")}, "'credentials'")):
            root.manager("PullImage", "(sa{sv})", ("new:1", options)).refused(INVALID, words)
        memory = os.memfd_create("credentials", os.MFD_ALLOW_SEALING)
        for fd in (memory, os.open("/etc/passwd", os.O_RDONLY)):
            root.pull("new:1", credentials=fd).refused(INVALID, "'credentials'")
        os.truncate(memory, 65537)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        root.pull("new:1", credentials=memory).refused(INVALID, "65536")
        root.pull("x" * 65).refused(ERROR + "InvalidReference")
        root.pull("full:1").refused(ERROR + "LimitReached")
        root.pull("absent:1", policy=text("never")).refused(ERROR + "NoSuchImage", "'absent:1'")
        objects = root.call(ROOT_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").value()
        assert not [path for path in objects if "/operation/" in path]
        denied = root.pull("denied:1").value()
        root.call(denied, OPERATION, "Wait").refused(ERROR + "RegistryDenied", "'denied:1'")


@case("a pull goes on without its caller, takes sealed credentials, and is cancelled by its owner")
def _():
    with world() as w:
        root, gone = w.caller(), w.caller()
        small = os.memfd_create("credentials", os.MFD_ALLOW_SEALING)
        os.write(small, b'{"auths":{}}')
        fcntl.fcntl(small, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        operation = gone.pull("slow:1", credentials=small).value()
        gone.call(operation, OPERATION, "Wait")
        gone.close()
        assert root.get(operation, OPERATION, "State").value() == "running"
        wait = root.call(operation, OPERATION, "Wait")
        root.call(operation, OPERATION, "Cancel").value()
        wait.refused(ERROR + "Cancelled", "")
        assert root.get(operation, OPERATION, "State").value() == "cancelled"


@case("ListImages filters, RemoveImage tells what went and refuses what is used")
def _():
    with world() as w:
        root = w.caller()
        for reference in ("new:1", "other/new:2", ""):
            root.call(root.import_image(reference).value(), OPERATION, "Wait").value()

        def tags(**criteria):
            return [p["Tags"] for _, p in root.manager("ListImages", "(a{sv})", (criteria,)).value()]

        assert tags() == [[], ["other/new:2"], ["new:1"], ["bb:1"]]
        assert tags(dangling=switch(True)) == [[]] and len(tags(dangling=switch(False))) == 3
        assert tags(reference=strings("new")) == [["new:1"]] and tags(reference=strings("*/*")) == [["other/new:2"]]
        assert tags(before=strings("new:1")) == [["bb:1"]] and tags(since=strings("other/new:2")) == [[]]
        root.manager("ListImages", "(a{sv})", ({"nonsense": strings("x")},)).refused(INVALID, "'nonsense'")
        root.manager("ListImages", "(a{sv})", ({"before": strings("absent")},)).refused(ERROR + "NoSuchImage", "'absent'")
        untagged, deleted = root.manager("RemoveImage", "(sa{sv})", ("new:1", {"force": switch(False)})).value()
        assert untagged == ["new:1"] and len(deleted) == 1 and len(deleted[0]) == 64
        root.manager("RemoveImage", "(sa{sv})", ("new:1", {})).refused(ERROR + "NoSuchImage", "'new:1'")
        root.create("one").value()
        root.manager("RemoveImage", "(sa{sv})", ("bb:1", {})).refused(ERROR + "ImageInUse", "'one'")
        root.manager("RemoveImage", "(sa{sv})", ("bb:1", {"force": text("yes")})).refused(INVALID, "'force'")


@case("TagImage gives a name, also one that another image has, and UntagImage takes it away; the image stays")
def _():
    with world() as w:
        root = w.caller()
        root.call(root.import_image("new:1").value(), OPERATION, "Wait").value()
        seen = root.collect(PROPERTIES)

        def tags(reference):
            return root.get(root.manager("GetImage", "(s)", (reference,)).value(), IMAGE, "Tags").value()

        assert root.manager("TagImage", "(ss)", ("new:1", "more:1")).value() == ()
        assert tags("new:1") == ["new:1", "more:1"]
        root.manager("TagImage", "(ss)", ("bb:1", "more:1")).value()
        assert tags("new:1") == ["new:1"] and tags("bb:1") == ["bb:1", "more:1"]
        image = root.manager("GetImage", "(s)", ("new:1",)).value()
        root.manager("UntagImage", "(s)", ("new:1",)).value()
        assert root.get(image, IMAGE, "Tags").value() == []
        assert seen, "nothing was told"
        root.manager("TagImage", "(ss)", ("absent", "x:1")).refused(ERROR + "NoSuchImage", "'absent'")
        root.manager("TagImage", "(ss)", ("bb:1", "x@y")).refused(ERROR + "InvalidReference", "'x@y'")
        root.manager("UntagImage", "(s)", ("absent",)).refused(ERROR + "NoSuchImage", "'absent'")


@case("LoadImage is an operation, and refuses what cannot be read to its end")
def _():
    with world() as w:
        root = w.caller()

        def load(path, flags=os.O_RDONLY, **options):
            fd = os.open(path, flags)
            try:
                return root.manager("LoadImage", "(ha{sv})", (0, options), fds=[fd])
            finally:
                os.close(fd)

        operation = load("/etc/passwd", name=text("a.tar"), platform=text("linux/arm64")).value()
        root.call(operation, OPERATION, "Wait").value()
        assert root.get(operation, OPERATION, "Kind").value() == "load"
        load("/", os.O_RDONLY).refused(INVALID, "archive")
        load("/etc/passwd", os.O_PATH).refused(INVALID, "archive")
        load("/etc/passwd", platform=text("x")).refused(INVALID, "'x'")
        load("/etc/passwd", nonsense=text("x")).refused(INVALID, "'nonsense'")


@case("SaveImage is an operation, and refuses what it cannot write to, and a form that is none")
def _():
    with world() as w:
        root = w.caller()

        def save(references=("bb:1",), path="/dev/null", flags=os.O_WRONLY, **options):
            fd = os.open(path, flags)
            try:
                return root.manager("SaveImage", "(asha{sv})", (references, 0, options), fds=[fd])
            finally:
                os.close(fd)

        operation = save(format=text("oci-archive")).value()
        root.call(operation, OPERATION, "Wait").value()
        assert root.get(operation, OPERATION, "Kind").value() == "save"
        save(flags=os.O_RDONLY).refused(INVALID, "output")
        save(path="/", flags=os.O_RDONLY).refused(INVALID, "output")
        save(flags=os.O_PATH).refused(INVALID, "output")
        save(format=text("zip")).refused(INVALID, "'zip'")
        save(nonsense=text("x")).refused(INVALID, "'nonsense'")
        save(("bb:1", "absent")).refused(ERROR + "NoSuchImage", "'absent'")


@case("Export is an operation, and refuses what it cannot write to")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        for name, flags, refused in (("/dev/null", os.O_WRONLY, False), ("/dev/null", os.O_RDONLY, True), ("/dev/null", os.O_PATH, True)):
            fd = os.open(name, flags)
            reply = root.container(path, "Export", "(ha{sv})", (0, {}), fds=[fd])
            if refused:
                reply.refused(INVALID, "output")
            else:
                root.call(reply.value(), OPERATION, "Wait").value()
            root.container(path, "Export", "(ha{sv})", (0, {"nonsense": text("x")}), fds=[fd]).refused(INVALID, "'nonsense'")
            os.close(fd)


@case("CopyFrom and CopyTo are operations, and refuse what they cannot write to or read")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        for method, good, bad in (("CopyFrom", os.O_WRONLY, os.O_RDONLY), ("CopyTo", os.O_RDONLY, os.O_WRONLY)):
            with tempfile.NamedTemporaryFile() as file:
                for flags in (good, bad, os.O_PATH):
                    fd = os.open(file.name, flags)
                    reply = root.container(path, method, "(sha{sv})", ("/etc", 0, {}), fds=[fd])
                    if flags == good:
                        assert root.get(reply.value(), OPERATION, "Kind").value() == "copy"
                        root.container(path, method, "(sha{sv})", ("/etc", 0, {"nonsense": text("x")}), fds=[fd]).refused(INVALID, "'nonsense'")
                    else:
                        reply.refused(INVALID, "descriptor")
                    os.close(fd)


@case("GetDiskUsage tells everybody of images, containers and volumes")
def _():
    with world() as w:
        w.caller().create("one").value()
        usage = w.caller(USER).manager("GetDiskUsage").value()
        assert usage["Images"] == {"Count": 1, "Active": 0, "Size": 2048, "Reclaimable": 1024}, usage
        assert usage["Containers"] == {"Count": 1, "Active": 0}, usage
        assert usage["Volumes"] == {"Count": 3, "Active": 1, "Size": 4096, "Reclaimable": 0}, usage


@case("PruneImages is an operation, and takes the options that it knows")
def _():
    with world() as w:
        root = w.caller()
        options = {"all": switch(True), "until": GLib.Variant("t", 5), "label": strings("a=b"), "label!": strings("c")}
        operation = root.manager("PruneImages", "(a{sv})", (options,)).value()
        root.call(operation, OPERATION, "Wait").value()
        assert root.get(operation, OPERATION, "Kind").value() == "prune"
        assert root.get(operation, OPERATION, "Results").value() == []
        root.manager("PruneImages", "(a{sv})", ({"dangling": switch(True)},)).refused(INVALID, "'dangling'")
        root.manager("PruneImages", "(a{sv})", ({"until": text("1h")},)).refused(INVALID, "'until'")


@case("an image tells how it was made, and its explicit properties are everybody's")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(USER)
        image = root.manager("GetImage", "(s)", ("bb:1",)).value()
        assert root.call(image, IMAGE, "GetHistory").value() == []
        assert user.get(image, IMAGE, "Digests").value() == [] and user.get(image, IMAGE, "SharedSize").value() == 512
        assert root.manager("ListImages", "(a{sv})", ({},)).value()[0][1]["SharedSize"] == 512


@case("GetInfo tells of this daemon")
def _():
    with world() as w:
        info = w.caller(USER).manager("GetInfo").value()
        assert info["Mode"] == "system" and info["StateDirectory"] == str(w.directory / "state")
        assert info["Images"] == 1 and info["KernelVersion"] == os.uname().release
        assert (info["NCPU"], info["Architecture"], info["Name"]) == (os.cpu_count(), os.uname().machine, os.uname().nodename)
        assert info["MemTotal"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")


@case("one connection has a bounded number of calls in flight, and others are served meanwhile")
def _():
    with world() as w:
        root, other = w.caller(), w.caller()
        path = root.create("one", run=True).value()
        waits = [root.option_call(path, "Wait") for _ in range(CALLS_PER_CALLER)]
        root.option_call(path, "Wait").refused(ERROR + "LimitReached")
        assert other.option_call(path, "Stop").value() == ()
        assert {wait.value() for wait in waits} == {0}
        assert root.option_call(path, "Wait").value() == 0


@case("one user has a bounded number of calls in flight, over all his connections; root and others are served")
def _():
    with world() as w:
        w.polkit()
        root, other, users = w.caller(), w.caller(frame.OTHER_USER), [w.caller(USER) for _ in range(5)]
        path = users[0].create("mine", run=True).value()
        waits = [user.option_call(path, "Wait") for user in users[:4] for _ in range(CALLS_PER_CALLER)]
        for user in users:
            user.sync()
        users[4].option_call(path, "Wait").refused(ERROR + "LimitReached")
        other.create("others").value()
        root.option_call(path, "Stop").value()
        refused = [wait.error for wait in waits if wait.wait().error]
        assert not refused, refused
        assert users[4].option_call(path, "Wait").value() == 0


@case("calls that come before the caller's user is known are bounded as well, and all are answered")
def _():
    with world() as w:
        root = w.caller()
        replies = [root.manager("GetInfo") for _ in range(3 * CALLS_PER_CALLER)]
        answered = [reply.wait() for reply in replies]
        assert sum(reply.error is None for reply in answered) >= CALLS_PER_CALLER
        assert {reply.error for reply in answered} <= {None, ERROR + "LimitReached"}


@case("a caller that leaves ends its waits; what it asked for goes on")
def _():
    with world() as w:
        root, other = w.caller(), w.caller()
        path = root.create("one").value()
        stuck = root.create("stuck").value()
        for _ in range(100):
            root.option_call(path, "Wait")
        root.option_call(stuck, "Start")
        root.option_call(path, "Start").value()
        root.close()
        assert other.get(path, CONTAINER, "State").value() == "running"
        other.option_call(path, "Stop").value()
        assert other.option_call(path, "Wait").value() == 0


@case("a call that wants no reply is done without one")
def _():
    with world() as w:
        root = w.caller()
        path = root.create("one").value()
        message = frame.Gio.DBusMessage.new_method_call(frame.NAME, path, CONTAINER, "Start")
        message.set_body(GLib.Variant("(a{sv})", ({},)))
        message.set_flags(frame.Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
        root.connection.send_message(message, frame.Gio.DBusSendMessageFlags.NONE)
        until(lambda: root.get(path, CONTAINER, "State").value() == "running")
        assert root.call(MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping").value() == ()


if __name__ == "__main__":
    sys.exit(frame.run_all())
