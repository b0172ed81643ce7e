#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the questions that polkit gets, what becomes of its answers, and what happens while it thinks."""
import json
import os
import sys

import frame
from frame import (CONTAINER, DBUS_ERROR, ERROR, IMAGE, OPERATION, OTHER_USER, PROPERTIES, USER, GLib, case, switch, text, until, world)

DENIED = DBUS_ERROR + "AccessDenied"
PREFIX = "org.pocketdocker."
QUESTIONS_PER_USER = 64


def asked(polkit):
    """(action, verb) of all questions so far; forgets them."""
    questions = [(action.removeprefix(PREFIX), details["verb"]) for action, details, *_ in polkit.questions]
    polkit.questions.clear()
    return questions


@case("the question names action, verb, object and owner, and who asks")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        user.option_call(path, "Start").value()
        action, details, flags, _, subject = polkit.questions.pop()
        assert action == PREFIX + "manage" and flags == 0
        assert details == {"verb": "start", "container": path.rsplit("/", 1)[1], "name": "one", "image": "bb:1", "network": "default",
                           "owner": "0"}, details
        assert subject == ("system-bus-name", {"name": user.name})
        user.create("mine", network=text("host"), oom_score_adj=text("-1")).value()
        action, details, *_ = polkit.questions.pop()
        assert action == PREFIX + "privileged", action
        assert details == {"verb": "create", "name": "mine", "image": "bb:1", "network": "host", "options": "network,oom-score-adj",
                           "owner": str(USER)}, details
        user.import_image("new:1").value()
        action, details, *_ = polkit.questions.pop()
        assert (action, details) == (PREFIX + "pull", {"verb": "import", "image": "new:1", "owner": str(USER)})
        user.import_image("bb:1").value()
        action, details, *_ = polkit.questions.pop()
        assert (action, details) == (PREFIX + "manage-images", {"verb": "import", "image": "bb:1", "owner": "0"})


@case("each method on another's container asks for its action, on one's own for manage-own or nothing")
def _():
    with world() as w:
        polkit, user, other = w.polkit(), w.caller(USER), w.caller(OTHER_USER)
        path = user.create("mine").value()
        assert asked(polkit) == [("manage-own", "create")]
        exec_id = None
        for method, signature, arguments, own, another in (
                ("Inspect", "()", (), None, "inspect"), ("Attach", "(a{sv})", ({},), "manage-own", "manage"),
                ("Start", "(a{sv})", ({},), "manage-own", "manage"), ("Restart", "(a{sv})", ({},), "manage-own", "manage"),
                ("Logs", "(a{sv})", ({},), None, "manage"), ("Wait", "(a{sv})", ({"condition": text("running")},), None, "inspect"),
                ("Exec", "(asa{sv})", (["sh"], {}), "manage-own", "exec"), ("Resize", "(uu)", (1, 1), "manage-own", "manage"),
                ("ResizeExec", "(suu)", (None, 1, 1), "manage-own", "exec"), ("KillExec", "(ss)", (None, ""), "manage-own", "exec"),
                ("WaitExec", "(s)", (None,), None, "exec"),
                ("GetStats", "()", (), None, "manage"),
                ("WatchStats", "(a{sv})", ({},), None, "manage"), ("ListProcesses", "()", (), None, "manage"),
                ("CopyFrom", "(sha{sv})", ("/", 0, {}), "manage-own", "exec"), ("CopyTo", "(sha{sv})", ("/", 0, {}), "manage-own", "exec"),
                ("Export", "(ha{sv})", (0, {}), None, "manage"), ("Pause", "()", (), "manage-own", "manage"), ("Unpause", "()", (), "manage-own", "manage"), ("Stop", "(a{sv})", ({},), "manage-own", "manage"),
                ("Rename", "(s)", ("mine",), "manage-own", "manage"), ("Kill", "(s)", ("",), "manage-own", "manage"),
                ("SetResources", "(a{sv})", ({"pids-limit": text("5")},), "manage-own", "manage"),
                ("Remove", "(a{sv})", ({},), "manage-own", "manage")):
            arguments = tuple(exec_id if a is None else a for a in arguments)
            polkit.answer = "no"
            fds = [os.memfd_create("archive")] if "h" in signature else []
            other.container(path, method, signature, arguments, fds=fds).refused(DENIED, PREFIX + another)
            assert [action for action, _ in asked(polkit)] == [another], method
            polkit.answer = "yes"
            reply = user.container(path, method, signature, arguments, fds=fds).wait()
            assert reply.error in (None, ERROR + "WrongState"), (method, reply.error, reply.message)
            assert [action for action, _ in asked(polkit)] == ([own] if own else []), method
            if method == "Exec":
                exec_id = reply.values[0]
            for fd in [*fds, *(reply.fds or ())]:
                os.close(fd)


@case("manager's and operation's methods ask for their actions, finding and listing for none")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        theirs, mine = root.import_image("slow").value(), user.import_image("slow").value()
        assert asked(polkit) == [("pull", "import")]
        for options, action in (({}, "manage-images"), ({"policy": text("newer")}, "manage-images"), ({"policy": text("missing")}, "pull")):
            user.pull("bb:1", **options).value()
            assert asked(polkit) == [(action, "pull")]
        polkit.answer = "no"
        user.pull("x").refused(DENIED, PREFIX + "pull")
        assert asked(polkit) == [("pull", "pull")]
        user.import_image("x").refused(DENIED)
        user.import_image("bb:1").refused(DENIED)
        user.call(user.manager("GetImage", "(s)", ("bb:1",)).value(), IMAGE, "Inspect").refused(DENIED)
        user.manager("RemoveImage", "(sa{sv})", ("bb:1", {})).refused(DENIED)
        user.create("xx").refused(DENIED)
        user.create("xx", run=True).refused(DENIED)
        user.call(theirs, OPERATION, "Cancel").refused(DENIED)
        user.call(theirs, OPERATION, "Wait").refused(DENIED)
        assert asked(polkit) == [("pull", "import"), ("manage-images", "import"), ("inspect", "inspect"),
                                 ("manage-images", "remove-image"), ("manage-own", "create"),
                                 ("manage-own", "run"), ("manage", "cancel"), ("inspect", "wait")]
        user.call(mine, OPERATION, "Cancel").value()
        user.call(mine, OPERATION, "Wait").refused(ERROR + "Cancelled")
        for method, signature, arguments in (("ListContainers", "(a{sv})", ({},)), ("ListImages", "(a{sv})", ({},)),
                                             ("GetImage", "(s)", ("bb:1",)), ("GetInfo", "()", ())):
            user.manager(method, signature, arguments).value()
        assert asked(polkit) == []


@case("Inspect shows all to the owner and to root, and to others who may inspect what everybody may see")
def _():
    with world() as w:
        polkit, root, user, other = w.polkit(), w.caller(), w.caller(USER), w.caller(OTHER_USER)
        path = user.create("mine").value()
        for caller, everything in ((root, True), (user, True), (other, False)):
            assert json.loads(caller.container(path, "Inspect").value())["All"] is everything
        assert asked(polkit) == [("manage-own", "create"), ("inspect", "inspect")]


@case("another's labels and network find no container, so that nobody can guess them")
def _():
    with world() as w:
        w.polkit()
        root, user, other = w.caller(), w.caller(USER), w.caller(OTHER_USER)
        user.create("mine", label=GLib.Variant("as", ["secret=1"])).value()

        def found(caller, **criteria):
            given = {key: GLib.Variant("as", [value]) for key, value in criteria.items()}
            return len(caller.manager("ListContainers", "(a{sv})", (given,)).value())

        for criteria in ({"label": "secret"}, {"label": "secret=1"}, {"network": "default"}):
            assert [found(caller, **criteria) for caller in (root, user, other)] == [1, 1, 0], criteria
        assert found(other, name="mine") == 1


@case("an image of one's own is looked into unasked and removed by manage-own, until it is another's")
def _():
    with world() as w:
        polkit, user, other = w.polkit(), w.caller(USER), w.caller(OTHER_USER)
        user.call(user.import_image("mine").value(), OPERATION, "Wait").value()
        assert asked(polkit) == [("pull", "import")]
        image = user.manager("GetImage", "(s)", ("mine",)).value()
        user.call(image, IMAGE, "Inspect").value()
        assert asked(polkit) == []
        other.call(image, IMAGE, "Inspect").value()
        assert asked(polkit) == [("inspect", "inspect")]
        polkit.answer = "no"
        other.manager("RemoveImage", "(sa{sv})", ("mine", {})).refused(DENIED, "manage-images")
        polkit.questions.clear()
        polkit.answer = "yes"
        user.manager("RemoveImage", "(sa{sv})", ("mine", {})).value()
        assert asked(polkit) == [("manage-own", "remove-image")]


@case("a tag that becomes another's while polkit thinks is asked about again")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        polkit.answer = "hang"
        importing = user.import_image("new:1")
        until(lambda: polkit.waiting)
        root.call(root.import_image("new:1").value(), OPERATION, "Wait").value()
        polkit.say_now("yes")
        until(lambda: polkit.waiting, "the second question")
        assert asked(polkit) == [("pull", "import"), ("manage-images", "import")]
        polkit.say_now("no")
        importing.refused(DENIED, "manage-images")


@case("names of images are their givers', and what another brought without one is an administrator's")
def _():
    with world() as w:
        polkit, root, user, other = w.polkit(), w.caller(), w.caller(USER), w.caller(OTHER_USER)
        root.call(root.import_image("").value(), OPERATION, "Wait").value()
        image = root.manager("ListImages", "(a{sv})", ({"dangling": GLib.Variant("b", True)},)).value()[0][0].rpartition("/")[2]
        for caller, method, signature, arguments, action in (
                (user, "TagImage", "(ss)", (image, "mine:1"), "manage-own"),
                (user, "TagImage", "(ss)", (image, "mine:1"), "manage-own"),
                (other, "TagImage", "(ss)", ("bb:1", "mine:1"), "manage-images"),
                (user, "UntagImage", "(s)", ("bb:1",), "manage-images"),
                (user, "RemoveImage", "(sa{sv})", ("mine:1", {}), "manage-images"),
                (user, "PruneImages", "(a{sv})", ({},), "manage-own")):
            caller.manager(method, signature, arguments).value()
            assert [a for a, _ in asked(polkit)] == [action], (method, arguments)
        image = root.call(root.import_image("last:1").value(), OPERATION, "Wait").value()
        root.call(root.import_image("").value(), OPERATION, "Wait").value()
        user.manager("PruneImages", "(a{sv})", ({},)).value()
        assert asked(polkit) == [("manage-images", "prune-images")]
        user.call(f"{frame.ROOT_PATH}/image/{image}", frame.IMAGE, "GetHistory").value()
        assert asked(polkit) == [("inspect", "history")]
        with open("/etc/passwd", "rb") as archive:
            user.manager("LoadImage", "(ha{sv})", (0, {}), fds=[archive.fileno()]).value()
            assert asked(polkit) == [("pull", "load")]
            polkit.answer = "no"
            user.manager("LoadImage", "(ha{sv})", (0, {}), fds=[archive.fileno()]).refused(DENIED)
        for method, signature, arguments in (("TagImage", "(ss)", (image, "x:1")), ("UntagImage", "(s)", ("last:1",)),
                                             ("PruneImages", "(a{sv})", ({},))):
            user.manager(method, signature, arguments).refused(DENIED)


@case("explicit properties are read by the owner and root, and nobody else")
def _():
    with world() as w:
        polkit, root, user, other = w.polkit(), w.caller(), w.caller(USER), w.caller(OTHER_USER)
        path = user.create("mine", env=GLib.Variant("as", ["KEY=secret"])).value()
        for name in ("Command", "Labels", "Environment", "Pid", "ControlGroup", "Error", "Tty", "OpenStdin", "Capabilities", "SecurityOptions"):
            other.get(path, CONTAINER, name).refused(DENIED, f"'{name}'")
            user.get(path, CONTAINER, name).value()
            root.get(path, CONTAINER, name).value()
        assert "KEY=secret" in user.get(path, CONTAINER, "Environment").value()
        assert other.get(path, CONTAINER, "State").value() == "created"
        assert asked(polkit) == [("manage-own", "create")]


@case("a no is AccessDenied, and a wish for a password is told apart; a password is asked for only where the call allows it")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "no"
        user.option_call(path, "Start").refused(DENIED, PREFIX + "manage")
        polkit.answer = "challenge"
        user.option_call(path, "Start").refused(DBUS_ERROR + "InteractiveAuthorizationRequired", PREFIX + "manage")
        assert [flags for _, _, flags, *_ in polkit.questions] == [0, 0]
        polkit.answer = "yes"
        user.option_call(path, "Start", interactive=True).value()
        assert polkit.questions[-1][2] == 1


@case("one answer is good for one message")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        for _ in range(3):
            user.option_call(path, "Start").value()
        assert asked(polkit) == [("manage", "start")] * 3
        polkit.answer = "no"
        user.option_call(path, "Stop").refused(DENIED)


@case("root is never asked about, and without polkit only root may")
def _():
    with world() as w:
        root, user = w.caller(), w.caller(USER)
        path = root.create("one").value()
        user.option_call(path, "Start").refused(DENIED, "root")
        user.create("mine").refused(DENIED, "root")
        root.option_call(path, "Start").value()
        polkit = w.polkit()
        polkit.answer = "no"
        root.option_call(path, "Stop").value()
        assert asked(polkit) == []


@case("a polkit that hangs is given up after a while, and told so")
def _():
    with world(environment={"POCKETDOCKER_AUTHORIZATION_SECONDS": "1"}) as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        user.option_call(path, "Start", interactive=True).refused(DENIED, "in time")
        until(lambda: polkit.cancelled, "the cancellation")
        assert polkit.cancelled == [polkit.questions[0][3]]
        assert root.get(path, CONTAINER, "State").value() == "created"


@case("a polkit that goes while it thinks says nothing, which is a no; the next one is asked anew")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        start = user.option_call(path, "Start", interactive=True)
        behind = user.get(path, CONTAINER, "State")
        until(lambda: polkit.waiting)
        polkit.caller.close()
        start.refused(DENIED, PREFIX + "manage")
        assert behind.value() == "created"
        user.option_call(path, "Start").refused(DENIED, "root only")
        again = w.polkit()
        user.option_call(path, "Start").value()
        assert asked(again) == [("manage", "start")]


@case("while polkit thinks, others are served, and so is the asker elsewhere")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        start = user.option_call(path, "Start")
        until(lambda: polkit.waiting)
        assert root.option_call(path, "Stop").value() == ()
        assert len(user.manager("ListContainers", "(a{sv})", ({},)).value()) == 1
        assert not start.ended
        polkit.say_now("yes")
        start.value()


@case("a container that goes while polkit thinks is an unknown object, and the answer is good for nothing else")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path, other = root.create("one").value(), root.create("two").value()
        polkit.answer = "hang"
        start = user.option_call(path, "Start")
        until(lambda: polkit.waiting)
        root.option_call(path, "Remove").value()
        polkit.say_now("yes")
        start.refused(DBUS_ERROR + "UnknownObject")
        polkit.answer = "no"
        user.option_call(other, "Start").refused(DENIED)
        assert root.get(other, CONTAINER, "State").value() == "created"


@case("a container that is renamed while polkit thinks is asked about again, by its new name")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        start = user.option_call(path, "Start")
        until(lambda: polkit.waiting)
        root.container(path, "Rename", "(s)", ("two",)).value()
        polkit.say_now("yes")
        until(lambda: polkit.waiting, "the second question")
        assert [details["name"] for _, details, *_ in polkit.questions] == ["one", "two"]
        assert not start.ended
        polkit.say_now("yes")
        start.value()


@case("an operation and an image that go while polkit thinks are told by name")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        polkit.answer = "hang"
        remove = user.manager("RemoveImage", "(sa{sv})", ("bb:1", {}))
        until(lambda: polkit.waiting)
        root.manager("RemoveImage", "(sa{sv})", ("bb:1", {})).value()
        polkit.say_now("yes")
        remove.refused(ERROR + "NoSuchImage", "'bb:1'")


@case("a caller that leaves while polkit thinks is asked about no more, and a late yes changes nothing")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        user.option_call(path, "Start")
        until(lambda: polkit.waiting)
        user.close()
        until(lambda: polkit.cancelled, "the cancellation")
        polkit.say_now("yes")
        root.sync()
        assert root.get(path, CONTAINER, "State").value() == "created"


@case("Attach, Wait and Start sent in one go stay in order while polkit thinks about each")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        attach, wait, start = (user.option_call(path, method) for method in ("Attach", "Wait", "Start"))
        state = user.get(path, CONTAINER, "State")
        for verb in ("attach", "wait", "start"):
            until(lambda: polkit.waiting, f"the question about {verb}")
            assert [details["verb"] for _, details, *_ in polkit.questions][-1] == verb
            assert len(polkit.waiting) == 1
            polkit.say_now("yes")
        streams = attach.value()
        assert os.read(attach.fds[streams["stdout"]], 100) == b"attached\n"
        start.value()
        assert state.value() == "running"
        root.container(path, "Kill", "(s)", ("",)).value()
        assert wait.value() == 137
        os.close(attach.fds[0])


@case("after a no what was sent behind it goes on")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        polkit.answer = "hang"
        start, state = user.option_call(path, "Start"), user.get(path, CONTAINER, "State")
        until(lambda: polkit.waiting)
        polkit.say_now("no")
        start.refused(DENIED)
        assert state.value() == "created"


@case("one user has a bounded number of open questions, over all his connections")
def _():
    with world() as w:
        polkit, users = w.polkit(), [w.caller(USER) for _ in range(4)]
        other = w.caller(OTHER_USER)
        polkit.answer = "hang"
        replies = [users[i % 4].create() for i in range(QUESTIONS_PER_USER)]
        until(lambda: len(polkit.waiting) == QUESTIONS_PER_USER)
        users[0].create().refused(ERROR + "LimitReached")
        another = other.create()
        until(lambda: len(polkit.waiting) == QUESTIONS_PER_USER + 1)
        polkit.say_now("yes")
        another.value()
        assert len({reply.value() for reply in replies}) == QUESTIONS_PER_USER


@case("a wrong argument is refused before anybody is asked")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        path = root.create("one").value()
        user.option_call(path, "Stop", {"nonsense": switch(True)}).refused(DBUS_ERROR + "InvalidArgs")
        user.create("xx", nonsense=switch(True)).refused(DBUS_ERROR + "InvalidArgs")
        user.call(path, PROPERTIES, "Set", "(ssv)", (CONTAINER, "Name", text("x"))).refused(DBUS_ERROR + "PropertyReadOnly")
        assert asked(polkit) == []


if __name__ == "__main__":
    sys.exit(frame.run_all())
