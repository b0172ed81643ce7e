# SPDX-License-Identifier: Apache-2.0
"""What chaos does, a step at a time, and what each container must be afterwards. All choices come from one seed."""
import os
import signal
import time

from engine import Broken, await_true, is_alive

CONTAINERS_MAX = 12
TERM = 'trap "exit 0" TERM; '
WORKLOADS = {
    "sleeper": TERM + "while :; do sleep 3600 & wait $!; done",
    "counter": TERM + "i=0; while :; do i=$((i + 1)); echo $i; usleep 20000; done",
    "stubborn": 'trap "" TERM; while :; do sleep 3600 & wait $!; done',
}


class Container:
    def __init__(self, name, container_id, kind, policy):
        self.name, self.id, self.kind, self.policy = name, container_id, kind, policy
        self.state = "running"
        self.exit_code = None    # expected when exited; None: not known
        self.log_is_whole = True  # the disk was never full while it wrote

    def comes_back(self):
        return self.policy in ("always", "unless-stopped", "on-failure")


class Steps:
    def __init__(self, engine, random):
        self.engine, self.random = engine, random
        self.containers = {}
        self.number = 0

    # choosing

    def some(self, *states):
        fitting = [c for c in self.containers.values() if c.state in states]
        return self.random.choice(fitting) if fitting else None

    def choose(self):
        """The name of a step that can be done now."""
        weights = {"run": 6, "stop": 3, "start": 3, "restart": 2, "pause": 2, "unpause": 3, "kill": 2, "remove": 3,
                   "remove_force": 2, "rename": 1, "execute": 2, "update": 1, "kill_workload": 3, "kill_monitor": 3,
                   "kill_group": 2, "kill_daemon": 4, "kill_daemon_during_run": 3, "kill_daemon_during_stop": 2,
                   "kill_daemon_during_remove": 2, "fill_disk": 1}
        return self.random.choices(list(weights), list(weights.values()))[0]

    # steps; each says what it did, or None if there was nothing to do it to

    def run(self):
        if len(self.containers) >= CONTAINERS_MAX:
            return None
        name, kind, policy, words = self.plan_run()
        container_id = self.engine.must(*words).strip()
        self.containers[name] = Container(name, container_id, kind, policy)
        return f"{name} ({kind}, {policy})"

    def plan_run(self):
        self.number += 1
        name = f"x{self.number}"  # no prefix of an id
        kind = self.random.choice(list(WORKLOADS))
        policy = self.random.choice(["no", "no", "always", "unless-stopped", "on-failure"])
        return name, kind, policy, ["run", "-d", "--name", name, "--restart", policy, "bb:1", "sh", "-c", WORKLOADS[kind]]

    def stop(self):
        c = self.some("running", "paused")
        if not c:
            return None
        self.engine.must("stop", "-t", "1", c.name)
        self.stopped(c)
        return c.name

    @staticmethod
    def stopped(c):
        c.state = "exited"
        c.exit_code = 137 if c.kind == "stubborn" else None  # a trap may not have been set yet

    def start(self):
        c = self.some("exited")
        if not c:
            return None
        self.engine.must("start", c.name)
        c.state = "running"
        return c.name

    def restart(self):
        c = self.some("running", "exited", "paused")
        if not c:
            return None
        self.engine.must("restart", "-t", "1", c.name)
        c.state = "running"
        return c.name

    def pause(self):
        c = self.some("running")
        if not c:
            return None
        self.engine.must("pause", c.name)
        c.state = "paused"
        return c.name

    def unpause(self):
        c = self.some("paused")
        if not c:
            return None
        self.engine.must("unpause", c.name)
        c.state = "running"
        return c.name

    def kill(self):
        c = self.some("running")
        if not c:
            return None
        self.engine.must("kill", c.name)
        c.state, c.exit_code = "exited", 137
        return c.name

    def remove(self):
        c = self.some("exited")
        if not c:
            return None
        self.engine.must("rm", c.name)
        del self.containers[c.name]
        return c.name

    def remove_force(self):
        c = self.some("running", "paused", "exited")
        if not c:
            return None
        self.engine.must("rm", "-f", c.name)
        del self.containers[c.name]
        return c.name

    def rename(self):
        c = self.some("running", "paused", "exited")
        if not c:
            return None
        old = c.name
        self.number += 1
        c.name = f"r{self.number}"
        self.engine.must("rename", old, c.name)
        self.containers[c.name] = self.containers.pop(old)
        self.engine.refused("inspect", old)
        return f"{old} to {c.name}"

    def execute(self):
        c = self.some("running", "exited", "paused")
        if not c:
            return None
        if c.state == "running":
            if self.engine.must("exec", c.name, "echo", "within") != "within\n":
                raise Broken("exec gave other output")
        else:
            self.engine.refused("exec", c.name, "true")
        return f"{c.name}, {c.state}"

    def update(self):
        c = self.some("running", "paused")  # an ended one would be started by the next daemon under `always`
        if not c:
            return None
        policy = self.random.choice(["no", "always", "unless-stopped"])
        self.engine.must("update", "--restart", policy, c.name)
        c.policy = policy
        return f"{c.name} to {policy}"

    # killing

    def ended(self, c):
        """Its processes were ended from outside."""
        if c.comes_back():
            c.state = "running"
        else:
            c.state, c.exit_code = "exited", 137

    def kill_workload(self):
        c = self.some("running", "paused")
        if not c:
            return None
        pid = self.engine.inspect(c.name)["State"]["Pid"]
        if pid not in self.engine.processes(c.id):
            raise Broken(f"{c.name}: Pid {pid} is not in its cgroup")
        os.kill(pid, signal.SIGKILL)
        await_true(f"{c.name}: its first process is gone", lambda: not is_alive(pid))
        self.ended(c)
        return c.name

    def kill_monitor(self):
        c = self.some("running", "paused")
        if not c:
            return None
        pid = self.engine.monitor_pid(c.id)
        if pid is None:
            raise Broken(f"{c.name}: runs without a monitor")
        os.kill(pid, signal.SIGKILL)
        await_true(f"{c.name}: its monitor is gone", lambda: not is_alive(pid))
        self.ended(c)
        return c.name

    def kill_group(self):
        c = self.some("running", "paused")
        if not c:
            return None
        before = self.engine.processes(c.id)
        (self.engine.cgroup(c.id) / "cgroup.kill").write_text("1")
        await_true(f"{c.name}: its processes are gone", lambda: not any(is_alive(pid) for pid in before))
        self.ended(c)
        return c.name

    def kill_daemon(self):
        self.engine.kill_daemon()
        return ""

    def kill_during(self, words):
        """The daemon dies somewhere within the call. Returns whether the call was acknowledged."""
        process = self.engine.begin(*words)
        time.sleep(self.random.random() * 0.03)
        self.engine.kill_daemon()
        process.communicate(timeout=120)
        return process.returncode == 0

    def kill_daemon_during_run(self):
        if len(self.containers) >= CONTAINERS_MAX:
            return None
        name, kind, policy, words = self.plan_run()
        acknowledged = self.kill_during(words)
        found = {n: (i, s) for i, (s, n) in self.engine.containers().items()}.get(name)
        if acknowledged and not found:
            raise Broken(f"{name} was acknowledged and is lost")
        if found:
            c = self.containers[name] = Container(name, found[0], kind, policy)
            if not acknowledged:  # it may have come as far as created: then it is whole, and can be removed
                await_true(f"{name}: no longer on its way", lambda: self.settled(c))
                c.state = self.engine.inspect(name)["State"]["Status"]
                if c.state == "created":  # by force: its start may have been stored, and wait for the new daemon's filters
                    self.engine.must("rm", "-f", name)
                    del self.containers[name]
        return f"{name}, {'acknowledged' if acknowledged else 'cut off'}"

    def settled(self, c):
        return self.engine.inspect(c.name)["State"]["Status"] in ("created", "running", "exited")

    def kill_daemon_during_stop(self):
        c = self.some("running")
        if not c:
            return None
        if self.kill_during(["stop", "-t", "1", c.name]):
            self.stopped(c)
        else:  # stopping was stored and goes on, or was never asked for
            await_true(f"{c.name}: settled", lambda: self.settled(c))
            self.engine.must("stop", "-t", "1", c.name)
            self.stopped(c)
        c.exit_code = None
        return c.name

    def kill_daemon_during_remove(self):
        c = self.some("running", "exited", "paused")
        if not c:
            return None
        if not self.kill_during(["rm", "-f", c.name]) and c.id in self.engine.containers():
            self.engine.must("rm", "-f", c.name)
        del self.containers[c.name]
        return c.name

    def fill_disk(self):
        """No room: what runs goes on and can end; what begins does so or is refused with a sentence."""
        filler = self.engine.disk / "filler"
        for c in self.containers.values():
            c.log_is_whole = False
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                pass
        try:
            status, out, err = self.engine.call("run", "--rm", "bb:1", "echo", "there")
            if status != 0 and len(err.strip().splitlines()) != 1:
                raise Broken(f"a full disk gave {status}: {err}")
            if status == 0 and out != "there\n":
                raise Broken("a run on a full disk lost its output")
            c = self.some("running")
            if c:
                self.engine.must("stop", "-t", "1", c.name)
                self.stopped(c)
        finally:
            filler.unlink()
        return ""
