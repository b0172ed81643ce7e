#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pull.sh [RUNS]: measures pulls beside the peers that are installed (podman, docker) and beside the floor: curl of all
# layers at once into tar, which checks no digest. An image of five layers and 20,000 files, gzip and zstd, from Debian's
# docker-registry on loopback; the state of all of them, and the registry's, on tmpfs. Interleaved runs, medians (minimum in
# brackets); peak memory in a run of its own, since looking at it costs. As root, on a machine that does nothing else.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
runs=${1:-7}
image=${BENCH_IMAGE:-/var/tmp/pocketdocker-bench-image} # kept: making it takes a minute or two

if [ -z "${BENCH_IN_NAMESPACE:-}" ]; then
        [ "$(id -u)" = 0 ] || { echo "pull.sh: needs root" >&2; exit 1; }
        [ -e "$root/build-bench/build.ninja" ] ||
                meson setup --buildtype=release -Dtests=false "$root/build-bench" "$root" >/dev/null
        ninja -C "$root/build-bench" >/dev/null
        [ -e "$image/index.json" ] || { rm -rf "$image" && "$root/tests/bench/make-image.py" "$image"; }
        BENCH_IN_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$runs"
fi

work=$(mktemp -d /run/pocketdocker-bench.XXXXXX)
mount -t tmpfs -o mode=700,size=90% tmpfs "$work"
export POCKETDOCKER_ROOT=$work/state POCKETDOCKER_RUN_ROOT=$work/run TMPDIR=$work
pd=$root/build-bench/pocketdocker

finish() {
        local dir
        [ -z "${registry_pid:-}" ] || kill "$registry_pid"
        for dir in /proc/[0-9]*; do
                if [ "$(readlink "$dir/exe")" = "$(realpath "$root/build-bench/pocketdockerd")" ] &&
                        tr '\0' '\n' 2>/dev/null <"$dir/environ" | cat - <(tr '\0' '\n' <"$dir/cmdline") | grep -F "$work/state" >/dev/null; then
                        kill "${dir#/proc/}"
                        while [ -e "$dir/exe" ]; do sleep 0.1; done
                fi
        done
        cd /
        while ! umount "$work" 2>/dev/null; do sleep 0.1; done # a podman's last process holds it for a moment
        rmdir "$work"
}
trap finish EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf '%s\n' 'version: 0.1' 'log: {level: error}' "storage: {filesystem: {rootdirectory: $work/registry}}" "http: {addr: '127.0.0.1:$port'}" >"$work/registry.yml"
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry_pid=$!
until curl -sf "http://127.0.0.1:$port/v2/" >/dev/null; do
        kill -0 $registry_pid || { cat "$work/registry.log" >&2; exit 1; }
        sleep 0.1
done
for kind in gzip zstd; do
        skopeo copy --quiet --preserve-digests --dest-tls-verify=false "oci:$image:$kind" "docker://127.0.0.1:$port/bench:$kind" >/dev/null
done

echo "$(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), kernel $(uname -r); $runs interleaved runs, median (minimum)"
"$pd" --version
podman --version 2>/dev/null || echo "podman: not installed"
docker version --format 'docker {{.Server.Version}}' 2>/dev/null || echo "docker: no daemon answers"
"$root/tests/bench/pull.py" "$pd" "127.0.0.1:$port" "$work" "$runs"
