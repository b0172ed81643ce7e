#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What one user may have, up to the last one and one more: the daemon and a polkit that says yes, on a bus of their own.

owner-caps.py ROOTFS: prints TAP. The daemon is build/pocketdockerd, or POCKETDOCKER_FAKE_DAEMON.
"""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "bus"))
import frame
from frame import CONTAINER, ERROR, OPERATION, OTHER_USER, USER, GLib, case, text, world

ROOTFS = sys.argv.pop(1)
CONTAINERS, RUNNING, OPERATIONS = 1024, 256, 8
GIB = 1 << 30


def strings(*values):
    return GLib.Variant("as", values)


def import_image(caller, file, reference):
    """The operation's path, from its beginning."""
    return caller.manager("ImportImage", "(hsa{sv})", (0, reference, {}), fds=[file.fileno()])


def with_image(w):
    root = w.caller()
    w.polkit()
    with open(ROOTFS, "rb") as archive:
        root.call(import_image(root, archive, "bb:1").value(), OPERATION, "Wait").value()
    return root


def in_flights(calls, n=32):
    """Answers to calls, at most n of them open at a time."""
    replies = []
    for i, call in enumerate(calls):
        replies.append(call())
        if i >= n:
            replies[i - n].wait()
    return [reply.wait() for reply in replies]


def remove_all(root):
    paths = [path for path, _ in root.manager("ListContainers", "(a{sv})", ({},)).value()]
    removed = in_flights([lambda path=path: root.option_call(path, "Remove", {"force": GLib.Variant("b", True)}) for path in paths])
    assert {reply.error for reply in removed} <= {None}


@case(f"one user may have {CONTAINERS} containers, and others then have room")
def _():
    with world() as w:
        root, user, other = with_image(w), w.caller(USER), w.caller(OTHER_USER)
        made = in_flights([lambda: user.create(command=strings("true"))] * CONTAINERS)
        assert {reply.error for reply in made} == {None}
        user.create(command=strings("true")).refused(ERROR + "LimitReached", str(CONTAINERS))
        other.create(command=strings("true")).value()
        root.create(command=strings("true")).value()
        user.option_call(made[0].values[0], "Remove").value()
        user.create(command=strings("true")).value()
        remove_all(root)


@case(f"of one user's containers {RUNNING} may run at once, and others then have room")
def _():
    with world() as w:
        root, user, other = with_image(w), w.caller(USER), w.caller(OTHER_USER)
        made = in_flights([lambda: user.create(run=True, command=strings("sleep", "3600"))] * RUNNING, 16)
        assert {reply.error for reply in made} == {None}, {reply.message for reply in made}
        user.create(run=True, command=strings("sleep", "3600")).refused(ERROR + "LimitReached", str(RUNNING))
        late = user.create(command=strings("sleep", "3600")).value()
        user.option_call(late, "Start").refused(ERROR + "LimitReached", str(RUNNING))
        other.create(run=True, command=strings("sleep", "3600")).value()
        user.option_call(made[0].values[0], "Stop", {"timeout": GLib.Variant("t", 0)}).value()
        user.option_call(late, "Start").value()
        assert user.get(late, CONTAINER, "State").value() == "running"
        remove_all(root)


@case(f"one user may have {OPERATIONS} operations under way, and others then have room")
def _():
    with world() as w:
        root, user, other = with_image(w), w.caller(USER), w.caller(OTHER_USER)
        pipes = [os.pipe() for _ in range(OPERATIONS + 2)]
        ends = [(os.fdopen(r, "rb"), w_) for r, w_ in pipes]
        under_way = [import_image(user, end, f"slow:{i}").value() for i, (end, _) in enumerate(ends[:OPERATIONS])]
        import_image(user, ends[OPERATIONS][0], "one-more").refused(ERROR + "LimitReached", str(OPERATIONS))
        others = import_image(other, ends[OPERATIONS + 1][0], "others").value()
        user.call(under_way[0], OPERATION, "Cancel").value()
        user.call(under_way[0], OPERATION, "Wait").refused(ERROR + "Cancelled")
        under_way.append(import_image(user, ends[OPERATIONS][0], "one-more").value())
        for path in under_way[1:]:
            user.call(path, OPERATION, "Cancel").value()
        other.call(others, OPERATION, "Cancel").value()
        for read_end, write_end in ends:
            read_end.close()
            os.close(write_end)


@case("imports of one user that nothing is sent to keep only his own waiting")
def _():
    with world() as w:
        root, user, other = with_image(w), w.caller(USER), w.caller(OTHER_USER)
        ends = [(os.fdopen(r, "rb"), w_) for r, w_ in (os.pipe() for _ in range(OPERATIONS))]
        under_way = [import_image(user, end, f"slow:{i}").value() for i, (end, _) in enumerate(ends)]
        for caller, tag in ((other, "o:1"), (root, "r:1")):
            with open(ROOTFS, "rb") as archive:
                caller.call(import_image(caller, archive, tag).value(), OPERATION, "Wait").value()
        for path in under_way:
            user.call(path, OPERATION, "Cancel").value()
        for read_end, write_end in ends:
            read_end.close()
            os.close(write_end)


@case("the layers of one user's images may take 64 GiB, and others then have room")
def _():
    with world() as w:
        root, user, other = with_image(w), w.caller(USER), w.caller(OTHER_USER)
        work = w.directory / "sparse"
        (work / "a").mkdir(parents=True)
        (work / "b").mkdir()
        for name, size in (("a", 40 * GIB), ("b", 30 * GIB)):
            with open(work / name / "hole", "wb") as hole:
                hole.truncate(size)
            os.system(f"tar -C {work}/{name} --sparse -cf {work}/{name}.tar .")

        def bring(caller, name, reference):
            with open(work / f"{name}.tar", "rb") as archive:
                begun = import_image(caller, archive, reference).wait()
            return begun if begun.error else caller.call(begun.values[0], OPERATION, "Wait")

        bring(user, "a", "a:1").value()
        bring(user, "b", "b:1").refused(ERROR + "LimitReached")
        user.manager("GetImage", "(s)", ("b:1",)).refused(ERROR + "NoSuchImage")
        assert not os.listdir(w.directory / "state/images/staging")
        bring(other, "b", "b:1").value()
        bring(root, "a", "r:1").value()
        user.manager("RemoveImage", "(sa{sv})", ("a:1", {})).value()
        bring(user, "b", "c:1").value()


if __name__ == "__main__":
    frame.DAEMON = pathlib.Path(os.environ.get("POCKETDOCKER_BUILD", frame.SOURCE / "build")) / "pocketdockerd"
    sys.exit(frame.run_all())
