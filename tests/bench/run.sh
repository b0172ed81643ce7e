#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [RUNS]: measures this build beside the peers that are installed (crun, podman, docker) and prints a table with
# ratios. Interleaved runs, medians (minimum in brackets); everything in a mount namespace of its own with the places of a
# usual Debian: cgroup2 alone at /sys/fs/cgroup, which crun and podman insist on, tmpfs on /run, and a journaled ext4
# under all state (ext4 without a journal looks at each inode that was deleted in the last minute before it makes one,
# which is all that a loop of starts would measure). As root.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
runs=${1:-25}

if [ -z "${BENCH_IN_NAMESPACE:-}" ]; then
        [ "$(id -u)" = 0 ] || { echo "run.sh: needs root" >&2; exit 1; }
        [ -e "$root/build-bench/build.ninja" ] ||
                meson setup --buildtype=release -Dtests=false "$root/build-bench" "$root" >/dev/null
        ninja -C "$root/build-bench" >/dev/null
        BENCH_IN_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$runs"
fi

if [ "$(findmnt -n -o FSTYPE /sys/fs/cgroup)" != cgroup2 ]; then
        umount -R -l /sys/fs/cgroup 2>/dev/null || true
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

if [ "$(findmnt -n -o FSTYPE /run)" != tmpfs ]; then
        socket=$(realpath -e /run/docker.sock 2>/dev/null || true)
        mkdir -p /tmp/pocketdocker-bench-run
        mount --bind /run /tmp/pocketdocker-bench-run
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir -p /run/lock
        [ -z "$socket" ] || { : >/run/docker.sock && mount --bind /tmp/pocketdocker-bench-run/docker.sock /run/docker.sock; }
fi
work=$(mktemp -d /var/lib/pocketdocker-bench.XXXXXX)
truncate -s 8G "$work.img"
mke2fs -q -t ext4 "$work.img"
mount -o loop "$work.img" "$work"
rm "$work.img" # the loop device holds it
export POCKETDOCKER_ROOT=$work/state POCKETDOCKER_RUN_ROOT=$work/run
pd=$root/build-bench/pocketdocker
timeit=$work/timeit
have_podman=false have_docker=false
! command -v podman >/dev/null || have_podman=true
# A docker command without a daemon that answers is no peer.
! docker info >/dev/null 2>&1 || have_docker=true

# Without CAP_SYS_RESOURCE (24) crun can set neither its default limits nor a device filter: podman gets less to do.
podman_run="podman run --network none"
[ $((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)) = 1 ] ||
        podman_run+=" --cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1000:1000"

finish() {
        local ids
        ids=$("$pd" ps -aq 2>/dev/null || true)
        # shellcheck disable=SC2086 # ids are hex words
        [ -z "$ids" ] || "$pd" rm -f $ids >/dev/null 2>&1 || true
        ! $have_podman || podman rm -fa >/dev/null 2>&1 || true
        crun list -q 2>/dev/null | grep '^bench' | xargs -r -n 1 crun delete -f || true
        local pid
        pid=$(daemon_pid)
        if [ -n "$pid" ]; then
                kill "$pid"
                while [ -e "/proc/$pid/exe" ]; do sleep 0.1; done
        fi
        while ! umount "$work"; do sleep 0.1; done # the last mounts of containers go a moment after their processes
        rmdir "$work"
}

daemon_pid() {
        local dir
        for dir in /proc/[0-9]*; do
                if [ "$(readlink "$dir/exe")" = "$(realpath "$root/build-bench/pocketdockerd")" ] &&
                        tr '\0' '\n' <"$dir/environ" 2>/dev/null | cat - <(tr '\0' '\n' <"$dir/cmdline") | grep -F "$work/state" >/dev/null; then # not -q: who is cut short fails the pipe
                        echo "${dir#/proc/}"
                        return
                fi
        done
}

# pss PID: KiB
pss() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }

make_bundle() {
        mkdir -p "$work/rootfs"/{bin,etc,proc,sys,dev,tmp,root}
        cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
        chroot "$work/rootfs" /bin/busybox --install -s /bin
        echo 'root:x:0:0:root:/root:/bin/sh' >"$work/rootfs/etc/passwd"
        printf '%s\n' '#!/bin/sh' 'trap "exit 0" TERM' 'while :; do sleep 3600 & wait $!; done' >"$work/rootfs/bin/wait-term"
        chmod 755 "$work/rootfs/bin/wait-term"
        tar -C "$work/rootfs" -cf "$work/rootfs.tar" .
        (cd "$work" && crun spec)
        bundle true '["true"]'
        bundle wait '["wait-term"]'
}

# bundle NAME ARGV: no terminal; no rlimits and no device filter, which crun sets with CAP_SYS_RESOURCE only.
bundle() {
        mkdir -p "$work/bundle-$1"
        ln -sfn "$work/rootfs" "$work/bundle-$1/rootfs"
        jq --argjson argv "$2" '.process.terminal = false | .process.args = $argv | .process.rlimits = [] | del(.linux.resources) | .root.path = "'"$work/rootfs"'" | .root.readonly = false' \
                "$work/config.json" >"$work/bundle-$1/config.json"
}

ms() { awk -v us="$1" -v min="${2:-}" 'BEGIN { if (us == "") print "-"; else if (min == "") printf "%.2f ms", us / 1000; else printf "%.2f (%.2f) ms", us / 1000, min / 1000 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a == "" || b == "") print "-"; else printf "%.2f", a / b }'; }

# row NAME: one line of the table, from the lines that timeit printed: ours, crun's, podman's, docker's ("-": none)
row() {
        local ours ours_min crun crun_min podman podman_min docker docker_min
        read -r ours ours_min
        read -r crun crun_min || true
        read -r podman podman_min || true
        read -r docker docker_min || true
        [ "${crun:-}" != - ] || crun=
        [ "${podman:-}" != - ] || podman=
        [ "${docker:-}" != - ] || docker=
        echo "| $1 | $(ms "$ours" "$ours_min") | $(ms "${crun:-}" "${crun_min:-}") | $(ratio "$ours" "${crun:-}") | $(ms "${podman:-}" "${podman_min:-}") | $(ratio "$ours" "${podman:-}") | $(ms "${docker:-}" "${docker_min:-}") | $(ratio "$ours" "${docker:-}") |"
}

# measure NAME OURS CRUN PODMAN DOCKER: each a shell-quoted list of timeit's words, or "-" where there is no such thing
measure() {
        local name=$1 words=() which=() spec result
        shift
        for spec in "$@"; do
                if [ "$spec" = - ]; then
                        which+=(-)
                        continue
                fi
                which+=(+)
                [ ${#words[@]} -eq 0 ] || words+=(",")
                eval "words+=($spec)"
        done
        result=$("$timeit" "$runs" "${words[@]}") || { echo "| $name | failed | | | | | | |"; return; }
        for spec in "${which[@]}"; do
                if [ "$spec" = - ]; then
                        echo -
                else
                        sed -n 1p <<<"$result"
                        result=$(sed 1d <<<"$result")
                fi
        done | row "$name"
}

if_podman() { if $have_podman; then echo "$1"; else echo -; fi; }
if_docker() { if $have_docker; then echo "$1"; else echo -; fi; }

trap finish EXIT
cc -O2 -o "$timeit" "$root/tests/bench/timeit.c"
make_bundle
"$pd" import "$work/rootfs.tar" bench >/dev/null
! $have_podman || podman import -q "$work/rootfs.tar" localhost/bench >/dev/null
! $have_docker || docker import "$work/rootfs.tar" bench >/dev/null

echo "$(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), kernel $(uname -r); $runs interleaved runs, median (minimum)"
for peer in crun podman docker; do
        command -v $peer >/dev/null || echo "$peer: not installed"
done
$have_docker || echo "docker: no daemon answers"
crun --version | head -n 1
! $have_podman || podman --version
! $have_docker || docker --version
echo
echo "| measure | pocketdocker | crun | ratio | podman | ratio | docker | ratio |"
echo "|---|---|---|---|---|---|---|---|"

measure "run --rm --network none IMAGE true" \
        "$pd run --rm --network none bench true" \
        "crun run -b $work/bundle-true bench-run" \
        "$(if_podman "$podman_run --rm localhost/bench true")" \
        "$(if_docker 'docker run --rm --network none bench true')"

# What confinement costs of it: the same without a user namespace, a shift of the layers' ids and a filter.
confined=$("$timeit" "$runs" "$pd" run --rm --network none bench true \
        , "$pd" run --rm --network none --userns host --security-opt seccomp=unconfined bench true | tr '\n' ' ')
read -r with _ without _ <<<"$confined"
echo "| … of it user namespace, idmapped layers, seccomp | $(awk -v a="$with" -v b="$without" 'BEGIN { printf "%.2f ms", (a - b) / 1000 }') | | | | | | |"

measure "run -d" \
        "-a '$pd rm -f b >/dev/null' $pd run -d --name b bench sleep 3600" \
        "-a 'crun delete -f bench-d' crun run -d -b $work/bundle-wait bench-d" \
        "$(if_podman "-a 'podman rm -f -t 0 b >/dev/null' $podman_run -d --name b localhost/bench sleep 3600")" \
        "$(if_docker "-a 'docker rm -f b >/dev/null' docker run -d --name b --network none bench sleep 3600")"

"$pd" run -d --name stopme bench wait-term >/dev/null
measure "stop (ends at once)" \
        "-b '$pd start stopme >/dev/null; sleep 0.08' $pd stop stopme" \
        "-b 'crun run -d -b $work/bundle-wait bench-s; sleep 0.08' sh -c 'crun kill bench-s TERM; while crun state bench-s 2>/dev/null | grep -q running; do :; done; crun delete bench-s'" \
        "$(if_podman "-b 'podman rm -f -t 0 s >/dev/null 2>&1; $podman_run -d --name s localhost/bench wait-term >/dev/null; sleep 0.08' podman stop s")" \
        "$(if_docker "-b 'docker rm -f s >/dev/null 2>&1; docker run -d --name s --network none bench wait-term >/dev/null; sleep 0.08' docker stop s")"

"$pd" run -d --name execme bench sleep 3600 >/dev/null
crun run -d -b "$work/bundle-wait" bench-e </dev/null >/dev/null 2>&1
! $have_podman || $podman_run -d --name execme localhost/bench sleep 3600 >/dev/null
! $have_docker || docker run -d --name execme --network none bench sleep 3600 >/dev/null
measure "exec CONTAINER true" "$pd exec execme true" "crun exec bench-e true" \
        "$(if_podman 'podman exec execme true')" "$(if_docker 'docker exec execme true')"
crun delete -f bench-e
"$pd" rm -f execme stopme >/dev/null

# 100 in the background, one after the other; then what they cost while they are there.
start=$(date +%s%N)
for i in $(seq 1 100); do
        "$pd" run -d --name "n$i" bench sleep 3600 >/dev/null
done
end=$(date +%s%N)
per_second=$(awk -v ns=$((end - start)) 'BEGIN { printf "%.0f", 100 / (ns / 1e9) }')
start=$(date +%s%N)
for i in $(seq 1 100); do
        crun run -d -b "$work/bundle-wait" "bench-n$i" </dev/null >/dev/null 2>&1
done
end=$(date +%s%N)
crun_per_second=$(awk -v ns=$((end - start)) 'BEGIN { printf "%.0f", 100 / (ns / 1e9) }')
crun list -q | grep '^bench-n' | xargs -n 1 crun delete -f
echo "| 100 run -d in sequence | $per_second per second | $crun_per_second per second | $(ratio "$per_second" "$crun_per_second") (more is better) | | | | |"
measure "ps with 100 running" "$pd ps" - - -

monitors=0 sum=0
for id in $("$pd" ps -q); do
        pid=$("$pd" inspect -f '{{.State.Pid}}' "$id")
        sum=$((sum + $(pss "$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")")))
        monitors=$((monitors + 1))
done
echo "| PSS per running container, engine's own | $(awk -v s=$sum -v n=$monitors 'BEGIN { printf "%.1f KiB", s / n }') | | | | | | |"
# shellcheck disable=SC2046 # ids are hex words
"$pd" rm -f $("$pd" ps -aq) >/dev/null
# One stays, or the embedded daemon would end; it does nothing.
"$pd" run -d --name idle bench sleep 3600 >/dev/null
sleep 2
echo "| daemon idle, PSS | $(pss "$(daemon_pid)") KiB | | | | | | |"
pid=$(daemon_pid)
before=$(awk '/ctxt_switches/ { s += $2 } END { print s }' "/proc/$pid/status")
sleep 10
after=$(awk '/ctxt_switches/ { s += $2 } END { print s }' "/proc/$pid/status")
echo "| daemon idle, wake-ups in 10 s | $((after - before)) | | | | | | |"
"$pd" rm -f idle >/dev/null

# Output: 1 GiB of 100-byte lines, against the same through cat into a file.
line=$(printf 'x%.0s' {1..99})
mb_per_second() { awk -v ns="$1" -v mb="$2" 'BEGIN { printf "%.0f", mb / (ns / 1e9) }'; }
rates=() cats=()
for i in 1 2 3; do
        start=$(date +%s%N)
        chroot "$work/rootfs" sh -c "yes $line | head -c 1073741824" | cat >"$work/cat"
        end=$(date +%s%N)
        rm "$work/cat"
        cats+=("$(mb_per_second $((end - start)) 1073.7)")
        start=$(date +%s%N)
        "$pd" run -d --name logs --log-opt max-size=-1 bench sh -c "yes $line | head -c 1073741824" >/dev/null
        "$pd" wait logs >/dev/null
        end=$(date +%s%N)
        rates+=("$(mb_per_second $((end - start)) 1073.7)")
        [ $i = 3 ] || "$pd" rm logs >/dev/null
done
middle() { printf '%s\n' "$@" | sort -n | sed -n 2p; }
echo "| 1 GiB of 100-byte lines into the log | $(middle "${rates[@]}") MB/s | cat into a file: $(middle "${cats[@]}") MB/s | $(ratio "$(middle "${rates[@]}")" "$(middle "${cats[@]}")") (more is better) | | | | |"
start=$(date +%s%N)
"$pd" logs logs | cat >/dev/null
end=$(date +%s%N)
echo "| reading it back with logs | $(mb_per_second $((end - start)) 1073.7) MB/s | | | | | | |"
