#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs in the guest, in a read-only copy of: tree/ (the project, installed there), tests/e2e, tests/vm, and
# stage: the tests to run there, and how this boot ends, for example "after-reset churn a".
# Installs the project on a machine that is new but for its state, and starts what a boot starts.
set -uo pipefail

read -r tests ending argument <stage # files, with a comma between
export LC_ALL=C.UTF-8 POCKETDOCKER_E2E_MODE=system POCKETDOCKER_BUILD=/usr/bin STATE=/var/lib/pocketdocker RUN=/run/pocketdocker

pocketdocker() { /usr/bin/pocketdocker "$@"; }

for block in /sys/block/vd*; do
        [ "$(cat "$block/serial")" != vm-state ] || disk=/dev/${block##*/}
done
cp -a --no-preserve=ownership tree/. /
systemd-sysusers pocketdocker.conf
mkdir -m 700 "$STATE"
mount "$disk" "$STATE"
chmod 700 "$STATE"
systemctl daemon-reload
busctl -q call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
systemctl -q enable pocketdocker.service
systemctl start multi-user.target

# start_and_end NAME: containers that start and end, until the end.
start_and_end() {
        local i
        for ((i = 1;; i++)); do
                pocketdocker run -d --name "$1-ends-$i" bb:1 sh -c 'echo wrote; exit 3' >/dev/null
                pocketdocker run -d --rm --name "$1-goes-$i" bb:1 sleep 1 >/dev/null
                pocketdocker run --rm --name "$1-went-$i" bb:1 true
        done
}

# churn NAME: says what the command has acknowledged, a line each, until the power is cut.
churn() {
        local i
        start_and_end "$1" >/dev/ttyS0 2>&1 &
        for ((i = 1;; i++)); do
                pocketdocker create --name "$1-made-$i" bb:1 echo "made $1 $i" >/dev/null && echo "created $1-made-$i."
                pocketdocker run -d --restart always --name "$1-runs-$i" bb:1 sleep 3600 >/dev/null && echo "running $1-runs-$i."
                pocketdocker import "$STATE/test-rootfs.tar" "$1:$i" >/dev/null && echo "image $1:$i."
                pocketdocker update --restart unless-stopped "$1-made-$i" >/dev/null && echo "policy $1-made-$i."
                pocketdocker run -d --restart always --name "$1-gone-$i" bb:1 sleep 3600 >/dev/null &&
                        pocketdocker rm -f "$1-gone-$i" >/dev/null && echo "removed $1-gone-$i."
        done
}

# half_a_pull: an image that is pulled, and another whose last layer does not come; says what has, until the power is cut.
half_a_pull() {
        tests/vm/reboot/registry.py "$STATE/test-rootfs.tar" hold >/dev/ttyS0 2>&1 &
        local host=127.0.0.1:5055 operation layers
        until pocketdocker pull -q "$host/whole:1" >/dev/null 2>&1; do sleep 0.2; done
        echo "image $host/whole:1."
        pocketdocker pull "$host/held:1" >/dev/null 2>&1 &
        while sleep 0.2; do
                operation=$(busctl tree --list org.pocketdocker.Manager | grep /operation/ | sort -t/ -k5 -n | tail -n 1)
                layers=$(busctl get-property org.pocketdocker.Manager "$operation" org.pocketdocker.Operation Layers) || continue
                [ "$(grep -oE '"(done|exists)"' <<<"$layers" | wc -l)" = 3 ] && break
        done
        grep -oE '"sha256:[0-9a-f]+" [0-9]+ [0-9]+ "(done|exists)"' <<<"$layers" | sed 's/^"/layer /; s/".*/./'
        echo "half a pull."
}

status=0
for file in ${tests//,/ }; do
        bats --formatter tap --timing "tests/vm/reboot/$file.bats" 2>&1 || status=$?
done
if [ $status -ne 0 ]; then
        journalctl --no-pager -o short-precise -u 'pocketdocker*' | sed 's/^/# /'
fi
case $ending in
churn) churn "$argument" ;;
half-a-pull)
        half_a_pull
        exec sleep infinity # it ends without power
        ;;
down)
        echo "going down"
        $argument
        exec sleep infinity # it is ended by what it asked for
        ;;
esac
journalctl --no-pager -o short-precise >/vm/out/journal.txt 2>&1
exit $status
