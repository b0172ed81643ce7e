# SPDX-License-Identifier: Apache-2.0
"""The frame of the bus tests: a message bus of type system, a scripted polkit on it, the daemon, callers of any uid.

One thread: while a call is waited for, the main loop runs, so that polkit can answer in the meantime. Nothing sleeps:
what is waited for is an event, with a deadline for a broken daemon.
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from gi.repository import Gio, GLib

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DAEMON = pathlib.Path(os.environ.get("POCKETDOCKER_FAKE_DAEMON", SOURCE / "build/tests/bus/pocketdockerd-fake"))
NAME = "org.pocketdocker.Manager"
ROOT_PATH = "/org/pocketdocker"
MANAGER_PATH = "/org/pocketdocker/Manager"
MANAGER = "org.pocketdocker.Manager"
CONTAINER = "org.pocketdocker.Container"
IMAGE = "org.pocketdocker.Image"
OPERATION = "org.pocketdocker.Operation"
VOLUME = "org.pocketdocker.Volume"
PROPERTIES = "org.freedesktop.DBus.Properties"
ERROR = "org.pocketdocker.Error."
DBUS_ERROR = "org.freedesktop.DBus.Error."
DEADLINE = 30  # seconds; reached by a broken daemon only
# The bus takes users that have a name only: these two every Debian has.
USER = pwd.getpwnam("daemon").pw_uid
OTHER_USER = pwd.getpwnam("nobody").pw_uid
NOBODY_THERE = f"{ROOT_PATH}/container/{'f' * 64}"

EXTRA_POLICY = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><policy user="root"><allow own="org.freedesktop.PolicyKit1"/>
<allow send_destination="org.freedesktop.PolicyKit1"/></policy>
<limit name="max_replies_per_connection">5000</limit></busconfig>
"""
POLKIT_XML = """<node><interface name="org.freedesktop.PolicyKit1.Authority">
<method name="CheckAuthorization"><arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/>
<arg type="a{ss}" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="(bba{ss})" direction="out"/></method>
<method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method>
</interface></node>"""


def until(condition, what="an event"):
    """Runs the main loop until condition() is true."""
    context = GLib.MainContext.default()
    end = time.monotonic() + DEADLINE
    alarm = GLib.timeout_add(100, lambda: True)  # only so that the deadline is looked at
    try:
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited {DEADLINE} s for {what}")
            context.iteration(True)
    finally:
        GLib.source_remove(alarm)


class Reply:
    """A call under way, and then its answer."""

    def __init__(self):
        self.ended = False
        self.values = self.error = self.message = self.fds = None

    def wait(self):
        until(lambda: self.ended, "a reply")
        return self

    def value(self):
        self.wait()
        assert self.error is None, f"{self.error}: {self.message}"
        return self.values[0] if len(self.values) == 1 else self.values

    def refused(self, name, *words):
        self.wait()
        assert self.error == name, f"expected {name}, got {self.error}: {self.message} {self.values}"
        for word in words:
            assert word in self.message, f"'{word}' is not in '{self.message}'"


class Caller:
    """A connection of its own, as a user."""

    def __init__(self, address, uid=0, bus=True):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        if bus:
            flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        os.seteuid(uid)
        try:
            self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        finally:
            os.seteuid(0)
        self.connection.set_exit_on_close(False)
        self.name = self.connection.get_unique_name()

    def call(self, path, interface, method, signature="()", arguments=(), interactive=False, fds=(), name=NAME, timeout=None):
        reply = Reply()
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE

        def done(connection, result):
            try:
                values, fd_list = connection.call_with_unix_fd_list_finish(result)
                reply.values = values.unpack()
                reply.fds = fd_list.steal_fds() if fd_list else []
            except GLib.Error as error:
                reply.error = Gio.DBusError.get_remote_error(error) or f"{error.domain}:{error.code}"
                reply.message = error.message.removeprefix(f"GDBus.Error:{reply.error}: ")
            reply.ended = True

        self.connection.call_with_unix_fd_list(
            name, path, interface, method, GLib.Variant(signature, arguments), None, flags,
            timeout or DEADLINE * 1000, Gio.UnixFDList.new_from_array([os.dup(fd) for fd in fds]) if fds else None, None, done)
        return reply

    def manager(self, method, signature="()", arguments=(), **more):
        return self.call(MANAGER_PATH, MANAGER, method, signature, arguments, **more)

    def container(self, path, method, signature="()", arguments=(), **more):
        return self.call(path, CONTAINER, method, signature, arguments, **more)

    def option_call(self, path, method, options=None, **more):
        return self.container(path, method, "(a{sv})", (options or {},), **more)

    def create(self, name=None, run=False, image="bb:1", **options):
        """A container of this user; made by root's word where polkit is not there. Gives the reply."""
        given = {key.replace("_", "-"): value for key, value in options.items()}
        if name:
            given["name"] = text(name)
        return self.manager("RunContainer" if run else "CreateContainer", "(sa{sv})", (image, given))

    def import_image(self, reference, interactive=False, **options):
        with tempfile.TemporaryFile() as archive:
            return self.manager("ImportImage", "(hsa{sv})", (0, reference, options), fds=[archive.fileno()], interactive=interactive)

    def pull(self, reference, credentials=None, **options):
        """A call of PullImage; `credentials` is an fd."""
        if credentials is not None:
            options["credentials"] = GLib.Variant("h", 0)
        return self.manager("PullImage", "(sa{sv})", (reference, options), fds=[credentials] if credentials is not None else [])

    def get(self, path, interface, name):
        return self.call(path, PROPERTIES, "Get", "(ss)", (interface, name))

    def collect(self, interface=None, member=None):
        """A list that fills with (path, member, arguments) of the daemon's signals."""
        seen = []
        self.connection.signal_subscribe(
            NAME, interface, member, None, None, Gio.DBusSignalFlags.NONE,
            lambda c, sender, path, i, m, arguments: seen.append((path, m, arguments.unpack())))
        self.sync()
        return seen

    def sync(self):
        """All that the daemon sent before is here now."""
        self.call(MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping").value()

    def close(self):
        self.connection.close_sync(None)


def text(s):
    return GLib.Variant("s", s)


def switch(b):
    return GLib.Variant("b", b)


class Polkit:
    """A polkit that answers as told: .answer is "yes", "no", "challenge" or "hang"; questions are kept."""

    def __init__(self, address):
        self.caller = Caller(address)
        self.answer = "yes"
        self.questions = []  # (action, details, flags, cancellation id)
        self.waiting = []    # those that hang
        self.cancelled = []
        node = Gio.DBusNodeInfo.new_for_xml(POLKIT_XML)
        self.caller.connection.register_object("/org/freedesktop/PolicyKit1/Authority", node.interfaces[0], self.on_call, None, None)
        self.caller.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", "(su)",
                         ("org.freedesktop.PolicyKit1", 4), name="org.freedesktop.DBus").value()

    def on_call(self, connection, sender, path, interface, method, arguments, invocation):
        if method == "CancelCheckAuthorization":
            self.cancelled.append(arguments.unpack()[0])
            invocation.return_value(None)
            return
        subject, action, details, flags, cancellation = arguments.unpack()
        self.questions.append((action, details, flags, cancellation, subject))
        if self.answer == "hang":
            self.waiting.append(invocation)
        else:
            self.say(invocation, self.answer)

    @staticmethod
    def say(invocation, answer):
        invocation.return_value(GLib.Variant("((bba{ss}))", ((answer == "yes", answer == "challenge", {}),)))

    def say_now(self, answer):
        for invocation in self.waiting:
            self.say(invocation, answer)
        self.waiting = []


class World:
    """A bus and a daemon on it; callers and polkit on demand."""

    def __init__(self, environment=None, embedded=False):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pocketdocker-bus."))  # TMPDIR says where
        self.directory.chmod(0o755)
        self.environment = environment or {}
        self.embedded = embedded
        self.processes = []
        self.callers = []
        self.log = self.directory / "log"
        self.run_dir = self.directory / "run"
        self.address = f"unix:path={self.run_dir}/private" if embedded else f"unix:path={self.directory}/bus"
        if not embedded:
            self.start_bus()
        self.daemon = self.start_daemon()

    def start_bus(self):
        policy = self.directory / "policy"
        policy.mkdir()
        shutil.copy(SOURCE / "units/org.pocketdocker.Manager.conf", policy)
        (policy / "extra.conf").write_text(EXTRA_POLICY)
        config = (SOURCE / "tests/e2e/bus.conf.in").read_text()
        config = config.replace("@SOCKET@", f"{self.directory}/bus").replace("@POLICY@", str(policy))
        (self.directory / "bus.conf").write_text(config)
        read, write = os.pipe()
        with open(self.directory / "bus.log", "wb") as log:
            self.processes.append(subprocess.Popen(
                ["dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork", "--nopidfile", f"--print-address={write}"],
                pass_fds=[write], stderr=log))
        os.close(write)
        assert os.read(read, 4096), "the bus did not start"
        os.close(read)

    def start_daemon(self, *options):
        read, write = os.pipe()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("POCKETDOCKER_", "DBUS_"))}
        environment |= {"DBUS_SYSTEM_BUS_ADDRESS": self.address} | self.environment
        command = [DAEMON, "--root", self.directory / "state", "--run-root", self.run_dir, "--ready-fd", str(write), *options]
        if self.embedded:
            command.append("--embedded")
        with open(self.log, "ab") as log:
            process = subprocess.Popen(command, pass_fds=[write], env=environment, stderr=log)
        os.close(write)
        self.ready = os.read(read, 4096).decode()
        os.close(read)
        self.processes.append(process)
        return process

    def caller(self, uid=0):
        caller = Caller(self.address, uid)
        self.callers.append(caller)
        return caller

    def polkit(self):
        polkit = Polkit(self.address)
        self.callers.append(polkit.caller)
        return polkit

    def close(self):
        for caller in self.callers:
            with contextlib.suppress(GLib.Error):
                caller.close()
        bad = []
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            status = process.wait(DEADLINE)
            if process.args[0] == DAEMON and status != 0:
                bad.append(f"the daemon ended with {status}")
        if bad:
            raise AssertionError(f"{bad[0]}:\n{self.log.read_text(errors='replace')}")
        shutil.rmtree(self.directory)


@contextlib.contextmanager
def world(**more):
    w = World(**more)
    try:
        yield w
    except BaseException:
        sys.stderr.write(w.log.read_text(errors="replace"))
        with contextlib.suppress(AssertionError):
            w.close()
        raise
    w.close()


CASES = []


def case(sentence):
    def keep(function):
        CASES.append((sentence, function))
        return function
    return keep


def run_all():
    """Prints TAP. Arguments: words that a case's sentence has to have."""
    if os.geteuid() != 0:
        print("1..0 # skip these tests play several users, which takes root")
        return 0
    chosen = [(s, f) for s, f in CASES if all(word in s for word in sys.argv[1:])]
    print(f"1..{len(chosen)}")
    failed = 0
    for number, (sentence, function) in enumerate(chosen, 1):
        try:
            function()
            print(f"ok {number} - {sentence}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {sentence}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    return 1 if failed else 0
