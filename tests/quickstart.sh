#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh: from a fresh Debian 12 or 13 to a running container, as root. Needs no systemd, no bus, no registry.
# Leaves build/ behind: build/pocketdocker goes on working.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. tests/packages.bash

# show COMMAND...: as a person would type it.
show() {
        printf '\n\033[1m$ %s\033[0m\n' "$(printf '%q ' "$@")"
        "$@"
}

install_missing "${build_packages[@]}"
[ -e build/build.ninja ] || meson setup build >/dev/null
echo "Building…"
ninja -C build >build/quickstart.log || { tail -n 40 build/quickstart.log >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/rootfs"/{bin,etc,proc,sys,dev,tmp,root}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
chroot "$work/rootfs" /bin/busybox --install -s /bin
echo 'root:x:0:0:root:/root:/bin/sh' >"$work/rootfs/etc/passwd"
echo 'root:x:0:' >"$work/rootfs/etc/group"
tar -C "$work/rootfs" -cf "$work/busybox.tar" .

PATH=$root/build:$PATH
name=quickstart-$$
trap 'pocketdocker rm -f "$name" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

show pocketdocker import "$work/busybox.tar" busybox:quickstart
show pocketdocker run --rm busybox:quickstart echo "Hello from a container"
show pocketdocker run -d --name "$name" busybox:quickstart \
        sh -c 'trap "echo goodbye; exit 0" TERM; for i in 1 2 3; do echo "line $i"; sleep 1; done; while :; do sleep 60 & wait $!; done'
show pocketdocker ps

printf '\n\033[1m$ %s\033[0m\n' "pocketdocker logs -f $name"
pocketdocker logs -f "$name" >"$work/logs" &
follower=$!
(tail -n +1 -f --pid=$follower "$work/logs") &
shown=$!
until grep -q 'line 3' "$work/logs"; do
        kill -0 $follower
        sleep 0.1
done
show pocketdocker stop "$name"
wait $follower
wait $shown
grep -q goodbye "$work/logs"
show pocketdocker ps -a
show pocketdocker rm "$name"
[ -z "$(pocketdocker ps -aq --filter "name=$name")" ]
printf '\nIt works. Go on with: build/pocketdocker run --rm -it busybox:quickstart sh\n'
