#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""availability.py [--seed N] [--minutes M] [--services N] [--build DIR]: how often services answer whose engine is killed.

Services that listen on TCP and crash at a random age of 10 to 50 s, under `--restart always`. Each is asked ten times
a second from outside, and every 5 s the daemon is killed with SIGKILL and brought back by the next call, as a service
manager would. Prints TAP and the share of questions that were answered; 99 % is the promise. Needs root.
"""
import argparse
import pathlib
import random
import socket
import subprocess
import sys
import threading
import time

from engine import Broken, Engine, await_true

PROMISE = 0.99
ASK_SECONDS = 0.1
KILL_SECONDS = 5
SERVICE = ("httpd -f -p 127.0.0.1:{port} & server=$!; sleep $((10 + $(od -An -N2 -tu2 /dev/urandom) % 41)); "
           "kill -9 $server; exit 1")


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ASK_SECONDS):
            return True
    except OSError:
        return False


class Asker(threading.Thread):
    """Asks one service at a steady pace; a question that comes late is asked all the same."""

    def __init__(self, port, first, deadline):
        super().__init__(daemon=True)
        self.port, self.due, self.deadline = port, first, deadline
        self.asked = self.answered = 0

    def run(self):
        while self.due < self.deadline:
            time.sleep(max(0.0, self.due - time.monotonic()))
            self.asked += 1
            self.answered += answers(self.port)
            self.due += ASK_SECONDS


def measure(engine, ports, seconds, choice):
    for n, port in enumerate(ports):
        engine.must("run", "-d", "--name", f"s{n}", "--network", "host", "--restart", "always", "bb:1", "sh", "-c",
                    SERVICE.format(port=port))
    for port in ports:
        await_true(f"port {port} answers", lambda port=port: answers(port))
    begin = time.monotonic()
    askers = [Asker(port, begin + choice.random() * ASK_SECONDS, begin + seconds) for port in ports]
    for asker in askers:
        asker.start()
    kills = 0
    while time.monotonic() + KILL_SECONDS < begin + seconds:
        time.sleep(KILL_SECONDS)
        engine.kill_daemon()
        engine.must("ps", "-q")
        kills += 1
    for asker in askers:
        asker.join()
    return sum(a.asked for a in askers), sum(a.answered for a in askers), kills


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--build", default=pathlib.Path(__file__).resolve().parents[2] / "build")
    args = parser.parse_args()

    print("1..1", flush=True)
    engine = Engine(args.build)
    try:
        asked, answered, kills = measure(engine, free_ports(args.services), args.minutes * 60, random.Random(args.seed))
        restarts = sum(engine.inspect(f"s{n}")["RestartCount"] for n in range(args.services))
        engine.close()
    except (Broken, subprocess.SubprocessError) as error:
        print(f"not ok 1 - {error}")
        print(f"# the engine is left as it is below {engine.top}")
        return 1
    share = answered / asked
    verdict = "ok" if share >= PROMISE and restarts > 0 else "not ok"
    print(f"{verdict} 1 - {100 * share:.3f} % of {asked} questions answered by {args.services} services over {restarts} crashes "
          f"and {kills} kills of the daemon")
    return 0 if verdict == "ok" else 1


sys.exit(main())
