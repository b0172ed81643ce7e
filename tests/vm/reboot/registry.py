#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""registry.py ROOTFS.tar [hold]: a registry at 127.0.0.1:5055 that serves the same in each life of the machine.

`whole` is an image of the tar and one layer more; `held` has three more, and with `hold` of the last one half comes and
then nothing. GET /log as nasty.py has it.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "registry"))
import nasty  # noqa: E402

rootfs, hold = pathlib.Path(sys.argv[1]).read_bytes(), "hold" in sys.argv[2:]


def image(*names):
    return nasty.Image(tars=[rootfs, *(nasty.tar_of(f"{name}.bin", nasty.noise(name, 300_000)) for name in names)])


def do_held(r):
    data = r.wanted()
    if hold and data and data[0] == held.layers[-1]:
        r.head(200, [("Content-Length", len(data[0]))])
        r.raw(data[0][:150_000])
        r.server.wait_for_end()
    r.serve()


held = image("one", "two", "three")
nasty.IMAGES.update(whole=lambda: image("whole"), held=lambda: held)
nasty.ACTIONS["held"] = do_held
nasty.Nasty(port=5055).ended.wait()
