#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the questions that polkit gets, what becomes of its answers, and what happens while it thinks."""
import os
import sys

import frame
from frame import (CONTAINER, DBUS_ERROR, ERROR, OPERATION, OTHER_USER, PROPERTIES, USER, GLib, case, switch, text, until, world)

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
        assert details == {"verb": "start", "container": "one", "image": "bb:1", "owner": "0"}, details
        assert subject == ("system-bus-name", {"name": user.name})
        user.create("mine", network=text("host")).value()
        action, details, *_ = polkit.questions.pop()
        assert action == PREFIX + "privileged" and details["privilege"] and details["owner"] == str(USER), details
        user.import_image("new:1").value()
        action, details, *_ = polkit.questions.pop()
        assert (action, details["verb"], details["image"]) == (PREFIX + "manage-images", "import", "new:1")


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
                ("Logs", "(a{sv})", ({},), None, "inspect"), ("Wait", "(a{sv})", ({"condition": text("running")},), None, "inspect"),
                ("Exec", "(asa{sv})", (["sh"], {}), "manage-own", "exec"), ("Resize", "(uu)", (1, 1), "manage-own", "manage"),
                ("ResizeExec", "(suu)", (None, 1, 1), "manage-own", "exec"), ("KillExec", "(ss)", (None, ""), "manage-own", "exec"),
                ("WaitExec", "(s)", (None,), None, "exec"),
                ("GetStats", "()", (), None, "inspect"),
                ("WatchStats", "(a{sv})", ({},), None, "inspect"), ("ListProcesses", "()", (), None, "inspect"),
                ("Pause", "()", (), "manage-own", "manage"), ("Unpause", "()", (), "manage-own", "manage"), ("Stop", "(a{sv})", ({},), "manage-own", "manage"),
                ("Rename", "(s)", ("mine",), "manage-own", "manage"), ("Kill", "(s)", ("",), "manage-own", "manage"),
                ("SetResources", "(a{sv})", ({"pids-limit": text("5")},), "manage-own", "manage"),
                ("Remove", "(a{sv})", ({},), "manage-own", "manage")):
            arguments = tuple(exec_id if a is None else a for a in arguments)
            polkit.answer = "no"
            other.container(path, method, signature, arguments).refused(DENIED, PREFIX + another)
            assert [action for action, _ in asked(polkit)] == [another], method
            polkit.answer = "yes"
            reply = user.container(path, method, signature, arguments).wait()
            assert reply.error in (None, ERROR + "WrongState"), (method, reply.error, reply.message)
            assert [action for action, _ in asked(polkit)] == ([own] if own else []), method
            if method == "Exec":
                exec_id = reply.values[0]
            for fd in reply.fds or ():
                os.close(fd)


@case("manager's and operation's methods ask for their actions, finding and listing for none")
def _():
    with world() as w:
        polkit, root, user = w.polkit(), w.caller(), w.caller(USER)
        theirs, mine = root.import_image("slow").value(), user.import_image("slow").value()
        assert asked(polkit) == [("manage-images", "import")]
        polkit.answer = "no"
        user.import_image("x").refused(DENIED)
        user.manager("RemoveImage", "(sa{sv})", ("bb:1", {})).refused(DENIED)
        user.create("xx").refused(DENIED)
        user.create("xx", run=True).refused(DENIED)
        user.call(theirs, OPERATION, "Cancel").refused(DENIED)
        user.call(theirs, OPERATION, "Wait").refused(DENIED)
        assert asked(polkit) == [("manage-images", "import"), ("manage-images", "remove-image"), ("manage-own", "create"),
                                 ("manage-own", "run"), ("manage", "cancel"), ("inspect", "wait")]
        user.call(mine, OPERATION, "Cancel").value()
        user.call(mine, OPERATION, "Wait").refused(ERROR + "Cancelled")
        for method, signature, arguments in (("ListContainers", "(a{sv})", ({},)), ("ListImages", "(a{sv})", ({},)),
                                             ("GetImage", "(s)", ("bb:1",)), ("GetInfo", "()", ())):
            user.manager(method, signature, arguments).value()
        assert asked(polkit) == []


@case("explicit properties are read by the owner and root, and nobody else")
def _():
    with world() as w:
        polkit, root, user, other = w.polkit(), w.caller(), w.caller(USER), w.caller(OTHER_USER)
        path = user.create("mine", env=GLib.Variant("as", ["KEY=secret"])).value()
        for name in ("Command", "Labels", "Environment", "Pid", "ControlGroup", "Error", "Tty", "OpenStdin"):
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
