#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# extract-kernel.py BZIMAGE VMLINUX: unpacks the kernel, which under emulation would take seconds to unpack itself.
# Source: Linux Documentation/arch/x86/boot.rst (setup_sects, payload_offset, payload_length)
import struct
import subprocess
import sys

UNPACKERS = {
    b"\x1f\x8b": ["gzip", "-dc"],
    b"\xfd7": ["xz", "-dc"],
    b"\x28\xb5": ["zstd", "-dc"],
    b"\x02!": ["lz4", "-dc"],
}

with open(sys.argv[1], "rb") as f:
    image = f.read()
setup_sectors = image[0x1F1] or 4
offset, length = struct.unpack_from("<II", image, 0x248)
start = (setup_sectors + 1) * 512 + offset
payload = image[start : start + length]
command = UNPACKERS[payload[:2]]
if command[0] != "gzip":
    payload = payload[:-4]  # the build appends the unpacked size
run = subprocess.run(command, input=payload, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
if not run.stdout.startswith(b"\x7fELF"):
    sys.exit(f"no kernel in {sys.argv[1]}: {run.stderr!r}")
with open(sys.argv[2], "wb") as f:
    f.write(run.stdout)
