#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The embedded daemon: its socket, its connections, the little of a message bus on them, its beginning and its end."""
import os
import select
import signal
import socket
import stat
import subprocess
import sys

import frame
from frame import (CONTAINER, DBUS_ERROR, MANAGER_PATH, PROPERTIES, ROOT_PATH, USER, Caller, GLib, case, text, until, world)

BUS = "org.freedesktop.DBus"
PEERS = 64


def busctl(w, *arguments):
    return subprocess.run(["busctl", f"--address={w.address}", "--no-pager", *arguments], capture_output=True, text=True,
                          timeout=frame.DEADLINE)


def driver(caller, method, signature="()", arguments=()):
    return caller.call("/org/freedesktop/DBus", BUS, method, signature, arguments, name=BUS)


def raw(w):
    """A connection by hand, past authentication."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(frame.DEADLINE)
    s.connect(str(w.run_dir / "private"))
    s.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
    line = s.recv(4096)
    assert line.startswith(b"OK"), line
    s.sendall(b"BEGIN\r\n")
    return s


def get_info_message(serial):
    """GetInfo as it is on the wire, for one who does not read the answers."""
    message = frame.Gio.DBusMessage.new_method_call(frame.NAME, MANAGER_PATH, frame.MANAGER, "GetInfo")
    message.set_serial(serial)
    return message.to_blob(frame.Gio.DBusCapabilityFlags.UNIX_FD_PASSING)


def ended(s):
    """Has the other side closed it? Waits for that; what comes before is thrown away."""
    try:
        while s.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


@case("busctl lists, shows the tree, introspects and calls")
def _():
    with world(embedded=True) as w:
        assert w.ready == "1"
        assert frame.NAME in busctl(w, "list").stdout
        assert busctl(w, "status", frame.NAME).returncode == 0
        assert f"{ROOT_PATH}/Manager" in busctl(w, "tree", frame.NAME).stdout
        assert "RunContainer" in busctl(w, "introspect", frame.NAME, MANAGER_PATH).stdout
        run = busctl(w, "call", frame.NAME, MANAGER_PATH, frame.MANAGER, "RunContainer", "sa{sv}", "bb:1", "1", "name", "s", "one")
        assert run.stdout.startswith(f'o "{ROOT_PATH}/container/'), run
        path = run.stdout.split('"')[1]
        assert busctl(w, "get-property", frame.NAME, path, CONTAINER, "State", "Pid").stdout == 's "running"\nu 4711\n'
        refused = busctl(w, "call", frame.NAME, path, CONTAINER, "Remove", "a{sv}", "0")
        assert refused.returncode != 0 and "'one'" in refused.stderr, refused


@case("the bus's own methods are answered as far as they make sense for one connection")
def _():
    with world(embedded=True) as w:
        caller = w.caller()
        assert caller.name.startswith(":1.")
        assert driver(caller, "ListNames").value() == [BUS, frame.NAME, ":1.0", caller.name]
        assert driver(caller, "ListActivatableNames").value() == [BUS, frame.NAME]
        assert driver(caller, "GetNameOwner", "(s)", (frame.NAME,)).value() == ":1.0"
        assert driver(caller, "NameHasOwner", "(s)", ("x.y",)).value() is False
        assert driver(caller, "StartServiceByName", "(su)", (frame.NAME, 0)).value() == 2
        assert driver(caller, "GetConnectionCredentials", "(s)", (caller.name,)).value() == {"UnixUserID": 0, "ProcessID": os.getpid()}
        assert driver(caller, "GetConnectionUnixUser", "(s)", (frame.NAME,)).value() == 0
        assert driver(caller, "GetConnectionUnixProcessID", "(s)", (frame.NAME,)).value() == w.daemon.pid
        assert len(driver(caller, "GetId").value()) == 32
        driver(caller, "GetNameOwner", "(s)", ("x.y",)).refused(DBUS_ERROR + "NameHasNoOwner", "'x.y'")
        driver(caller, "RequestName", "(su)", ("x.y", 0)).refused(DBUS_ERROR + "UnknownMethod", "'RequestName'")
        driver(caller, "GetNameOwner", "(u)", (1,)).refused(DBUS_ERROR + "InvalidArgs")
        driver(caller, "RemoveMatch", "(s)", ("type='signal'",)).refused(DBUS_ERROR + "MatchRuleNotFound")
        caller.call(MANAGER_PATH, frame.MANAGER, "GetInfo", name="x.y").refused(DBUS_ERROR + "ServiceUnknown", "'x.y'")


@case("who added a match gets signals, others none; a connection has a bounded number of rules")
def _():
    with world(embedded=True) as w:
        root, listener, silent = w.caller(), w.caller(), w.caller()
        seen = listener.collect()
        received = []
        silent.connection.add_filter(lambda c, message, incoming: received.append(message.get_message_type()) or message)
        path = root.create("one", run=True).value()
        for caller in (listener, silent):
            caller.sync()
        assert {member for _, member, _ in seen} == {"InterfacesAdded", "PropertiesChanged", "Event"}, seen
        assert frame.Gio.DBusMessageType.SIGNAL not in received
        rule = "type='signal',member='PropertiesChanged'"
        for _ in range(3):
            driver(silent, "AddMatch", "(s)", (rule,)).value()
            driver(silent, "RemoveMatch", "(s)", (rule,)).value()
        root.option_call(path, "Stop").value()
        silent.sync()
        assert frame.Gio.DBusMessageType.SIGNAL not in received
        replies = [driver(silent, "AddMatch", "(s)", (rule,)).wait().error for _ in range(300)]
        assert replies.count(None) < 300 and set(replies) == {None, DBUS_ERROR + "LimitsExceeded"}


@case("explicit properties and every method are root's, without polkit")
def _():
    with world(embedded=True) as w:
        root = w.caller()
        path = root.create("one", env=GLib.Variant("as", ["KEY=secret"])).value()
        assert "KEY=secret" in root.get(path, CONTAINER, "Environment").value()
        assert root.create("host", network=text("host")).value()
        assert root.manager("GetInfo").value()["Mode"] == "embedded"
        assert "Environment" not in root.call(path, PROPERTIES, "GetAll", "(s)", (CONTAINER,)).value()


@case("another user gets no connection, even with the directory open")
def _():
    with world(embedded=True) as w:
        assert stat.S_IMODE(w.run_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE((w.run_dir / "private").stat().st_mode) == 0o600
        w.run_dir.chmod(0o755)
        (w.run_dir / "private").chmod(0o666)
        try:
            Caller(w.address, USER)
        except GLib.Error:
            return
        raise AssertionError("a user got in")


@case("the 65th connection is closed, and the first 64 are served; when one leaves, the next comes in")
def _():
    with world(embedded=True) as w:
        callers = [w.caller() for _ in range(PEERS)]
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(frame.DEADLINE)
        s.connect(str(w.run_dir / "private"))
        assert ended(s)
        for caller in callers:
            caller.sync()
        callers.pop().close()
        callers[0].sync()
        until(lambda: connects(w), "a free place")


def connects(w):
    try:
        w.caller().sync()
        return True
    except GLib.Error:
        return False


@case("a connection that does not read its answers is closed, and others are served meanwhile")
def _():
    with world(embedded=True) as w:
        other = w.caller()
        s = raw(w)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        s.setblocking(False)
        serial, closed, data = 0, False, b""
        # As fast as it takes them, and none of the answers is read.
        while not closed and serial < 200000:
            if not data:
                data = b"".join(get_info_message(serial + i + 1) for i in range(500))
                serial += 500
            _, writable, _ = select.select([], [s], [], frame.DEADLINE)
            assert writable, "neither read nor closed"
            try:
                data = data[s.send(data):]
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                closed = True
        assert closed
        other.sync()


@case("a connection that wants signals and does not read them is closed")
def _():
    with world(embedded=True) as w:
        root = w.caller()
        s = raw(w)
        message = frame.Gio.DBusMessage.new_method_call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch")
        message.set_body(GLib.Variant("(s)", ("type='signal'",)))
        message.set_serial(1)
        s.sendall(message.to_blob(frame.Gio.DBusCapabilityFlags.NONE))
        assert s.recv(4096)
        path = root.create("one").value()
        for _ in range(6000):
            root.option_call(path, "Restart").value()
            if "does not read" in w.log.read_text():
                break
        assert ended(s)
        root.sync()


@case("garbage ends the connection that sent it and no other")
def _():
    with world(embedded=True) as w:
        root = w.caller()
        for junk in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100, b"\0AUTH EXTERNAL 31\r\n" * 3, b"\0AUTH ANONYMOUS\r\nBEGIN\r\n", os.urandom(4096)):
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(w.run_dir / "private"))
            s.sendall(junk)
            s.close()
        s = raw(w)
        s.sendall(b"l\1\0\1" + b"\xff" * 60)
        assert ended(s)
        root.sync()


@case("a connection that breaks off ends its waits")
def _():
    with world(embedded=True) as w:
        root, other = w.caller(), w.caller()
        path = root.create("one", run=True).value()
        for _ in range(50):
            root.option_call(path, "Wait")
        root.option_call(path, "Wait", {"condition": text("running")}).value()
        root.close()
        other.option_call(path, "Stop").value()
        assert other.option_call(path, "Wait").value() == 0


@case("a second daemon says that it is ready once the first one answers, and ends")
def _():
    with world(embedded=True) as w:
        second = w.start_daemon()
        assert w.ready == "1"
        assert second.wait(frame.DEADLINE) == 0
        w.caller().sync()


@case("after kill -9 the next daemon takes the place of the last one")
def _():
    with world(embedded=True) as w:
        w.daemon.kill()
        w.daemon.wait()
        w.processes.remove(w.daemon)
        w.start_daemon()
        assert w.ready == "1"
        w.caller().sync()


@case("many that begin at once end with one that serves and no error")
def _():
    with world(embedded=True) as w:
        w.daemon.kill()
        w.daemon.wait()
        w.processes.remove(w.daemon)
        reads = []
        for _ in range(8):
            read, write = os.pipe()
            w.processes.append(subprocess.Popen(
                [frame.DAEMON, "--embedded", f"--root={w.directory}/state", f"--run-root={w.run_dir}", f"--ready-fd={write}"],
                pass_fds=[write], stderr=subprocess.DEVNULL))
            os.close(write)
            reads.append(read)
        assert [os.read(read, 4096) for read in reads] == [b"1"] * 8
        for read in reads:
            os.close(read)
        w.caller().sync()
        started = w.processes[-8:]
        until(lambda: sum(p.poll() is None for p in started) == 1, "the seven that are not needed to end")
        assert all(p.returncode in (None, 0) for p in started)


@case("it ends by itself when nothing runs and nobody is there, and its socket with it")
def _():
    with world(embedded=True, environment={"POCKETDOCKER_IDLE_SECONDS": "0.3"}) as w:
        root = w.caller()
        path = root.create("one", run=True).value()
        root.close()
        w.callers.remove(root)
        try:
            w.daemon.wait(1)
            raise AssertionError("it ended although a container runs")
        except subprocess.TimeoutExpired:
            pass
        root = w.caller()
        root.option_call(path, "Stop").value()
        root.close()
        w.callers.remove(root)
        assert w.daemon.wait(frame.DEADLINE) == 0
        assert not (w.run_dir / "private").exists()


@case("SIGTERM ends it at once, whoever is connected")
def _():
    with world(embedded=True) as w:
        root = w.caller()
        root.create("one", run=True).value()
        w.daemon.send_signal(signal.SIGTERM)
        assert w.daemon.wait(frame.DEADLINE) == 0


@case("SIGTERM ends it at once, though somebody does not read what he asked for")
def _():
    with world(embedded=True) as w:
        other = w.caller()
        s = raw(w)
        s.sendall(b"".join(get_info_message(serial) for serial in range(1, 900)))
        other.sync()
        w.daemon.send_signal(signal.SIGTERM)
        assert w.daemon.wait(frame.DEADLINE) == 0
        s.close()


@case("what keeps it from serving is one sentence to whoever waits")
def _():
    with world(embedded=True) as w:
        bad = w.directory / "bad"
        bad.mkdir()
        bad.chmod(0o777)
        for options, word in ((["--nonsense"], "'--nonsense'"), (["argument"], "'argument'"),
                              (["--user"], "--user"), ([f"--root={bad}/state"], f"'{bad}'"), ([f"--run-root={bad}/run"], f"'{bad}'"),
                              (["--root=/etc/passwd"], "'/etc/passwd'")):
            process = w.start_daemon(*options)
            assert process.wait(frame.DEADLINE) == 1
            w.processes.remove(process)
            assert word in w.ready and "\n" not in w.ready, (options, w.ready)


@case("--help names each option, --version the version, and a long path is no obstacle")
def _():
    help_text = subprocess.run([frame.DAEMON, "--help"], capture_output=True, text=True, check=True).stdout
    man_page = (frame.SOURCE / "src/daemon/pocketdockerd.8.rst").read_text()
    for option in ("--root", "--run-root", "--embedded", "--ready-fd", "--version", "--help"):
        assert option in help_text and f"\n{option}" in man_page, option
    assert "pocketdockerd 0." in subprocess.run([frame.DAEMON, "--version"], capture_output=True, text=True, check=True).stdout
    with world(embedded=True) as w:
        w.run_dir = w.directory / ("long-" * 30) / "run"
        w.start_daemon(f"--run-root={w.run_dir}", f"--root={w.directory}/other")
        assert w.ready == "1" and (w.run_dir / "private").is_socket()


if __name__ == "__main__":
    sys.exit(frame.run_all())
