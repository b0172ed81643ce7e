#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }

teardown() {
        [ -z "${STRACE:-}" ] || kill -KILL "$STRACE" 2>/dev/null || true
        teardown_test
}

@test "containers go on and their output is complete while the daemon is dead" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'for i in $(seq 1 40); do echo $i; sleep 0.05; done'
        kill_daemon
        sleep 1
        revive
        assert_equal "$(pocketdocker wait c)" 0
        assert_equal "$(pocketdocker logs c)" "$(seq 1 40)"
}

@test "the exit code of one that ended meanwhile is right" {
        local pid
        pocketdocker run -d --name c "$IMAGE" sh -c 'sleep 1; echo last words; exit 7'
        pid=$(field c .State.Pid)
        kill_daemon
        await 60 process_gone "$pid"
        revive
        assert_equal "$(field c .State.Status) $(field c .State.ExitCode)" "exited 7"
        assert_equal "$(pocketdocker logs c)" "last words"
        pocketdocker rm c
        assert_nothing_left
}

@test "one killed by a signal meanwhile is recorded so" {
        local pid
        start_waiting c
        pid=$(field c .State.Pid)
        kill_daemon
        kill -KILL "$pid"
        await 60 process_gone "$pid"
        revive
        assert_equal "$(field c .State.ExitCode)" 137
}

@test "stop, exec, logs -f and attach work on what still runs" {
        start_waiting a
        start_waiting b
        kill_daemon
        revive
        assert_equal "$(field a .State.Status)" running
        run -0 pocketdocker exec a echo still here
        assert_equal "$output" "still here"
        timeout 60 "$PROGRAMS/pocketdocker" attach b >/dev/null 3>&- &
        local attached=$!
        timeout 60 "$PROGRAMS/pocketdocker" logs -f b >"$BATS_TEST_TMPDIR/out" 3>&- &
        local follower=$!
        await 20 grep -q ready "$BATS_TEST_TMPDIR/out"
        pocketdocker stop a b
        wait $follower
        wait $attached
        assert_equal "$(field a .State.ExitCode) $(field b .State.ExitCode)" "0 0"
        pocketdocker rm a b
        assert_nothing_left
}

@test "a container made before the kill can be started after it" {
        pocketdocker create --name c "$IMAGE" echo later
        kill_daemon
        revive
        run -0 pocketdocker start -a c
        assert_equal "$output" later
}

@test "the daemon killed after the end and before its record was read loses no exit code" {
        local pid daemon
        pocketdocker run -d --name c "$IMAGE" sh -c 'sleep 1; exit 9'
        pid=$(field c .State.Pid)
        daemon=$(daemon_pid)
        kill -STOP "$daemon"
        await 60 process_gone "$pid"
        kill -KILL "$daemon"
        await 20 process_gone "$daemon"
        revive
        assert_equal "$(field c .State.Status) $(field c .State.ExitCode)" "exited 9"
}

# inject WHAT: what happens to the daemon when it spawns the next process; the next one, so no worker may be due.
inject() {
        await 60 trash_is_empty
        await 20 has_no_child
        strace -qq -p "$(daemon_pid)" -e trace=clone,clone3,vfork,fork -e "inject=clone,clone3,vfork,fork:$1:when=1" -o /dev/null 3>&- &
        STRACE=$!
        await 20 traced
}

# Nothing is made ready for the next container at the moment; monitors of a daemon that was killed are not its children.
has_no_child() { ! pgrep -P "$(daemon_pid)" -f -- --ready; }

# hold_daemon: the spawn succeeds, but the daemon does not come back from it.
hold_daemon() { inject delay_exit=600000000; }

# kill_held_daemon PID: it ends with its tracer, in the midst of the spawn.
kill_held_daemon() {
        kill -KILL "$1"
        kill -KILL "$STRACE"
        await 20 process_gone "$1"
}

# contains COMM: does a container of the engine have such a process? For where the daemon cannot be asked.
contains() {
        local pid
        for pid in $(processes_of "$(basename "$(engine_cgroup)")/u"); do
                [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || return 0
        done
        return 1
}
workload_ended() { grep -qsx 'populated 0' "$(payloads)/cgroup.events"; }

traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$(daemon_pid)/status"; }

@test "the daemon killed before the spawn leaves a container that rm ends" {
        inject signal=KILL
        run pocketdocker run -d --name c "$IMAGE" sleep 3600
        [ "$status" -ne 0 ]
        wait $STRACE || true
        revive
        pocketdocker rm -f c || assert_equal "$(pocketdocker ps -aq)" ""
        assert_nothing_left
}

@test "the daemon killed before it heard of the start finds the container running" {
        local daemon cli
        daemon=$(daemon_pid)
        hold_daemon
        pocketdocker run -d --name c "$IMAGE" sleep 3600 3>&- &
        cli=$!
        await 30 contains sleep
        kill_held_daemon "$daemon"
        wait $cli || true
        revive
        assert_equal "$(field c .State.Status)" running
        run -0 pocketdocker exec c echo reached
        assert_equal "$output" reached
        pocketdocker rm -f c
        assert_nothing_left
}

@test "the daemon killed before it heard of the start knows how a short run ended" {
        local daemon cli
        daemon=$(daemon_pid)
        hold_daemon
        pocketdocker run -d --name c "$IMAGE" sh -c 'echo last words; exit 9' 3>&- &
        cli=$!
        await 30 grep -rqF 'last words' "$STATE/logs"
        await 30 workload_ended
        kill_held_daemon "$daemon"
        wait $cli || true
        revive
        assert_equal "$(field c .State.Status) $(field c .State.ExitCode)" "exited 9"
        assert_equal "$(pocketdocker logs c)" "last words"
        pocketdocker rm c
        assert_nothing_left
}

@test "the daemon killed at any moment of many runs leaves nothing that rm -f does not end" {
        local i ids
        for i in 1 2 3 4 5 6 7 8; do
                (for n in 1 2 3; do pocketdocker run -d "$IMAGE" sleep 3600 & done; wait) >/dev/null 2>&1 3>&- &
                sleep "0.0$i"
                kill_daemon 2>/dev/null || true
                wait
                revive
        done
        ids=$(pocketdocker ps -aq)
        # shellcheck disable=SC2086 # ids are hex words
        [ -z "$ids" ] || pocketdocker rm -f $ids >/dev/null
        assert_nothing_left
}

monitor_of() { awk '/^PPid/ { print $2 }' "/proc/$(field "$1" .State.Pid)/status"; }

@test "a killed monitor takes its container with it, recorded, with nothing left" {
        start_waiting c
        local pid
        pid=$(field c .State.Pid)
        kill -KILL "$(monitor_of c)"
        await 60 process_gone "$pid"
        await 60 not_running c
        [ "$(field c .State.ExitCode)" -ne 0 ]
        pocketdocker rm c
        assert_nothing_left
}

not_running() { ! state_is "$1" running; }

@test "a workload that cleared its parent-death signal ends with its monitor all the same" {
        # su changes the first process's ids, and with them the kernel drops the signal.
        pocketdocker run -d --name c "$IMAGE" su app -c 'echo ready; while :; do sleep 1; done'
        await 30 logged c ready
        local id
        id=$(field c .Id)
        kill -KILL "$(monitor_of c)"
        await 60 no_process_of "$id"
        await 60 not_running c
}

# at_work N: as many containers have written since the marks were taken
at_work() {
        local i n=0
        for ((i = 1; i <= $1; i++)); do
                [ "$(pocketdocker logs -n 1 "w$i")" = "${marks[i]}" ] || n=$((n + 1))
        done
        [ "$n" = "$1" ]
}

@test "200 containers at work go on while the daemon is dead, and none of their lines is lost" {
        local i n=200 marks=()
        for ((i = 1; i <= n; i++)); do
                pocketdocker run -d --name "w$i" "$IMAGE" sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 1; done' >/dev/null
        done
        kill_daemon
        sleep 2
        revive
        assert_equal "$(pocketdocker ps -q --filter status=running | wc -l)" "$n"
        for ((i = 1; i <= n; i++)); do
                marks[i]=$(pocketdocker logs -n 1 "w$i")
        done
        await 60 at_work "$n"
        # shellcheck disable=SC2046 # ids are hex words
        pocketdocker kill $(pocketdocker ps -q) >/dev/null
        # shellcheck disable=SC2046
        pocketdocker wait $(pocketdocker ps -q) >/dev/null
        for ((i = 1; i <= n; i++)); do
                pocketdocker logs "w$i" >"$BATS_TEST_TMPDIR/log"
                cmp "$BATS_TEST_TMPDIR/log" <(seq 1 "$(wc -l <"$BATS_TEST_TMPDIR/log")")
        done
        # shellcheck disable=SC2046
        pocketdocker rm $(pocketdocker ps -aq) >/dev/null
        assert_nothing_left
}

@test "a call right after the kill is answered by the next daemon" {
        [ "$E2E_MODE" = embedded ] || skip "elsewhere the next daemon is not the call's to start"
        local i
        for i in {1..20}; do
                kill -KILL "$(daemon_pid)"
                run -0 pocketdocker ps -q # without waiting: it may still be going
        done
}

@test "killing both daemon and monitor leaves nothing once the daemon is back" {
        start_waiting c
        local id monitor
        id=$(field c .Id)
        monitor=$(monitor_of c)
        kill_daemon
        kill -KILL "$monitor"
        await 60 process_gone "$monitor"
        revive
        [ "$(field c .State.Status)" != running ]
        assert_equal "$(processes_of "$id")" ""
        pocketdocker rm c
        assert_nothing_left
}

# Where a service manager starts the next daemon at once, there is no time to take the monitor's place.
# bats test_tags=native
@test "a monitor that leaves while the daemon finds it has its container removed once" {
        start_waiting c
        local id monitor pid cli deaf daemon
        id=$(field c .Id)
        pid=$(field c .State.Pid)
        monitor=$(monitor_of c)
        kill -STOP "$monitor" # it tells no end, so that the removal is under way when the daemon dies
        pocketdocker rm -f c >/dev/null 2>&1 3>&- &
        cli=$!
        await 30 process_gone "$pid"
        kill_daemon
        wait $cli || true
        # In its place one that has written the end, takes the connection and leaves without a word.
        python3 -c '
import os, socket, struct, sys, zlib
with open(sys.argv[2], "r+b") as file:
    record = bytearray(file.read(512))
    struct.pack_into("<I", record, 12, 2)  # kind: exited
    struct.pack_into("<I", record, 508, zlib.crc32(record[:508]))
    file.seek(0)
    file.write(record)
os.chdir(sys.argv[1])
os.unlink("control")
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("control")
s.listen()
open("bound", "w").close()
s.accept()[0].close()
' "$RUN/containers/$id" "$STATE/containers/$id/exit" 3>&- &
        deaf=$!
        await 30 test -e "$RUN/containers/$id/bound"
        kill -KILL "$monitor"
        await 30 process_gone "$monitor"
        if [ "$E2E_MODE" = embedded ]; then # or the call that finds it dead would start another
                setsid "$PROGRAMS/pocketdockerd" --embedded --root "$STATE" --run-root "$RUN" 3>&- &
                daemon=$!
                await 30 test -S "$RUN/private"
        else
                revive
                daemon=$(daemon_pid)
        fi
        wait $deaf
        await 30 container_gone c
        pocketdocker create --name after "$IMAGE" true # its reply comes after all that was to be synced
        pocketdocker rm after
        assert_equal "$(daemon_pid)" "$daemon"
        assert_nothing_left
}

container_gone() { [ -z "$(pocketdocker ps -aq --filter "name=$1")" ]; }

@test "images are there after a kill during an import, whole or not at all" {
        local n # not i, which `run` uses
        for n in 1 2 3 4; do
                (pocketdocker import "$E2E_HOME/rootfs.tar" "torn:$n" >/dev/null 2>&1) 3>&- &
                sleep "0.0$((n * 2))"
                kill_daemon 2>/dev/null || true
                wait
                revive
                if pocketdocker inspect "torn:$n" >/dev/null 2>&1; then
                        run -0 pocketdocker run --rm "torn:$n" true
                        pocketdocker rmi "torn:$n"
                fi
        done
        run -0 pocketdocker run --rm "$IMAGE" true
}
