#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

# start_counting NAME [FLAG…]: a container whose file /count grows byte by byte, and that ends with 0 on SIGTERM.
start_counting() {
        local name=$1
        shift
        pocketdocker run -d --name "$name" "$@" "$IMAGE" \
                sh -c 'trap "exit 0" TERM; echo ready; while :; do printf . >>/count; sleep 0.05; done' >/dev/null
        await 30 logged "$name" ready
}

payload_of() { echo "$(engine_cgroup)/u0/$(field "$1" .Id)/payload"; }
is_frozen() { grep -qx 'frozen 1' "$(payload_of "$1")/cgroup.events"; }

# The workload's count as the outside sees it, through the root of its first process.
count_of() { stat -c %s "/proc/$(field "$1" .State.Pid)/root/count"; }
count_is_above() { [ "$(count_of "$1")" -gt "$2" ]; }

@test "pause stops every process, and unpause lets all run on" {
        start_counting c
        pocketdocker exec -d c sh -c 'while :; do printf . >>/count2; sleep 0.05; done'
        local root first second
        root=/proc/$(field c .State.Pid)/root
        await 30 test -s "$root/count2"
        run -0 pocketdocker pause c
        assert_equal "$output" c
        is_frozen c
        first=$(stat -c %s "$root/count" "$root/count2")
        sleep 0.5
        second=$(stat -c %s "$root/count" "$root/count2")
        assert_equal "$second" "$first"
        run -0 pocketdocker unpause c
        assert_equal "$output" c
        run ! is_frozen c
        await 30 count_is_above c "$(head -n 1 <<<"$first")"
}

@test "a paused one is shown as such, to people and to scripts" {
        start_counting c
        pocketdocker pause c
        assert_equal "$(field c .State.Status) $(field c .State.Paused) $(field c .State.Running)" "paused true true"
        assert_match "$(pocketdocker ps --format '{{.Status}}')" '^Paused \('
        assert_equal "$(pocketdocker ps --format '{{.State}}')" paused
        assert_equal "$(pocketdocker ps --running --filter status=paused --format '{{.Names}}')" c
        assert_equal "$(pocketdocker info -f '{{.ContainersPaused}} {{.ContainersRunning}}')" "1 0"
        assert_equal "$(bus get-property org.pocketdocker.Manager "/org/pocketdocker/container/$(field c .Id)" org.pocketdocker.Container State)" 's "paused"'
}

@test "pause of a paused one and unpause of a running one are refused with a sentence" {
        start_counting c
        run -1 --separate-stderr pocketdocker unpause c
        assert_sentence "$stderr" c
        pocketdocker pause c
        run -1 --separate-stderr pocketdocker pause c
        assert_sentence "$stderr" c
        assert_equal "$(field c .State.Status)" paused
        pocketdocker create --name d "$IMAGE" true
        run -1 --separate-stderr pocketdocker pause d
        assert_sentence "$stderr" d
        run -1 --separate-stderr pocketdocker pause nowhere
        assert_sentence "$stderr" nowhere
}

@test "several are paused by one call, and one that cannot be does not keep the others from it" {
        start_counting a
        start_counting b
        run -1 --separate-stderr pocketdocker pause a nowhere b
        assert_equal "$output" $'a\nb'
        assert_equal "$(field a .State.Status) $(field b .State.Status)" "paused paused"
}

@test "exec in and start of a paused one are refused" {
        start_counting c
        pocketdocker pause c
        run -125 --separate-stderr pocketdocker exec c true
        assert_sentence "$stderr" c
        run -125 --separate-stderr pocketdocker start c
        assert_sentence "$stderr" c
}

@test "stop of a paused one lets it heed its signal" {
        start_counting c
        pocketdocker pause c
        run -0 pocketdocker stop -t 60 c
        assert_equal "$(field c .State.ExitCode)" 0
}

@test "the grace of a paused one begins with the stop" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 3600; done'
        await 30 logged c ready
        pocketdocker pause c
        sleep 2
        local before after
        before=$(now_ms)
        pocketdocker stop -t 2 c
        after=$(now_ms)
        [ $((after - before)) -ge 2000 ]
        assert_equal "$(field c .State.ExitCode)" 137
}

@test "kill -9 ends a paused one, and SIGTERM is heeded at once" {
        start_counting c
        pocketdocker pause c
        pocketdocker kill -s 9 c
        assert_equal "$(pocketdocker wait c)" 137
        start_counting d
        pocketdocker pause d
        pocketdocker kill -s TERM d
        assert_equal "$(pocketdocker wait d)" 0
}

@test "stop -t 0 and rm -f end a paused one, with its execs, and nothing is left" {
        start_counting c
        pocketdocker exec -d c sleep 3600
        pocketdocker pause c
        pocketdocker stop -t 0 c
        assert_equal "$(field c .State.ExitCode)" 137
        pocketdocker rm c
        start_counting d
        pocketdocker exec -d d sleep 3600
        pocketdocker pause d
        run -1 --separate-stderr pocketdocker rm d
        assert_sentence "$stderr" d
        pocketdocker rm -f d
        assert_nothing_left
}

@test "restart of a paused one runs anew, also after SIGKILL while frozen" {
        start_counting c
        pocketdocker pause c
        pocketdocker restart -t 0 c
        assert_equal "$(field c .State.Status)" running
        await 30 count_is_above c 3
        pocketdocker pause c
        pocketdocker restart c
        assert_equal "$(field c .State.Status)" running
        await 30 count_is_above c 3
}

@test "a paused one stays paused when the daemon is killed, and can be continued" {
        start_counting c
        start_counting d
        pocketdocker pause c
        kill_daemon
        start_daemon
        assert_equal "$(field c .State.Status) $(field d .State.Status)" "paused running"
        is_frozen c
        pocketdocker unpause c
        await 30 count_is_above c "$(count_of c)"
}

@test "what the cgroup says counts when the daemon comes back" {
        start_counting c
        start_counting d
        pocketdocker pause c
        local paused running
        paused=$(payload_of c)
        running=$(payload_of d)
        kill_daemon
        echo 0 >"$paused/cgroup.freeze"
        echo 1 >"$running/cgroup.freeze"
        await 30 grep -qx 'frozen 1' "$running/cgroup.events"
        start_daemon
        assert_equal "$(field c .State.Status) $(field d .State.Status)" "running paused"
        pocketdocker unpause d
        await 30 count_is_above d "$(count_of d)"
}

@test "a pause that the kernel cannot bring about is given up, by name, and all run on" {
        [ "$E2E_MODE" != system ] || modprobe fuse
        start_counting c
        "$E2E_SOURCE/unfreezable" "$(payload_of c)/cgroup.procs" "$BATS_TEST_TMPDIR/mount" 3>&- &
        local stuck=$!
        await 30 test -e "$BATS_TEST_TMPDIR/mount.stuck"
        run -1 --separate-stderr pocketdocker pause c
        assert_sentence "$stderr" c
        [[ $stderr == *"could not be paused"* ]]
        assert_equal "$(field c .State.Status)" running
        await 30 count_is_above c "$(count_of c)"
        kill $stuck
        wait $stuck || true
}
