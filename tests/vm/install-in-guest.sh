#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs in the guest, in a read-only copy of: tree/ (the project, installed there), tests/e2e and tests/vm.
# Installs the project as a package would, then runs the end-to-end tests against the real service.
set -uo pipefail

cp -a --no-preserve=ownership tree/. /
systemd-sysusers pocketdocker.conf
systemctl daemon-reload
busctl -q call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig

export LC_ALL=C.UTF-8 POCKETDOCKER_E2E_MODE=system POCKETDOCKER_BUILD=/usr/bin
mapfile -d '' -t arguments <arguments
[ -n "${arguments[0]}" ] || arguments=(--filter-tags '!native' tests/vm tests/e2e)
bats --formatter tap --timing "${arguments[@]}" 2>&1 | tee /vm/out/results.tap
status=${PIPESTATUS[0]}
journalctl --no-pager -o short-precise >/vm/out/journal.txt 2>&1
systemctl status --no-pager 'pocketdocker*' >/vm/out/units.txt 2>&1
exit $status
