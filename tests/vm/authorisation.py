#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may call what: the table, held against the installed service with polkit and logind.

authorisation.py ROOTFS     plays all callers and prints TAP: a line per group of the table and caller. As root, in a guest.
authorisation.py --agent S  calls for the user that it runs as, in whatever session it runs; listens on the socket S

A caller is a process of its own in a session of its own, since polkit asks logind about the process that calls. One session
of a seat is active at a time, so the table is gone through caller by caller.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

from gi.repository import Gio, GLib

NAME = "org.pocketdocker.Manager"
PREFIX = "org.pocketdocker."
ERROR = PREFIX + "Error."
EXPLICIT = "org.freedesktop.systemd1.Explicit"
PROPERTIES = "org.freedesktop.DBus.Properties"
REFUSED = "org.freedesktop.DBus.Error.AccessDenied"
CHALLENGE = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
DEADLINE = 120  # seconds; reached by what is broken only
SOCKETS = pathlib.Path("/run/authorisation")

# The callers: user, terminal (an active local session; None: none), PAM (a session at all), rule of polkit's.
CALLERS = {
    "root": ("root", None, None, None),
    "owner": ("alice", "tty1", "login", None),
    "other": ("bob", "tty2", "login", None),
    "owner, inactive": ("alice", None, "login", None),  # as by ssh: a session without a seat
    "inactive": ("carol", None, "login", None),
    "no session": ("bob", None, None, None),
    "granted": ("dave", None, None, "YES"),
    "denied": ("erin", "tty3", "login", "NO"),
}
OWNERS = {"owner", "owner, inactive"}

# What becomes of a question, by action and caller: + allowed, ? an administrator's password is wanted, - refused.
# The callers are in the order above. An action of None is a call that asks nothing.
VERDICTS = {
    None:               "++++++++",
    "inspect":          "+++???+-",
    "manage-own":       "+++???+-",
    "pull":             "+++???+-",
    "manage":           "+?????+-",
    "exec":             "+?????+-",
    "manage-images":    "+?????+-",
    "privileged":       "+?????+-",
    "publish-low-port": "+?????+-",
}

# Each method, by interface: (object, method, signature, arguments, action on one's own, action on another's). {…} is filled in
# from what was made for the call; FILE stands for a descriptor of an empty file. A call that is allowed may fail for any other reason, and
# where it would spoil what the next caller needs it is made so that it does.
CONTAINER = "Container"
IMAGE = "Image"
MANAGER = "Manager"
OPERATION = "Operation"
VOLUME = "Volume"
FILE = "FILE:"
RUN = {"command": ("as", ["true"])}
TABLE = [
    (MANAGER, "manager", "RunContainer", "sa{sv}", ("bb:1", RUN), "manage-own", "manage-own"),
    (MANAGER, "manager", "CreateContainer", "sa{sv}", ("bb:1", RUN), "manage-own", "manage-own"),
    (MANAGER, "manager", "GetContainer", "s", ("runs",), None, None),
    (MANAGER, "manager", "ListContainers", "a{sv}", ({},), None, None),
    (MANAGER, "manager", "ImportImage", "hsa{sv}", (FILE, "new-{n}:1", {}), "pull", "pull"),
    (MANAGER, "manager", "ImportImage", "hsa{sv}", (FILE, "hers:1", {}), "pull", "manage-images"),
    (MANAGER, "manager", "LoadImage", "ha{sv}", (FILE, {}), "pull", "pull"),
    (MANAGER, "manager", "SaveImage", "asha{sv}", (["hers:1"], FILE, {}), None, "inspect"),
    (MANAGER, "manager", "PullImage", "sa{sv}", ("localhost:1/pulled-{n}:1", {}), "pull", "pull"),
    (MANAGER, "manager", "PullImage", "sa{sv}", ("hers:1", {}), "pull", "manage-images"),
    (MANAGER, "manager", "GetImage", "s", ("hers:1",), None, None),
    (MANAGER, "manager", "ListImages", "a{sv}", ({},), None, None),
    (MANAGER, "manager", "RemoveImage", "sa{sv}", ("hers:1", {}), "manage-own", "manage-images"),  # it is in use
    (MANAGER, "manager", "TagImage", "ss", ("bb:1", "tag-{n}:1"), "manage-own", "manage-own"),
    (MANAGER, "manager", "TagImage", "ss", ("absent:1", "hers:1"), "manage-own", "manage-images"),
    (MANAGER, "manager", "UntagImage", "s", ("loose:1",), "manage-own", "manage-images"),
    (MANAGER, "manager", "PruneImages", "a{sv}", ({"all": ("b", True)},), "manage-images", "manage-images"),
    (MANAGER, "manager", "OpenMount", "h", (f"{FILE}/etc/hostname",), None, None),
    (MANAGER, "manager", "CreateVolume", "sa{sv}", ("volume-{n}", {}), "manage-own", "manage-own"),
    (MANAGER, "manager", "GetVolume", "s", ("hers",), None, None),
    (MANAGER, "manager", "ListVolumes", "a{sv}", ({},), None, None),
    (MANAGER, "manager", "RemoveVolume", "sa{sv}", ("hers", {}), "manage-own", "manage"),  # it is in use
    (MANAGER, "manager", "PruneVolumes", "a{sv}", ({},), "manage-own", "manage-own"),
    (MANAGER, "manager", "CreateContainer", "sa{sv}", ("bb:1", RUN | {"mount": ("as", ["type=volume,source=hers,target=/x"])}),
     "manage-own", "manage"),
    *((MANAGER, "manager", "CreateContainer", "sa{sv}", ("bb:1", RUN | {kind: ("s", "container:runs")}), "manage-own", "privileged")
      for kind in ("network", "pid", "ipc")),
    (MANAGER, "manager", "CreateContainer", "sa{sv}", ("bb:1", RUN | {"volumes-from": ("as", ["runs"])}), "manage-own", "privileged"),
    (MANAGER, "manager", "ListEvents", "a{sv}", ({"limit": ("u", 1)},), None, None),
    (MANAGER, "manager", "GetInfo", "", (), None, None),
    (MANAGER, "manager", "GetDiskUsage", "", (), None, None),
    (CONTAINER, "idle", "Start", "a{sv}", ({},), "manage-own", "manage"),
    (CONTAINER, "idle", "Stop", "a{sv}", ({},), "manage-own", "manage"),
    (CONTAINER, "idle", "Kill", "s", ("CONT",), "manage-own", "manage"),
    (CONTAINER, "idle", "Restart", "a{sv}", ({},), "manage-own", "manage"),
    (CONTAINER, "idle", "Pause", "", (), "manage-own", "manage"),
    (CONTAINER, "idle", "Unpause", "", (), "manage-own", "manage"),
    (CONTAINER, "runs", "Remove", "a{sv}", ({},), "manage-own", "manage"),  # it runs
    (CONTAINER, "idle", "Rename", "s", ("runs",), "manage-own", "manage"),  # it is taken
    (CONTAINER, "idle", "SetResources", "a{sv}", ({"restart": ("s", "no")},), "manage-own", "manage"),
    (CONTAINER, "runs", "Wait", "a{sv}", ({"condition": ("s", "running")},), None, "inspect"),
    (CONTAINER, "runs", "Attach", "a{sv}", ({},), "manage-own", "manage"),
    (CONTAINER, "runs", "Logs", "a{sv}", ({},), None, "manage"),
    (CONTAINER, "runs", "GetStats", "", (), None, "manage"),
    (CONTAINER, "runs", "WatchStats", "a{sv}", ({},), None, "manage"),
    (CONTAINER, "runs", "ListProcesses", "", (), None, "manage"),
    (CONTAINER, "runs", "Resize", "uu", (24, 80), "manage-own", "manage"),
    (CONTAINER, "runs", "Exec", "asa{sv}", (["true"], {}), "manage-own", "exec"),
    (CONTAINER, "runs", "WaitExec", "s", ("x",), None, "exec"),
    (CONTAINER, "runs", "ResizeExec", "suu", ("x", 24, 80), "manage-own", "exec"),
    (CONTAINER, "runs", "KillExec", "ss", ("x", ""), "manage-own", "exec"),
    (CONTAINER, "runs", "RunHealthcheck", "", (), "manage-own", "manage"),
    (CONTAINER, "runs", "Inspect", "", (), None, "inspect"),
    (CONTAINER, "idle", "CopyFrom", "sha{sv}", ("/absent", FILE, {}), "manage-own", "exec"),
    (CONTAINER, "idle", "CopyTo", "sha{sv}", ("/absent", FILE, {}), "manage-own", "exec"),
    (CONTAINER, "idle", "Export", "ha{sv}", (FILE, {}), None, "manage"),
    (IMAGE, "image", "Inspect", "", (), None, "inspect"),
    (IMAGE, "image", "GetHistory", "", (), None, "inspect"),
    (VOLUME, "volume", "Inspect", "", (), None, "manage"),
    (OPERATION, "ended", "Wait", "", (), None, "inspect"),
    (OPERATION, "ended", "Cancel", "", (), None, "manage"),
]

# What weakens a new container: each of these makes it a question of `privileged`.
WEAKENING = [
    {"network": ("s", "host")},
    {"oom-score-adj": ("s", "-1")},
    {"pid": ("s", "host")},
    {"ipc": ("s", "host")},
    {"uts": ("s", "host")},
    {"cgroupns": ("s", "host")},
    {"userns": ("s", "host")},
    {"userns": ("s", "keep-id")},
    {"userns": ("s", "keep-id:50")},
    {"privileged": ("b", True)},
    {"device": ("as", ["/dev/null"])},
    {"device-cgroup-rule": ("as", ["c 1:3 r"])},
    {"mount": ("as", ["type=bind,source=/etc,target=/x"])},
    {"cap-add": ("as", ["NET_ADMIN"])},
    {"security-opt": ("as", ["seccomp=unconfined"])},
    {"security-opt": ("as", ["unmask=ALL"])},
    {"security-opt": ("as", ["no-new-privileges=false"])},
    {"seccomp-profile": ("s", '{"defaultAction": "SCMP_ACT_ALLOW"}')},
]
# And what everybody may, near by.
HARMLESS = [
    {"network": ("s", "none")},
    {"oom-score-adj": ("s", "500")},
    {"pid": ("s", "")},
    {"ipc": ("s", "private")},
    {"userns": ("s", "private")},
    {"read-only": ("b", True)},
    {"mount": ("as", ["type=volume,target=/x", "type=tmpfs,target=/y"])},
    {"cap-drop": ("as", ["ALL"])},
    {"cap-add": ("as", ["CHOWN"])},
    {"security-opt": ("as", ["no-new-privileges", "mask=/etc/passwd"])},
    {"sysctl": ("as", ["net.ipv4.ip_forward=1"])},
    {"group-add": ("as", ["staff"])},
    {"privileged": ("b", False)},
]


def variant(signature, value):
    """A value of one complete type; options are {key: (signature, value)}."""
    if signature == "a{sv}":
        return GLib.Variant(signature, {key: GLib.Variant(*given) for key, given in value.items()})
    return GLib.Variant(signature, value)


def complete_types(signature):
    types = []
    while signature:
        first = re.match(r"a*(\{[a-z]*\}|.)", signature).group()
        types.append(first)
        signature = signature[len(first):]
    return types


def message_body(signature, arguments):
    values = [variant(kind, 0 if kind == "h" else value) for kind, value in zip(complete_types(signature), arguments)]
    return GLib.Variant.new_tuple(*values)


# The agent: calls as the user that it is.

def call(connection, request):
    """The error's name and message, or two empty texts; and the path of what was made."""
    fds = Gio.UnixFDList()
    for argument in request["arguments"]:
        if isinstance(argument, str) and argument.startswith(FILE):
            path = argument.removeprefix(FILE)
            fds.append(os.open(path, os.O_RDONLY) if path else os.memfd_create("empty"))
    try:
        reply, _ = connection.call_with_unix_fd_list_sync(
            request.get("name", NAME), request["path"], request["interface"], request["method"],
            message_body(request["signature"], request["arguments"]), None, Gio.DBusCallFlags.NONE, DEADLINE * 1000, fds, None)
        return "", "", reply.unpack()[0] if reply.get_type_string() == "(o)" else ""
    except GLib.Error as error:
        name = Gio.DBusError.get_remote_error(error) or f"{error.domain}:{error.code}"
        return name, error.message, ""


def agent(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + ".new")
    listener.listen()
    os.rename(path + ".new", path)  # once it listens
    connection = Gio.bus_get_sync(Gio.BusType.SYSTEM, None)
    peer, _ = listener.accept()
    with peer.makefile("rw") as stream:
        for line in stream:
            stream.write(json.dumps(call(connection, json.loads(line))) + "\n")
            stream.flush()


# The driver.

def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE, **more).stdout.strip()


def until(what, condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"authorisation.py: waited for {what}")
        time.sleep(0.1)


class Caller:
    def __init__(self, name, user, terminal, pam):
        self.name, self.user, self.terminal = name, user, terminal
        path = SOCKETS / re.sub(r"\W", "-", name)
        unit = f"authorisation-{path.name}"
        options = [f"--unit={unit}", f"--uid={user}"]
        if pam:
            options += ["-p", f"PAMName={pam}"]
        if terminal:
            options += ["-p", f"TTYPath=/dev/{terminal}", "-p", "StandardInput=tty-force", "-p", "StandardOutput=journal"]
        run("systemd-run", "-q", *options, "/usr/bin/python3", str(pathlib.Path(__file__).resolve()), "--agent", str(path))
        until(f"the agent of '{name}'", path.exists)
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.connect(str(path))
        self.file = self.stream.makefile("rw")
        self.session = run("loginctl", "list-sessions", "--no-legend", "--no-pager") if terminal else None
        if terminal:
            self.session = next(line.split()[0] for line in self.session.splitlines() if terminal in line.split())

    def activate(self):
        """Its session is the one that its seat shows; others of the seat are not."""
        if self.session:
            run("loginctl", "activate", self.session)
            until(f"the session of '{self.name}'",
                  lambda: run("loginctl", "show-session", self.session, "-p", "Active", "--value") == "yes")

    def call(self, path, interface, method, signature="", arguments=(), name=NAME):
        self.file.write(json.dumps({"path": path, "interface": interface, "method": method, "signature": signature,
                                    "arguments": list(arguments), "name": name}) + "\n")
        self.file.flush()
        error, message, self.made = json.loads(self.file.readline())
        return error, message


def write_rules():
    rules = "".join(f' if (subject.user == "{user}") return polkit.Result.{answer};\n'
                    for user, _, _, answer in CALLERS.values() if answer)
    rule = pathlib.Path("/etc/polkit-1/rules.d/10-authorisation.rules")
    rule.write_text("polkit.addRule(function(action, subject) {\n"
                    f' if (action.id.indexOf("{PREFIX}") != 0) return;\n{rules}}});\n')
    rule.chmod(0o644)


class Objects:
    """What the owner has, made anew where a call has taken it."""

    def __init__(self, owner):
        self.owner = owner
        self.paths = {"manager": "/org/pocketdocker/Manager"}

    def path(self, method, name):
        reply = run("busctl", "--json=short", "call", NAME, self.paths["manager"], NAME, method, "s", name)
        return json.loads(reply)["data"][0]

    def make(self):
        self.owner.activate()
        manager = self.paths["manager"]
        for name, command in (("idle", ["true"]), ("runs", ["sleep", "1000000"])):
            method = "RunContainer" if name == "runs" else "CreateContainer"
            error, message = self.owner.call(manager, NAME, method, "sa{sv}",
                                             ("hers:1", {"name": ("s", name), "command": ("as", command),
                                                         "mount": ("as", ["type=volume,source=hers,target=/hers"])}))
            assert error in ("", ERROR + "ContainerExists"), (error, message)
            self.paths[name] = self.path("GetContainer", name)
        self.paths["volume"] = self.path("GetVolume", "hers")
        error, message = self.owner.call(manager, NAME, "TagImage", "ss", ("bb:1", "loose:1"))
        assert not error, (error, message)
        self.paths["image"] = self.path("GetImage", "hers:1")
        self.make_unused()
        error, message = self.owner.call(manager, NAME, "ImportImage", "hsa{sv}", (FILE, "empty:1", {}))
        assert not error, (error, message)
        self.paths["ended"] = self.owner.made

    def bring_image(self, rootfs):
        """One of the owner's own, apart from everybody's, with one name."""
        archive = SOCKETS / "hers.tar"
        archive.write_bytes(pathlib.Path(rootfs).read_bytes())
        archive.chmod(0o644)
        run("tar", "-C", "/etc", "--append", "-f", str(archive), "hostname")
        error, message = self.owner.call(self.paths["manager"], NAME, "ImportImage", "hsa{sv}", (f"{FILE}{archive}", "hers:1", {}))
        assert not error, (error, message)
        error, message = self.owner.call(self.owner.made, PREFIX + OPERATION, "Wait")
        assert not error, (error, message)

    def make_unused(self):
        """An image of root's that no container has, for PruneImages."""
        if subprocess.run(["pocketdocker", "inspect", "unused:1"], capture_output=True, timeout=DEADLINE).returncode != 0:
            archive = subprocess.run(["tar", "-C", "/etc", "-c", "hostname"], stdout=subprocess.PIPE, check=True).stdout
            subprocess.run(["pocketdocker", "import", "-", "unused:1"], input=archive, capture_output=True, check=True, timeout=DEADLINE)


def verdict_of(error, message):
    if error == CHALLENGE:
        return "?"
    if error == REFUSED:
        return "-"
    return "+"


def fill_in(arguments, n):
    return [a.format(n=n) if isinstance(a, str) else a for a in arguments]


def try_methods(name, number, caller, objects):
    """What differs from the table."""
    for interface, target, method, signature, arguments, own, others in TABLE:
        action = own if name in OWNERS or name == "root" else others
        expected = VERDICTS[action][number]
        error, message = caller.call(objects.paths[target], PREFIX + interface, method, signature, fill_in(arguments, number))
        found = verdict_of(error, message)
        if found != expected or error.endswith(("UnknownMethod", "UnknownObject", "InvalidArgs", "UnknownInterface")):
            yield f"{interface}.{method}{arguments}: expected '{expected}' by {action}, got '{found}': {error} {message}"
        elif found in "?-" and f"'{PREFIX}{action}'" not in message:
            yield f"{interface}.{method}{arguments}: not refused by {action}: {message}"


def try_options(name, number, caller, objects, options, action):
    for option in options:
        for method in ("CreateContainer", "RunContainer") if "network" in option else ("CreateContainer",):
            error, message = caller.call(objects.paths["manager"], NAME, method, "sa{sv}", ("bb:1", RUN | option))
            found, expected = verdict_of(error, message), VERDICTS[action][number]
            if found != expected or error.endswith("InvalidArgs"):
                yield f"{method} with {option}: expected '{expected}', got '{found}': {error} {message}"


def introspect(path, interface):
    document = run("busctl", "introspect", "--xml-interface", NAME, path)
    return ElementTree.fromstring(document).find(f"interface[@name='{PREFIX}{interface}']")


def is_private(interface, member):
    """Of a container what GetAll leaves out is shown to the owner and root; of the others that is what costs more."""
    return interface == CONTAINER and any(a.get("name") == EXPLICIT and a.get("value") == "true" for a in member.findall("annotation"))


def try_properties(name, caller, objects):
    for interface, target in INTERFACES.items():
        for member in introspect(objects.paths[target], interface).findall("property"):
            private = is_private(interface, member)
            expected = "+" if not private or name in OWNERS or name == "root" else "-"
            error, message = caller.call(objects.paths[target], PROPERTIES, "Get", "ss", (PREFIX + interface, member.get("name")))
            if verdict_of(error, message) != expected or (error and expected == "+"):
                yield f"{interface}.{member.get('name')}: expected '{expected}': {error} {message}"


INTERFACES = {MANAGER: "manager", CONTAINER: "runs", IMAGE: "image", OPERATION: "ended"}


def missing_methods(objects):
    for path in set(objects.paths.values()):
        document = ElementTree.fromstring(run("busctl", "introspect", "--xml-interface", NAME, path))
        for interface in document.findall("interface"):
            short = interface.get("name").removeprefix(PREFIX)
            if short == interface.get("name"):
                continue
            known = {row[2] for row in TABLE if row[0] == short}
            for method in interface.findall("method"):
                if method.get("name") not in known:
                    yield f"{short}.{method.get('name')} is not in the table"


def unreachable_methods(objects, caller):
    """The bus policy lets every method through, so that polkit decides: wrong arguments reach the daemon."""
    for interface, target, method, *_ in TABLE:
        error, message = caller.call(objects.paths[target], PREFIX + interface, method, "dd", (0.5, 0.5))
        if not error.endswith(".InvalidArgs"):
            yield f"{interface}.{method}: {error} {message}"


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def told(self, sentence, problems):
        problems = list(problems)
        self.n += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.n} - {sentence}", flush=True)
        for problem in problems:
            print(f"# {problem}", flush=True)


def main():
    if sys.argv[1:2] == ["--agent"]:
        return agent(sys.argv[2])
    SOCKETS.mkdir(exist_ok=True)
    SOCKETS.chmod(0o1777)
    for user in ("carol", "dave", "erin"):
        run("useradd", "-m", user)
    write_rules()
    run("systemctl", "start", "systemd-logind.service")
    callers = {name: Caller(name, user, terminal, pam) for name, (user, terminal, pam, _) in CALLERS.items()}
    objects = Objects(callers["owner"])
    callers["owner"].activate()
    return walk(callers, objects)


def walk(callers, objects):
    tap = Tap()
    objects.bring_image(sys.argv[1])
    objects.make()
    tap.told("every method is in the table", missing_methods(objects))
    tap.told("every method is open in the bus policy", unreachable_methods(objects, callers["inactive"]))
    for number, (name, caller) in enumerate(callers.items()):
        objects.make()
        caller.activate()
        tap.told(f"methods, by {name}", try_methods(name, number, caller, objects))
        objects.make()
        caller.activate()
        tap.told(f"properties, by {name}", try_properties(name, caller, objects))
        tap.told(f"options that weaken, by {name}", try_options(name, number, caller, objects, WEAKENING, "privileged"))
        tap.told(f"options that do not, by {name}", try_options(name, number, caller, objects, HARMLESS, "manage-own"))
    print(f"1..{tap.n}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
