# SPDX-License-Identifier: Apache-2.0
# The frame of the end-to-end tests: an engine of their own, an image, and a look from the outside at what is left.
#
# POCKETDOCKER_E2E_MODE says which engine:
#   embedded     started by the command itself, on a private root and socket
#   private-bus  on a message bus of type system that the tests run, with the project's own bus policy
#   system       the installed service on the system bus
# What only the embedded mode can show, or shows for all, is tagged `embedded`: tests/run.sh leaves it out of the others.
# POCKETDOCKER_BUILD is the folder with the programs.
#
# Every test runs in the guests, too, where all takes ten times as long, but those with the tag `native`: they need an
# engine that the guests do not have (embedded), or what they show ends in the command line, in the daemon's memory or
# in a format on disk, and has nothing of systemd, cgroups, isolation, the kernel or a daemon that goes and comes.

bats_require_minimum_version 1.5.0

# After a failed test teardown() runs in a trap, and there a bare `return` gives the status from before it: none stands here.

E2E_MODE=${POCKETDOCKER_E2E_MODE:-embedded}
E2E_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROGRAMS=${POCKETDOCKER_BUILD:-$E2E_SOURCE/../../build}
export IMAGE=bb:1

pocketdocker() { "$PROGRAMS/pocketdocker" "$@"; }

# copy_programs DIR: all of them, to replace one there.
copy_programs() {
        mkdir -p "$1"
        find "$PROGRAMS" -maxdepth 1 -type f -name 'pocketdocker*' -exec cp -t "$1" {} +
}

# fail_with TEXT: ends the test, telling why.
fail_with() {
        echo "$*" >&2
        return 1
}

# await SECONDS COMMAND...: until the command succeeds. The time is a limit for a broken engine, not a measure.
await() {
        local deadline=$((SECONDS + $1))
        shift
        until "$@" >/dev/null 2>&1; do
                [ $SECONDS -lt $deadline ] || fail_with "still not so: $*" || return 1
                sleep 0.05
        done
}

# make_rootfs TAR: Debian's static busybox with a user.
make_rootfs() {
        local dir
        dir=$(mktemp -d "$E2E_HOME/rootfs.XXXXXX")
        mkdir -p "$dir"/{bin,etc,dev,proc,sys,tmp,root,home/app,var/tmp}
        chmod 1777 "$dir/tmp" "$dir/var/tmp"
        cp "$(command -v busybox)" "$dir/bin/busybox"
        chroot "$dir" /bin/busybox --install -s /bin
        printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' \
                'app:x:1000:1000:app:/home/app:/bin/sh' >"$dir/etc/passwd"
        printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' 'app:x:1000:' 'staff:x:50:app' >"$dir/etc/group"
        chown 1000:1000 "$dir/home/app"
        printf '#!/bin/nowhere\n' >"$dir/bin/no-interpreter"
        printf 'plain text\n' >"$dir/etc/plain"
        chmod 755 "$dir/bin/no-interpreter"
        tar -C "$dir" --numeric-owner -cf "$1" .
        rm -rf "$dir"
}

# Where the engine's cgroups are: below the one cgroup2 mount of this machine.
cgroup_mount() { awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo; }

engine_cgroup() {
        case $E2E_MODE in
        system) echo "$(cgroup_mount)$(cat /run/pocketdocker/cgroup 2>/dev/null)" ;;
        *) echo "$(cgroup_mount)/pocketdocker-$(realpath "$STATE" | tr -d '\n' | sha256sum | cut -c1-16)" ;;
        esac
}

start_private_bus() {
        sed "s#@SOCKET@#$E2E_HOME/bus#; s#@POLICY@#$E2E_SOURCE/../../units#" "$E2E_SOURCE/bus.conf.in" >"$E2E_HOME/bus.conf"
        dbus-daemon --config-file="$E2E_HOME/bus.conf" --nofork --nopidfile 3>&- 2>"$E2E_HOME/bus.log" &
        echo $! >"$E2E_HOME/bus.pid"
        await 20 test -S "$E2E_HOME/bus"
}

# start_daemon: only where the tests themselves run it; elsewhere the next call brings it back.
start_daemon() {
        [ "$E2E_MODE" = private-bus ] || return 0
        local ready word=
        exec {ready}< <(exec "$PROGRAMS/pocketdockerd" --root "$STATE" --run-root "$RUN" --ready-fd 4 4>&1 >>"$E2E_HOME/daemon.log" 2>&1 3>&-)
        echo $! >"$E2E_HOME/daemon.pid"
        # "1" or why not; nothing at all where it ended without a word.
        read -r -t 60 -u "$ready" word || true
        exec {ready}<&-
        [ "$word" = 1 ] || fail_with "the daemon did not start: $word"$'\n'"$(cat "$E2E_HOME/daemon.log")"
}

# daemon_pids: the embedded daemons of the state directory: one at most, but for a moment.
daemon_pids() {
        local dir program
        program=$(realpath -e "$PROGRAMS/pocketdockerd" 2>/dev/null || realpath -e "$PROGRAMS/../libexec/pocketdocker/pocketdockerd")
        for dir in /proc/[0-9]*; do
                [ "$(readlink "$dir/exe")" = "$program" ] || continue
                # It leads its session; what it is about to spawn looks the same for a moment.
                [ "$(awk '{ print $6 }' "$dir/stat" 2>/dev/null)" = "${dir#/proc/}" ] || continue
                if tr '\0' '\n' 2>/dev/null <"$dir/cmdline" | grep -qxF -e "$STATE" -e "--root=$STATE" ||
                        tr '\0' '\n' 2>/dev/null <"$dir/environ" | grep -qxF "POCKETDOCKER_ROOT=$STATE"; then
                        echo "${dir#/proc/}"
                fi
        done
        return 0
}

# daemon_pid: the engine's process, or nothing. Found by the state directory that it was given, not by its name alone.
daemon_pid() {
        case $E2E_MODE in
        system) systemctl show -P MainPID pocketdocker.service | grep -v '^0$' ;;
        private-bus)
                local pid
                pid=$(cat "$E2E_HOME/daemon.pid" 2>/dev/null) && ! process_gone "$pid" && echo "$pid"
                ;;
        embedded) daemon_pids | head -n 1 | grep . ;;
        esac
}

# kill_daemon: as if it had crashed; back when the process is gone.
kill_daemon() {
        local pid
        pid=$(daemon_pid) || fail_with "no daemon to kill" || return 1
        kill -KILL "$pid"
        await 20 process_gone "$pid"
}

# revive: the next call brings the engine back, but on the tests' own bus, where nobody does.
revive() {
        start_daemon
        pocketdocker ps >/dev/null
}

end_daemon() {
        local pid
        pid=$(daemon_pid)
        kill -TERM "$pid"
        await 20 process_gone "$pid"
}

# daemon_with TEXT: the engine anew, with a configuration of its own
daemon_with() {
        end_daemon
        printf '%s\n' "$1" >"$E2E_HOME/test.conf"
        export POCKETDOCKER_CONFIG=$E2E_HOME/test.conf
        pocketdocker info >/dev/null
}

# One that ended is gone, though its parent has not asked yet; but not before its last thread is. Without a fork: a test
# asks this of hundreds, and under emulation each fork is milliseconds.
process_gone() {
        local task line
        for task in "/proc/$1/task/"*; do
                while read -r line; do
                        [[ $line != State:* || $line == *[ZX]' ('* ]] || return 1
                done 2>/dev/null <"$task/status" || true # it went meanwhile
        done
        return 0
}

bus_address() {
        case $E2E_MODE in
        embedded) echo "unix:path=$RUN/private" ;;
        private-bus) echo "$DBUS_SYSTEM_BUS_ADDRESS" ;;
        system) echo unix:path=/run/dbus/system_bus_socket ;;
        esac
}

# call OBJECT INTERFACE METHOD [SIGNATURE ARGUMENT…], through busctl
bus() { busctl --address="$(bus_address)" "$@"; }

# setup_engine: for setup_file(): everything that the tests of one file share.
setup_engine() {
        E2E_HOME=$(mktemp -d /var/lib/pocketdocker-tests.XXXXXX)
        export E2E_HOME STATE=$E2E_HOME/state RUN
        # One for all files of this run: under emulation each fork counts.
        [ -e "$BATS_RUN_TMPDIR/rootfs.tar" ] || make_rootfs "$BATS_RUN_TMPDIR/rootfs.tar"
        cp "$BATS_RUN_TMPDIR/rootfs.tar" "$E2E_HOME/rootfs.tar"
        case $E2E_MODE in
        embedded)
                RUN=$(mktemp -d /run/pocketdocker-tests.XXXXXX)
                export POCKETDOCKER_ROOT=$STATE POCKETDOCKER_RUN_ROOT=$RUN
                ;;
        private-bus)
                RUN=$(mktemp -d /run/pocketdocker-tests.XXXXXX)
                export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$E2E_HOME/bus
                start_private_bus
                start_daemon
                ;;
        system)
                STATE=/var/lib/pocketdocker RUN=/run/pocketdocker
                ;;
        *) fail_with "unknown POCKETDOCKER_E2E_MODE '$E2E_MODE'" ;;
        esac
        pocketdocker import "$E2E_HOME/rootfs.tar" "$IMAGE" >/dev/null
}

# teardown_engine: for teardown_file()
teardown_engine() {
        local pid dir
        remove_all
        case $E2E_MODE in
        system) pocketdocker rmi "$IMAGE" >/dev/null 2>&1 || true ;;
        *)
                if pid=$(daemon_pid); then
                        kill -TERM "$pid"
                        await 20 process_gone "$pid" || kill -KILL "$pid"
                fi
                [ ! -e "$E2E_HOME/bus.pid" ] || kill "$(cat "$E2E_HOME/bus.pid")"
                dir=$(engine_cgroup)
                [ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
                rm -rf "$RUN"
                ;;
        esac
        rm -rf "$E2E_HOME"
        assert_no_report # also of the daemon's end, which searches for leaks
}

remove_all() {
        local ids
        ids=$(pocketdocker ps -aq 2>/dev/null) || true
        # shellcheck disable=SC2086 # ids are hex words
        [ -z "$ids" ] || pocketdocker rm -f $ids >/dev/null 2>&1 || true
}

# processes_of ID: the container's processes, by the cgroup that they are in.
processes_of() {
        local file pid
        for file in $(grep -lF -- "$1" /proc/[0-9]*/cgroup 2>/dev/null); do
                pid=${file#/proc/}
                process_gone "${pid%/cgroup}" || echo "${pid%/cgroup}"
        done
}

no_process_of() { [ -z "$(processes_of "$1")" ]; }

# ready_id: of the place that the daemon keeps ready for the next start, if it does
ready_id() { find "$RUN/containers" -mindepth 1 -maxdepth 1 -perm -1000 -printf '%f\n' 2>/dev/null; }

# payloads: the cgroups of containers' workloads, without asking a daemon
payloads() {
        find "$(engine_cgroup)" -mindepth 3 -maxdepth 3 -name payload | grep -v "/$(ready_id | grep . || echo none)/"
}

# What is left of containers, seen from the outside: a line for each process, cgroup, mount and file. The place that the daemon
# keeps ready for the next start, marked as such from its first part to its last, is none, if it is one and nothing runs there.
leftovers() {
        local found ready
        found=$(all_of_containers)
        ready=$(ready_id)
        if [ -z "$ready" ]; then
                [ -z "$found" ] || echo "$found"
        elif [ "$(wc -l <<<"$ready")" != 1 ]; then
                echo "ready twice: $ready"
        else
                grep -v "^\(cgroup\|file\) .*/$ready\(/\|$\)" <<<"$found" || true
        fi
}

all_of_containers() {
        local cgroup pid
        cgroup=$(engine_cgroup)
        for pid in $(cat "$cgroup"/u*/cgroup.procs "$cgroup"/u*/*/cgroup.procs "$cgroup"/u*/*/*/cgroup.procs 2>/dev/null); do
                echo "process $pid: $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
        done
        find "$cgroup" -mindepth 2 -type d -path '*/u[0-9]*/*' -printf 'cgroup %p\n' 2>/dev/null
        grep -E " ($STATE|$RUN)/" /proc/self/mountinfo | sed 's/^/mount /'
        find "$STATE/containers" "$STATE/logs" -mindepth 1 -maxdepth 1 -printf 'file %p\n' 2>/dev/null
        find "$RUN" -mindepth 1 -regextype posix-extended -regex '.*/[0-9a-f]{64}(/.*)?' -printf 'file %p\n' 2>/dev/null
}

# What images left behind is deleted after the reply.
images_tidied() { [ -z "$(find "$STATE/images/staging" "$STATE/images/trash" -mindepth 1 -maxdepth 1)" ]; }

# Nothing of images or containers waits to be deleted.
trash_is_empty() { images_tidied && [ -z "$(find "$STATE/trash" -mindepth 1 -maxdepth 1)" ]; }

nothing_is_left() { [ -z "$(leftovers)" ]; }

# assert_nothing_left: at once, not after a while: what removed the container has replied.
assert_nothing_left() {
        local left
        left=$(leftovers)
        [ -z "$left" ] || fail_with "left behind:"$'\n'"$left"
}

# What the sanitizers of a build that has them say, of whichever program: as the environment tells the daemon and the
# command, and as the others find it in themselves.
if grep -qs __asan_init "$PROGRAMS/pocketdockerd"; then
        SANITIZER_LOG=$PROGRAMS/sanitizer
        export ASAN_OPTIONS=log_path=$SANITIZER_LOG UBSAN_OPTIONS=log_path=$SANITIZER_LOG:print_stacktrace=1
fi

# assert_no_report: each is told once, and fails the test that provoked it.
assert_no_report() {
        local report status=0
        [ -n "${SANITIZER_LOG:-}" ] || return 0
        for report in "$SANITIZER_LOG".[0-9]*; do
                [ -e "$report" ] || continue
                cat "$report" >&2
                rm "$report"
                status=1
        done
        return $status
}

# For teardown(): whatever the test did, rm -f ends it and leaves nothing. There the shell goes on after what fails (bats
# asks for its status), so that each check's result is to be kept: `|| status=1`, and `return $status`.
teardown_test() {
        remove_all
        await 20 nothing_is_left || { leftovers >&2; return 1; }
        assert_no_report
}

# field NAME PATH: one value of inspect, as its template names it
field() { pocketdocker inspect --format "{{$2}}" "$1"; }

# shown NAME TEMPLATE: several of one moment
shown() { pocketdocker inspect --format "$2" "$1"; }

assert_equal() { [ "$1" = "$2" ] || fail_with "expected '$2', got '$1'"; }
assert_match() { [[ $1 =~ $2 ]] || fail_with "'$1' does not match '$2'"; }

# One sentence that names the object in single quotes.
assert_sentence() {
        assert_equal "$(wc -l <<<"$1")" 1
        [[ $1 == *"'$2'"* ]] || fail_with "no '$2' in single quotes: $1"
}

# start_waiting NAME [FLAG…]: a container in the background that ends with 0 on SIGTERM, and not before.
start_waiting() {
        local name=$1
        shift
        pocketdocker run -d --name "$name" "$@" "$IMAGE" \
                sh -c 'trap "exit 0" TERM; echo ready; while :; do sleep 3600 & wait $!; done' >/dev/null
        await 30 logged "$name" ready
}

# logged NAME TEXT: does the log hold it yet?
logged() { pocketdocker logs "$1" 2>&1 | grep -qF -- "$2"; }

state_is() { [ "$(field "$1" .State.Status)" = "$2" ]; }

now_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }
