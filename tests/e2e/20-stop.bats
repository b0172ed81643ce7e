#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

@test "stop ends a workload by its own handler" {
        start_waiting c
        run -0 pocketdocker stop c
        assert_equal "$output" c
        assert_equal "$(field c .State.Status)" exited
        assert_equal "$(field c .State.ExitCode)" 0
}

@test "stop of a process 1 that ignores SIGTERM takes the grace and no longer" {
        pocketdocker run -d --name c --stop-timeout 3600 "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        await 30 logged c ready
        local before after
        before=$(now_ms)
        pocketdocker stop -t 2 c
        after=$(now_ms)
        [ $((after - before)) -ge 2000 ]
        # Far below the container's own hour; a slow machine is no failure.
        [ $((after - before)) -lt 30000 ]
        assert_equal "$(field c .State.ExitCode)" 137
}

@test "stop -t 0 kills at once" {
        pocketdocker run -d --name c --stop-timeout 3600 "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        await 30 logged c ready
        pocketdocker stop -t 0 c
        assert_equal "$(field c .State.ExitCode)" 137
}

@test "stop returns when processes and cgroups are gone" {
        start_waiting c
        local id
        id=$(field c .Id)
        pocketdocker stop c
        assert_equal "$(find "$(engine_cgroup)" -name "*$id*" 2>/dev/null)" ""
        assert_equal "$(processes_of "$id")" ""
}

@test "without -t the grace is the container's --stop-timeout, else 5 seconds" {
        local name before
        pocketdocker run -d --name five "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        pocketdocker run -d --name one --stop-timeout 1 "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        for name in five one; do
                await 30 logged $name ready
        done
        before=$(now_ms)
        pocketdocker stop one 3>&- &
        pocketdocker stop five
        [ $(($(now_ms) - before)) -ge 5000 ]
        wait $!
        assert_equal "$(field one .State.ExitCode) $(field five .State.ExitCode)" "137 137"
        # Both were asked at a time: the shorter grace ended first.
        [[ $(field one .State.FinishedAt) < $(field five .State.FinishedAt) ]]
}

@test "a fork bomb of 500 children is gone after stop" {
        pocketdocker run -d --name bomb "$IMAGE" sh -c 'i=0; while [ $i -lt 500 ]; do sleep 3600 & i=$((i+1)); done; echo ready; wait'
        await 120 logged bomb ready
        local id
        id=$(field bomb .Id)
        [ "$(processes_of "$id" | wc -l)" -ge 501 ]
        pocketdocker stop -t 0 bomb
        assert_equal "$(processes_of "$id")" ""
        pocketdocker rm bomb
        assert_nothing_left
}

@test "--stop-signal and --stop-timeout are the container's own" {
        pocketdocker run -d --name c --stop-signal USR1 "$IMAGE" sh -c 'trap "exit 5" USR1; echo ready; while :; do sleep 3600 & wait $!; done'
        await 30 logged c ready
        pocketdocker stop c
        assert_equal "$(field c .State.ExitCode)" 5
        pocketdocker run -d --name d --stop-timeout 1 "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        await 30 logged d ready
        pocketdocker stop d
        assert_equal "$(field d .State.ExitCode)" 137
}

@test "several are stopped by one call, and one that does not exist is named" {
        start_waiting a
        start_waiting b
        run -1 --separate-stderr pocketdocker stop a nowhere b
        assert_sentence "$stderr" nowhere
        assert_equal "$output" $'a\nb'
        assert_equal "$(field a .State.Status) $(field b .State.Status)" "exited exited"
}

# bats test_tags=native
@test "stop of a stopped one changes nothing and succeeds" {
        pocketdocker run --name c "$IMAGE" sh -c 'exit 4' || true
        run -0 pocketdocker stop c
        assert_equal "$(field c .State.ExitCode)" 4
}

@test "kill sends the signal that is named, by name or number" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'trap "echo got-hup" HUP; trap "echo got-usr1" USR1; echo ready; while :; do sleep 3600 & wait $!; done'
        await 30 logged c ready
        pocketdocker kill -s HUP c
        await 20 logged c got-hup
        pocketdocker kill -s 10 c
        await 20 logged c got-usr1
        pocketdocker kill -s SIGKILL c
        assert_equal "$(pocketdocker wait c)" 137
}

# bats test_tags=native
@test "kill of one that does not run is refused" {
        pocketdocker create --name c "$IMAGE" true
        run -1 --separate-stderr pocketdocker kill c
        assert_sentence "$stderr" c
}

@test "restart starts the same container anew" {
        start_waiting c
        local id started
        id=$(field c .Id)
        started=$(field c .State.StartedAt)
        run -0 pocketdocker restart c
        assert_equal "$(field c .Id)" "$id"
        assert_equal "$(field c .State.Status)" running
        [ "$(field c .State.StartedAt)" != "$started" ]
}

@test "restart of one that is killed at once starts it anew, time and again" {
        pocketdocker run -d --name c "$IMAGE" sleep 3600
        for _ in 1 2 3 4 5; do
                pocketdocker restart -t 0 c
                assert_equal "$(field c .State.Status)" running
        done
        run -0 pocketdocker exec c true
}

@test "rm refuses a running one, rm -f ends it, and nothing is left" {
        start_waiting c
        run -1 --separate-stderr pocketdocker rm c
        assert_sentence "$stderr" c
        assert_equal "$(field c .State.Status)" running
        run -0 pocketdocker rm -f c
        assert_equal "$output" c
        assert_nothing_left
        run -1 --separate-stderr pocketdocker container inspect c
        [[ $stderr == *"'c'"* ]]
}

@test "rm of a stopped one leaves nothing" {
        pocketdocker run --name c "$IMAGE" sh -c 'mkdir -p /a/b/c; echo data >/a/b/c/d; chmod 000 /a'
        pocketdocker rm c
        assert_nothing_left
}

@test "what was removed is deleted from the disk, however deep or closed" {
        pocketdocker run --name c "$IMAGE" sh -c 'mkdir -p /a/b; cd /a/b; for n in $(seq 300); do mkdir d; cd d; done; echo x >x; chmod 000 /a'
        pocketdocker rm c
        await 60 trash_is_empty
}

# bats test_tags=native
@test "rm by a unique prefix of the id" {
        local id
        id=$(pocketdocker create "$IMAGE" true)
        run -0 pocketdocker rm "${id:0:12}"
        assert_equal "$(pocketdocker ps -aq)" ""
}

# bats test_tags=native
@test "wait prints the exit code of each" {
        pocketdocker run -d --name a "$IMAGE" sh -c 'exit 3'
        pocketdocker run -d --name b "$IMAGE" sh -c 'sleep 0.3; exit 7'
        run -0 pocketdocker wait a b
        assert_equal "$output" $'3\n7'
}

@test "wait is answered when the container is removed by force" {
        start_waiting c
        pocketdocker wait c >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
        local waiter=$!
        pocketdocker kill c
        wait $waiter
        assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" 137
}

# bats test_tags=native
@test "rename changes the name and frees the old one" {
        pocketdocker create --name old "$IMAGE" true
        pocketdocker rename old new
        run -1 pocketdocker inspect old
        assert_equal "$(field new .Name)" /new
        pocketdocker create --name old "$IMAGE" true
        run -1 --separate-stderr pocketdocker rename old new
        assert_sentence "$stderr" new
}

@test "when process 1 ends its children end with it" {
        pocketdocker run --name c "$IMAGE" sh -c 'sleep 3600 & sleep 3600 & exit 6' || true
        assert_equal "$(field c .State.ExitCode)" 6
        pocketdocker rm c
        assert_nothing_left
}

@test "--rm removes a background container when it ends" {
        pocketdocker run -d --rm --name c "$IMAGE" sh -c 'sleep 0.2'
        await 30 gone c
        await 10 nothing_is_left
}

gone() { ! pocketdocker container inspect "$1"; } # an image's id may begin with the name

# watch_syncs NAME: the monitor's calls for the disk go to the file NAME.
watch_syncs() {
        local monitor
        monitor=$(awk '/^PPid/ { print $2 }' "/proc/$(field c .State.Pid)/status")
        strace -qq -f -p "$monitor" -e trace=fsync,fdatasync,sync_file_range,syncfs -o "$BATS_TEST_TMPDIR/$1" 3>&- &
        TRACER=$!
        await 20 is_traced "$monitor"
}

is_traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$1/status"; }

# bats test_tags=native
@test "rm -f does not wait for the disk with what it removes, and stop leaves it there" {
        start_waiting c
        watch_syncs stop
        pocketdocker stop c
        wait "$TRACER" || true
        grep -q sync "$BATS_TEST_TMPDIR/stop"
        pocketdocker start c
        watch_syncs rm
        pocketdocker rm -f c
        wait "$TRACER" || true
        assert_equal "$(grep sync "$BATS_TEST_TMPDIR/rm")" ""
}

@test "several are stopped at once: none waits for another's grace" {
        local out=$BATS_TEST_TMPDIR/out status=0
        pocketdocker run -d --name stubborn "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        await 30 logged stubborn ready
        start_waiting willing
        "$PROGRAMS/pocketdocker" stop -t -1 stubborn nowhere willing >"$out" 2>&1 3>&- &
        await 20 state_is willing exited
        state_is stubborn running
        pocketdocker kill stubborn
        wait $! || status=$?
        assert_equal "$status" 1
        assert_equal "$(sort "$out" | tr '\n' ' ')" "pocketdocker: No such container: 'nowhere' stubborn willing "
}

@test "stop -s sends the signal that is named first" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'trap "exit 4" USR1; echo ready; while :; do sleep 3600 & wait $!; done'
        await 30 logged c ready
        pocketdocker stop -s USR1 c
        assert_equal "$(field c .State.ExitCode)" 4
}
