#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pull.py POCKETDOCKER REGISTRY WORK RUNS: what pull.sh has prepared is measured: the wall time of interleaved pulls, then the
peak of the memory (PSS) of all processes of an engine together, looked at every 20 ms. Prints a table.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

PD, REGISTRY, WORK, RUNS = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
KINDS = ("gzip", "zstd")
INTERVAL = 0.02


def run(*words, check=True):
    return subprocess.run(words, check=check, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class PocketDocker:
    name = "pocketdocker"
    # the daemon starts its workers from sealed copies of their programs
    programs = staticmethod(lambda path: path.startswith((str(pathlib.Path(PD).parent) + "/", "/memfd:pocketdocker-")))

    def clean(self, kind):
        run(PD, "rmi", "-f", f"{REGISTRY}/bench:{kind}", check=False)
        trash = [WORK / "state" / "images" / name for name in ("staging", "trash", "layers")]
        while any(path.is_dir() and any(path.iterdir()) for path in trash):
            time.sleep(0.05)  # what was removed is deleted by now or soon

    def pull(self, kind):
        run(PD, "pull", "--quiet", f"{REGISTRY}/bench:{kind}")


class Podman:
    name = "podman"
    programs = staticmethod(lambda path: path == shutil.which("podman"))
    words = ("podman", "--root", str(WORK / "podman"), "--runroot", str(WORK / "podman-run"))

    def clean(self, kind):
        run(*self.words, "rmi", "-f", f"{REGISTRY}/bench:{kind}", check=False)

    def pull(self, kind):
        run(*self.words, "pull", "--quiet", "--tls-verify=false", f"{REGISTRY}/bench:{kind}")


class Docker:
    name = "docker"
    programs = staticmethod(lambda path: os.path.basename(path) in ("docker", "dockerd", "containerd"))

    def clean(self, kind):
        run("docker", "rmi", "-f", f"{REGISTRY}/bench:{kind}", check=False)

    def pull(self, kind):
        run("docker", "pull", "--quiet", f"{REGISTRY}/bench:{kind}")


class Floor:
    """No digest is checked and nothing is stored but the files."""
    name = "curl | tar"
    programs = staticmethod(lambda path: os.path.basename(path) in ("curl", "tar", "gzip", "zstd"))

    def __init__(self):
        self.layers = {}
        for kind in KINDS:
            request = urllib.request.Request(f"http://{REGISTRY}/v2/bench/manifests/{kind}",
                                             headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
            with urllib.request.urlopen(request) as answer:
                self.layers[kind] = [layer["digest"] for layer in json.load(answer)["layers"]]

    def clean(self, _):
        shutil.rmtree(WORK / "floor", ignore_errors=True)

    def pull(self, kind):
        processes = []
        for number, digest in enumerate(self.layers[kind]):
            out = WORK / "floor" / str(number)
            out.mkdir(parents=True)
            processes.append(subprocess.Popen(f"curl -s http://{REGISTRY}/v2/bench/blobs/{digest} | tar -x --{kind} -C {out}", shell=True))
        assert not any([process.wait() for process in processes])


class Memory(threading.Thread):
    """Sums up, while it runs, what the processes have whose program @programs knows."""

    def __init__(self, programs):
        super().__init__()
        self.programs, self.peak, self.most, self.over = programs, 0, {}, threading.Event()

    @staticmethod
    def pss(pid):
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
            return sum(int(line.split()[1]) for line in stream if line.startswith("Pss:"))

    def run(self):
        while not self.over.wait(INTERVAL):
            found = {}
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    path = os.readlink(f"/proc/{pid}/exe")
                    if self.programs(path.removesuffix(" (deleted)")):
                        with open(f"/proc/{pid}/cmdline", "rb") as stream:
                            words = stream.read().split(b"\0")
                        found[pid] = (os.path.basename(os.fsdecode(words[0])) + " " + os.fsdecode(b"".join(words[1:2])), self.pss(pid))
                except (OSError, IndexError):
                    continue  # it has ended meanwhile
            total = sum(size for _, size in found.values())
            if total > self.peak:
                self.peak, self.most = total, found


def measure(engines, kind):
    times = {engine.name: [] for engine in engines}
    for _ in range(RUNS):
        for engine in engines:
            engine.clean(kind)
            os.sync()
            begin = time.monotonic()
            engine.pull(kind)
            times[engine.name].append(time.monotonic() - begin)
            engine.clean(kind)
    peaks = {}
    for engine in engines:
        memory = Memory(engine.programs)
        memory.start()
        engine.pull(kind)
        memory.over.set()
        memory.join()
        engine.clean(kind)
        peaks[engine.name] = memory
    return times, peaks


def main():
    engines = [PocketDocker(), Floor()]
    if shutil.which("podman"):
        engines.append(Podman())
    if shutil.which("docker") and run("docker", "info", check=False).returncode == 0:
        engines.append(Docker())
    print("\n| image |", " | ".join(engine.name.replace("|", "\\|") for engine in engines), "|")
    print("|---" * (len(engines) + 1) + "|")
    for kind in KINDS:
        times, peaks = measure(engines, kind)
        cells = [f"{statistics.median(times[e.name]):.2f} ({min(times[e.name]):.2f}) s, {peaks[e.name].peak / 1024:.0f} MiB" for e in engines]
        print(f"| {kind} |", " | ".join(cells), "|", flush=True)
    ours = peaks[PocketDocker.name].most.values()
    print("\nAt the peak of the last:", ", ".join(f"{name} {size} KiB" for name, size in sorted(ours)))


main()
