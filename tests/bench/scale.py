#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scale.py [CONTAINERS]: what a thousand running containers cost, and how soon one that ended runs again.

Prints a table. Takes about five minutes and needs root; builds as run.sh does, into build-bench.
"""
import pathlib
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/chaos"))
from engine import Engine, await_true, read_pids  # noqa: E402  pylint: disable=wrong-import-position

IDLE_SECONDS = 60
PROBE = ("--health-tcp", "80", "--health-interval", "10s")


def row(what, value, wanted):
    print(f"| {what} | {value} | {wanted} |", flush=True)


def timed(call, *words):
    begin = time.monotonic()
    call(*words)
    return (time.monotonic() - begin) * 1000


def pss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def cpu_ms(pids):
    total = 0
    for pid in pids:
        for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(path.read_text().split()[0])
    return total / 1e6


def monitors(engine):
    return [pid for path in engine.cgroups.glob("u0/*/monitor/cgroup.procs") for pid in read_pids(path)]


def begin(engine, n, flags, command):
    start = time.monotonic()
    for i in range(n):
        engine.must("run", "-d", "--name", f"n{i}", "--network", "none", *flags, "bb:1", *command)
    return n / (time.monotonic() - start)


def end(engine):
    ids = list(engine.containers())
    return timed(engine.must, "rm", "-f", *ids)


def recovery_ms(engine):
    engine.kill_daemon()
    return timed(engine.must, "ps", "-q")


def plain(engine, n):
    row(f"{n} `run -d` in sequence", f"{begin(engine, n, (), ('sleep', '100000')):.0f} per second", "")
    row(f"`ps` with {n} running", f"{statistics.median(timed(engine.must, 'ps', '-a') for _ in range(20)):.1f} ms", "")
    row("`stop` of one", f"{statistics.median(timed(engine.must, 'stop', '-t', '0', f'n{i}') for i in range(10)):.1f} ms", "")
    row("daemon, PSS", f"{pss_kib(engine.daemon_pid())} KiB", "")
    pids = monitors(engine)
    row("monitors, PSS each", f"{sum(map(pss_kib, pids)) / len(pids):.1f} KiB", "40 KiB at most")
    pid = engine.daemon_pid()
    before = cpu_ms([pid, *pids])
    time.sleep(IDLE_SECONDS)
    row("processor time of an idle minute, daemon and monitors", f"{cpu_ms([pid, *pids]) - before:.0f} ms", "under 50 ms")
    row("recovery after kill -9, from the next call to its answer",
        f"{statistics.median(recovery_ms(engine) for _ in range(3)):.0f} ms", "under 1 s with 1,000")
    row(f"`rm -f` of {n} in one call", f"{end(engine) / 1000:.1f} s", "")


def probed(engine, n):
    begin(engine, n, PROBE, ("httpd", "-f", "-p", "80"))
    await_true("all are healthy", lambda: len(engine.must("ps", "-q", "--filter", "health=healthy").split()) == n, 120)
    pids = [engine.daemon_pid(), *monitors(engine)]
    before = cpu_ms(pids)
    time.sleep(IDLE_SECONDS)
    share = (cpu_ms(pids) - before) / IDLE_SECONDS / 10
    row(f"{n} TCP probes every 10 s, daemon and monitors", f"{share:.1f} % of a core", "under 5 %")
    end(engine)


def restarts(engine, n):
    """From the last line of a run to the first of the next, as the log has their times."""
    words = ("sh", "-c", "echo begin; sleep 10.$(($RANDOM % 10)); echo end")
    begin(engine, n, ("--restart", "always"), words)
    await_true("each was restarted", lambda: all(engine.inspect(f"n{i}")["RestartCount"] > 0 for i in range(n)), 60)
    gaps = []
    for i in range(n):
        lines = [line.split(" ", 1) for line in engine.must("logs", "-t", f"n{i}").splitlines()]
        for (ended, said), (started, _) in zip(lines, lines[1:]):
            if said == "end":
                gaps.append(1000 * (seconds(started) - seconds(ended)))
    row(f"restart without back-off, median of {len(gaps)}", f"{statistics.median(gaps):.1f} ms", "under 15 ms")
    end(engine)


def seconds(stamp):
    """Of the minute: a restart does not take longer."""
    return float(stamp.rstrip("Z").split(":")[2]) + 60 * float(stamp.split(":")[1])


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    build = ROOT / "build-bench"
    if not (build / "build.ninja").exists():
        subprocess.run(["meson", "setup", "--buildtype=release", "-Dtests=false", build, ROOT], check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build], check=True, stdout=subprocess.DEVNULL)
    engine = Engine(build)
    print("| measure | here | to reach |\n|---|---|---|", flush=True)
    plain(engine, n)
    begin(engine, 200, (), ("sleep", "100000"))
    row("recovery of 200 after kill -9", f"{statistics.median(recovery_ms(engine) for _ in range(5)):.0f} ms", "under 300 ms")
    end(engine)
    restarts(engine, 20)
    probed(engine, n)
    engine.close()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
main()
