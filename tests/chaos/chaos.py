#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""chaos.py [--seed N] [--minutes M] [--build DIR]: random steps against a real engine, each followed by a look at all of it.

After each step `ps`, the database, the cgroup tree, the process table, the files and the logs must say the same, and
what was acknowledged must be so. Prints each step, then TAP. The seed of a failure is printed: with it the same steps
come in the same order. Needs root.
"""
import argparse
import pathlib
import random
import sys
import time

from engine import Broken, Engine, await_true
from steps import Steps


def differing(steps, found, where):
    """Where what was found (id to state and name) is not what the steps made."""
    wrong = []
    for c in steps.containers.values():
        state, name = found.get(c.id, ("lost", c.name))
        if state != c.state or name != c.name:
            wrong.append(f"{name} is {state} in {where}, not {c.state}")
    extra = set(found) - {c.id for c in steps.containers.values()}
    return wrong + [f"{container_id} is in {where} and nobody made it" for container_id in extra]


def check_states(engine, steps):
    """Each container is what the step made of it, at last, for callers and on disk. A restart under way is waited for."""
    last = []

    def so():
        last[:] = differing(steps, engine.containers(), "ps") + differing(steps, engine.database(), "the database")
        return not last
    try:
        await_true("states", so)
    except Broken:
        raise Broken("; ".join(last)) from None


def check_running(engine, c):
    def so():  # an end that was just caused may not have been noticed when the states were asked for
        state, processes = engine.inspect(c.name)["State"], engine.processes(c.id)
        return state["Pid"] in processes and engine.monitor_pid(c.id) in processes
    await_true(f"{c.name} is {c.state} and has its first process and its monitor", so)


def check_processes(engine, c):
    if c.state in ("running", "paused"):
        check_running(engine, c)
    else:  # its monitor says the end before its own
        await_true(f"{c.name} is {c.state} and without a cgroup", lambda: not engine.cgroup(c.id).exists(), 20)


def check_exit(engine, c):
    state = engine.inspect(c.name)["State"]
    if c.state == "exited" and c.exit_code is not None and state["ExitCode"] != c.exit_code:
        raise Broken(f"{c.name} ended with {state['ExitCode']}, not {c.exit_code}")


def check_log(engine, c):
    """A counter's lines are 1, 2, 3, …, begun anew with each start: none missing, none twice, none torn."""
    last = 0
    lines = engine.must("logs", c.name).split("\n")
    for line in lines[:-1]:
        n = int(line)
        if n not in (last + 1, 1):
            raise Broken(f"{c.name}: {n} follows {last} in its log")
        last = n


def check(engine, steps, choice):
    check_states(engine, steps)
    engine.check_daemon()
    known = {c.id for c in steps.containers.values()}
    for c in steps.containers.values():
        check_processes(engine, c)
        check_exit(engine, c)
    await_true("nothing is left of what is gone", lambda: not list(engine.leftovers(known)), 20)
    counters = [c for c in steps.containers.values() if c.kind == "counter" and c.log_is_whole]
    if counters:
        check_log(engine, choice.choice(counters))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--build", default=pathlib.Path(__file__).resolve().parents[2] / "build")
    args = parser.parse_args()

    print(f"# seed {args.seed}", flush=True)
    print("1..1", flush=True)
    choice = random.Random(args.seed)
    engine = Engine(args.build)
    steps = Steps(engine, choice)
    n = 0
    name = "begin"
    deadline = time.monotonic() + args.minutes * 60
    try:
        while time.monotonic() < deadline:
            name = steps.choose()
            what = getattr(steps, name)()
            if what is None:
                continue
            n += 1
            print(f"# {n} {name} {what}", flush=True)
            check(engine, steps, choice)
        engine.close()
    except Broken as error:
        print(f"not ok 1 - after {n} steps of seed {args.seed}, at {name}: {error}")
        print(f"# the engine is left as it is below {engine.top}")
        return 1
    print(f"ok 1 - {n} steps of seed {args.seed}, everything as it should be")
    return 0


sys.exit(main())
