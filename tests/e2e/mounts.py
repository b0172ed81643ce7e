#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What users hand over to be mounted: the daemon and a polkit that says yes, on a bus of their own.

mounts.py ROOTFS [WORD]...: prints TAP. The daemon is build/pocketdockerd; users are daemon and nobody.
"""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "bus"))
import frame
from frame import CONTAINER, DBUS_ERROR, ERROR, OPERATION, OTHER_USER, USER, GLib, case, until, world

ROOTFS = sys.argv.pop(1)
INVALID = DBUS_ERROR + "InvalidArgs"
GROUP = 1  # of the user daemon, in every Debian


def strings(*values):
    return GLib.Variant("as", values)


class Place:
    """A world with an image, a user of it, and a directory of that user's."""

    def __init__(self, w):
        self.w = w
        self.polkit = w.polkit()
        self.root, self.user = w.caller(), self.connect(USER, GROUP)
        with open(ROOTFS, "rb") as archive:
            begun = self.root.manager("ImportImage", "(hsa{sv})", (0, "bb:1", {}), fds=[archive.fileno()])
            self.root.call(begun.value(), OPERATION, "Wait").value()
        self.home = w.directory / "home"
        self.home.mkdir()
        os.chown(self.home, USER, GROUP)

    def connect(self, uid, gid):
        """A caller of this group alone: the bus tells the daemon what the kernel says of the socket."""
        groups = os.getgroups()
        os.setgroups([])
        os.setegid(gid)
        try:
            return self.w.caller(uid)
        finally:
            os.setegid(0)
            os.setgroups(groups)

    def write(self, name, text="", uid=USER, gid=GROUP, mode=0o644):
        path = self.home / name
        path.write_text(text)
        os.chown(path, uid, gid)
        path.chmod(mode)
        return path

    def open(self, path, flags=os.O_RDONLY, uid=USER, gid=GROUP):
        """As the user would: the kernel checks."""
        os.setegid(gid)
        os.seteuid(uid)
        try:
            return os.open(path, flags | os.O_CLOEXEC)
        finally:
            os.seteuid(0)
            os.setegid(0)

    def hand_over(self, path, flags=os.O_RDONLY, caller=None):
        fd = self.open(path, flags)
        try:
            return (caller or self.user).manager("OpenMount", "(h)", (0,), fds=[fd])
        finally:
            os.close(fd)

    def token(self, path, **more):
        return self.hand_over(path, **more).value()

    def run(self, script, *mounts, caller=None, **options):
        """(exit code, output) of a shell in a container with these mounts."""
        caller = caller or self.user
        options = {"command": strings("sh", "-c", script), "mount": strings(*mounts)} | options
        path = caller.create(**options).value()
        streams = caller.option_call(path, "Attach", {"stdout": GLib.Variant("b", True), "stderr": GLib.Variant("b", True)}).wait()
        assert streams.error is None, (streams.error, streams.message)
        caller.option_call(path, "Start").value()
        code = caller.option_call(path, "Wait").value()
        output = ""
        for fd in streams.fds:  # its errors are read and not looked at
            with open(fd) as stream:
                output = output or stream.read()
        caller.option_call(path, "Remove").value()
        return code, output.strip()

    def refused(self, *mounts, caller=None, **options):
        """The reply to a container that cannot be started."""
        return (caller or self.user).create(run=True, command=strings("true"), mount=strings(*mounts), **options)


def bind(token, target="/mnt/place", more=""):
    return f"type=bind,token={token},target={target}{more}"


def place_case(sentence):
    def keep(function):
        @case(sentence)
        def _():
            with world() as w:
                function(Place(w))
        return function
    return keep


@place_case("a directory that a user hands over is the container's root's, and what that writes is the user's")
def _(p):
    p.write("mine", "hello\n")
    code, output = p.run("cat /mnt/place/mine; stat -c %u:%g /mnt/place/mine; echo new >/mnt/place/new; mkdir /mnt/place/sub",
                         bind(p.token(p.home)))
    assert (code, output) == (0, "hello\n0:0"), output
    for name in ("new", "sub"):
        s = (p.home / name).stat()
        assert (s.st_uid, s.st_gid) == (USER, GROUP), s


@place_case("it is the container's user's, by number and by a name of the image's")
def _(p):
    p.write("mine", "hello\n", mode=0o600)
    for user in ("app", "1000:1000", "app:app"):
        code, output = p.run(f"id -u; cat /mnt/place/mine; stat -c %U /mnt/place/mine; touch /mnt/place/by-user", bind(p.token(p.home)),
                             user=frame.text(user))
        assert (code, output) == (0, "1000\nhello\napp"), output
        assert (p.home / "by-user").stat().st_uid == USER
        (p.home / "by-user").unlink()


@place_case("a user of the image's is looked up in the image, whatever is mounted over its passwd")
def _(p):
    passwd = p.write("passwd", "root:x:0:0::/:/bin/sh\napp:x:4242:4242::/:/bin/sh\n")
    code, output = p.run("id -u; stat -c %u /mnt/place", bind(p.token(passwd), "/etc/passwd"), bind(p.token(p.home)), user=frame.text("app"))
    assert (code, output) == (0, "1000\n1000"), output


@place_case("files of others are nobody's, and as open as they are to the user")
def _(p):
    p.write("others", "open\n", uid=OTHER_USER, gid=OTHER_USER, mode=0o644)
    p.write("secret", "closed", uid=0, gid=0, mode=0o600)
    code, output = p.run("cat /mnt/place/others; stat -c %u /mnt/place/secret; cat /mnt/place/secret || chmod 666 /mnt/place/secret || "
                         "chown 0 /mnt/place/secret || echo x >>/mnt/place/others || echo refused", bind(p.token(p.home)))
    assert output.startswith("open\n65534\n") and output.endswith("refused"), output
    assert (p.home / "secret").stat().st_mode & 0o777 == 0o600


@place_case("chown and create as uid 999 are refused by the kernel")
def _(p):
    p.home.chmod(0o777)
    p.write("mine")
    code, output = p.run("chown 999 /mnt/place/mine || echo refused", bind(p.token(p.home)))
    assert output.endswith("refused"), output
    code, output = p.run("touch /mnt/place/by-999 || echo refused", bind(p.token(p.home)), user=frame.text("999:999"))
    assert code == 0 and (p.home / "by-999").stat().st_uid == USER, "the container's user is the caller"
    code, output = p.run("""su -s /bin/sh app -c 'touch /mnt/place/by-app' || echo refused""", bind(p.token(p.home)))
    assert output.endswith("refused") and not (p.home / "by-app").exists(), output


@place_case("a descriptor that was opened with O_PATH is refused, and one for writing, a pipe and a device")
def _(p):
    p.hand_over(p.home, os.O_PATH).refused(INVALID, "O_PATH")
    p.hand_over(p.write("f"), os.O_WRONLY).refused(INVALID, "not open for reading")
    os.mkfifo(p.home / "fifo", 0o644)
    os.chown(p.home / "fifo", USER, GROUP)
    p.hand_over(p.home / "fifo", os.O_RDONLY | os.O_NONBLOCK).refused(INVALID, "neither a directory nor a regular file")
    p.hand_over("/dev/null").refused(INVALID, "neither a directory nor a regular file")


@place_case("a descriptor of another mount namespace is refused by name")
def _(p):
    other = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; read _"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    other.stdout.readline()
    fd = os.open(f"/proc/{other.pid}/root{p.home}", os.O_RDONLY)
    p.user.manager("OpenMount", "(h)", (0,), fds=[fd]).refused(INVALID, "another mount namespace")
    os.close(fd)
    other.communicate(b"\n")


@place_case("a file that is nowhere any more is refused")
def _(p):
    path = p.write("gone")
    fd = p.open(path)
    path.unlink()
    p.user.manager("OpenMount", "(h)", (0,), fds=[fd]).refused(INVALID, "no path")
    os.close(fd)


@place_case("a regular file is mounted as a file")
def _(p):
    path = p.write("file", "text")
    code, output = p.run("cat /etc/mine; echo more >>/etc/mine", bind(p.token(path), "/etc/mine"))
    assert (code, output) == (0, "text") and path.read_text() == "textmore\n"
    code, output = p.run("echo more >>/etc/mine || echo refused", bind(p.token(path), "/etc/mine", ",readonly"))
    assert output.endswith("refused"), output


@place_case("a source that is mounted read-only stays so, and noexec stays")
def _(p):
    mounted = p.home / "mounted"
    mounted.mkdir()
    os.chown(mounted, USER, GROUP)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"noexec,uid={USER},gid={GROUP},mode=755", "none", mounted], check=True)
    try:
        (mounted / "script").write_text("#!/bin/sh\necho ran\n")
        (mounted / "script").chmod(0o755)
        subprocess.run(["mount", "-o", "remount,bind,ro,noexec", mounted], check=True)
        code, output = p.run("grep ' /mnt/place ' /proc/self/mountinfo | cut -d' ' -f6; touch /mnt/place/x || echo refused; "
                             "/mnt/place/script || echo not run", bind(p.token(mounted)))
        flags = output.splitlines()[0].split(",")
        assert {"ro", "noexec", "nosuid", "nodev"} <= set(flags), output
        assert "refused" in output and "not run" in output, output
    finally:
        subprocess.run(["umount", mounted], check=True)


@place_case("what is mounted below does not follow")
def _(p):
    below = p.home / "below"
    below.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", below], check=True)
    try:
        (below / "hidden").write_text("x")
        code, output = p.run("ls /mnt/place/below | wc -l", bind(p.token(p.home)))
        assert (code, output) == (0, "0"), output
    finally:
        subprocess.run(["umount", below], check=True)


@place_case("a setuid program of the source gives nothing, nor does one that is made there")
def _(p):
    path = p.home / "busybox"
    path.write_bytes(pathlib.Path("/bin/busybox").read_bytes())
    path.chmod(0o4755)
    code, output = p.run("/mnt/place/busybox id -u; cp /bin/busybox /mnt/place/made; chmod 4755 /mnt/place/made; "
                         "grep ' /mnt/place ' /proc/self/mountinfo", bind(p.token(p.home)), user=frame.text("app"))
    assert output.startswith("1000\n") and "nosuid,nodev" in output, output
    assert path.stat().st_uid == 0 and path.stat().st_mode & stat.S_ISUID


@place_case("directories of proc, sysfs and cgroups are refused by their type")
def _(p):
    for path, kind in (("/proc/sys", "proc"), ("/sys/kernel", "sysfs"), ("/proc/self/task", "proc"), (cgroup_mount(), "cgroup2")):
        p.refused(bind(p.token(path))).refused(ERROR + "StartFailed", f"'{kind}'")


def cgroup_mount():
    for line in open("/proc/self/mountinfo"):
        if " - cgroup2 " in line:
            return line.split()[4]
    raise AssertionError("no cgroup2 mount")


@place_case("another thing under the same path is not what was handed over, nor is it by way of a link")
def _(p):
    for swap in ("directory", "link"):
        first, aside = p.home / "first", p.home / f"aside-{swap}"
        first.mkdir(exist_ok=True)
        token = p.token(first)
        first.rename(aside)
        if swap == "link":
            first.symlink_to("/root")
        else:
            first.mkdir()
        p.refused(bind(token)).refused(ERROR + "StartFailed", f"'{first}'", "not what")
        if swap == "link":
            first.unlink()
        else:
            first.rmdir()


@place_case("a link that takes the place of a directory above is not followed")
def _(p):
    above = p.home / "above"
    (above / "place").mkdir(parents=True)
    (p.home / "other" / "place").mkdir(parents=True)
    token = p.token(above / "place")
    above.rename(p.home / "moved")
    above.symlink_to(p.home / "other")
    p.refused(bind(token)).refused(ERROR + "StartFailed", "not what")


@place_case("a target behind a link leads into the container, not out of it")
def _(p):
    file = p.write("mine", "hello\n")
    for name, target in (("absolute", "/etc"), ("relative", "../../../../../../etc")):
        (p.home / name).symlink_to(target)
        code, output = p.run("cat /etc/place-of-mine", bind(p.token(p.home)), bind(p.token(file), f"/mnt/place/{name}/place-of-mine"))
        assert (code, output) == (0, "hello"), output
    assert not os.path.exists("/etc/place-of-mine")


@place_case("what is in a token's place is checked at each start, and is found again by another daemon")
def _(p):
    p.write("mine", "hello\n")
    path = p.user.create(name="kept", command=strings("cat", "/mnt/place/mine"), mount=strings(bind(p.token(p.home)))).value()
    for _ in range(2):
        p.user.option_call(path, "Start").value()
        assert p.user.option_call(path, "Wait").value() == 0
    p.w.daemon.kill()
    p.w.daemon.wait()
    p.w.processes.remove(p.w.daemon)
    p.w.start_daemon()
    p.user.option_call(path, "Start").value()
    assert p.user.option_call(path, "Wait").value() == 0
    p.home.rename(p.w.directory / "away")
    p.user.option_call(path, "Start").refused(ERROR + "StartFailed", f"'{p.home}'")
    p.user.option_call(path, "Remove").value()


@place_case("forty bind mounts work, each handed over by a call of its own")
def _(p):
    mounts = []
    for i in range(40):
        (p.home / str(i)).mkdir()
        (p.home / str(i) / "n").write_text(f"{i}\n")
        mounts.append(bind(p.token(p.home / str(i)), f"/mnt/{i}"))
    code, output = p.run("cat /mnt/*/n | sort -n | tr '\\n' ' '", *mounts)
    assert (code, output) == (0, " ".join(str(i) for i in range(40))), output


@place_case("a token is good for one connection and one container")
def _(p):
    other = p.connect(USER, GROUP)
    token = p.token(p.home)
    other.create(mount=strings(bind(token))).refused(INVALID, "unknown to this connection")
    p.user.create(name="a", mount=strings(bind(token)), command=strings("true")).value()
    p.user.create(name="b", mount=strings(bind(token)), command=strings("true")).refused(INVALID, "unknown")
    p.user.create(mount=strings(bind("f" * 64))).refused(INVALID, "unknown")


@place_case("a path by its name is asked for as privileged, and root's has its ids as they are")
def _(p):
    p.polkit.answer = "no"
    p.user.create(mount=strings(f"type=bind,source={p.home},target=/x")).refused(DBUS_ERROR + "AccessDenied", "org.pocketdocker.privileged")
    assert p.polkit.questions[-1][0] == "org.pocketdocker.privileged" and p.polkit.questions[-1][1]["options"] == "mount"
    p.write("by-999", uid=999, gid=999)
    code, output = p.run("stat -c %u:%g /x/by-999; touch /x/new; chown 4242 /x/new", f"type=bind,source={p.home},target=/x", caller=p.root)
    assert (code, output) == (0, "999:999"), output
    assert (p.home / "new").stat().st_uid == 4242


@place_case("a volume of another user's needs the right to manage it")
def _(p):
    other = p.connect(OTHER_USER, OTHER_USER)
    p.user.manager("CreateVolume", "(sa{sv})", ("mine", {})).value()
    p.polkit.answer = "no"
    other.create(mount=strings("type=volume,source=mine,target=/x")).refused(DBUS_ERROR + "AccessDenied", "org.pocketdocker.manage'")
    other.manager("RemoveVolume", "(sa{sv})", ("mine", {})).refused(DBUS_ERROR + "AccessDenied", "org.pocketdocker.manage'")
    p.polkit.answer = "yes"
    other.manager("CreateVolume", "(sa{sv})", ("mine", {})).refused(ERROR + "VolumeExists", "'mine'")
    code, output = p.run("echo x >/x/f; stat -c %u /x/f", "type=volume,source=mine,target=/x", user=frame.text("app"))
    assert code != 0, "root of the container has made it"


@place_case("what another container has mounted is its owner's to share, and asked for as it was there")
def _(p):
    other = p.connect(OTHER_USER, OTHER_USER)
    p.write("shared", "hello\n", mode=0o600)
    p.user.create("handed", command=strings("true"), mount=strings(bind(p.token(p.home)))).value()
    p.user.create("named", command=strings("true"), mount=strings("type=bind,source=/srv,target=/x")).value()
    p.polkit.answer = "no"
    other.create(command=strings("true"), **{"volumes-from": strings("handed")}).refused(DBUS_ERROR + "AccessDenied", "org.pocketdocker.privileged'")
    p.user.create(command=strings("true"), **{"volumes-from": strings("named")}).refused(DBUS_ERROR + "AccessDenied", "org.pocketdocker.privileged'")
    p.user.create(command=strings("true"), **{"volumes-from": strings("handed")}).refused(DBUS_ERROR + "AccessDenied", "org.pocketdocker.manage-own'")
    p.polkit.answer = "yes"
    code, output = p.run("cat /mnt/place/shared", volumes_from=strings("handed:ro"))
    assert (code, output) == (0, "hello"), (code, output)


@place_case("the command hands over what its user names, as the user, and makes what is not there")
def _(p):
    command = p.w.directory / "pocketdocker"  # where the user reaches it
    shutil.copy(frame.DAEMON.parent / "pocketdocker", command)
    p.write("mine", "hello\n", mode=0o600)
    p.write("closed", "x", uid=0, gid=0, mode=0o600)

    def pocketdocker(*arguments):
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen([command, f"--address={p.w.address}", *arguments], user=USER, group=GROUP, extra_groups=[GROUP, 4],
                                       cwd=p.home, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env={"PATH": os.environ["PATH"]})
            until(lambda: process.poll() is not None, "the command's end")  # polkit answers meanwhile
            out.seek(0)
            errors.seek(0)
            return process.returncode, out.read(), errors.read()

    done = pocketdocker("run", "--rm", "-v", f"{p.home}:/x:ro", "-v", "./made/here:/y", "--mount", f"type=bind,src={p.home}/mine,dst=/z",
                        "bb:1", "sh", "-c", "cat /x/mine /z; touch /y/file; stat -c %u:%g /z; touch /x/file || echo refused")
    assert done[1] == "hello\nhello\n0:0\nrefused\n", done
    for path in (p.home / "made", p.home / "made/here/file"):
        assert (path.stat().st_uid, path.stat().st_gid) == (USER, GROUP)
    done = pocketdocker("run", "--rm", "-v", "./closed:/x", "bb:1", "true")
    assert done[0] == 125 and "'./closed'" in done[2], done
    p.polkit.answer = "no"
    done = pocketdocker("run", "--rm", "-v", f"{p.home}:/x:idmap=all", "bb:1", "true")
    assert done[0] == 125 and "org.pocketdocker.privileged" in done[2], done


if __name__ == "__main__":
    frame.DAEMON = pathlib.Path(os.environ.get("POCKETDOCKER_BUILD", frame.SOURCE / "build")) / "pocketdockerd"
    sys.exit(frame.run_all())
