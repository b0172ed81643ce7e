#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }

teardown() { teardown_test; }

@test "50 runs at a time all work and leave nothing" {
        local i failed=0 pids=()
        for i in $(seq 1 50); do
                pocketdocker run --rm "$IMAGE" echo "$i" >"$BATS_TEST_TMPDIR/out.$i" 2>&1 3>&- &
                pids+=($!)
        done
        for i in "${pids[@]}"; do
                wait "$i" || failed=$((failed + 1))
        done
        assert_equal "$failed" 0
        assert_equal "$(cat "$BATS_TEST_TMPDIR"/out.* | sort -n)" "$(seq 1 50)"
        assert_equal "$(pocketdocker ps -aq)" ""
        await 20 nothing_is_left
}

@test "30 in the background are listed, stopped and removed in one call each" {
        local i
        for i in $(seq 1 30); do
                pocketdocker run -d --name "c$i" "$IMAGE" sleep 3600 >/dev/null
        done
        assert_equal "$(pocketdocker ps -q | wc -l)" 30
        # shellcheck disable=SC2046 # ids are hex words
        pocketdocker stop -t 0 $(pocketdocker ps -q) >/dev/null
        assert_equal "$(pocketdocker ps -r -q | wc -l)" 0
        # shellcheck disable=SC2046
        pocketdocker rm $(pocketdocker ps -q) >/dev/null
        assert_nothing_left
}

@test "a foreground command that is killed leaves the container running and reachable" {
        pocketdocker run --name c "$IMAGE" sh -c 'echo ready; sleep 3600' >"$BATS_TEST_TMPDIR/out" 3>&- &
        local cli=$!
        await 30 grep -q ready "$BATS_TEST_TMPDIR/out"
        kill -KILL $cli
        wait $cli || true
        assert_equal "$(field c .State.Status)" running
        pocketdocker rm -f c
        assert_nothing_left
}

# bats test_tags=native
@test "many runs leave the daemon no more descriptors and no children than before" {
        local pid before i
        pocketdocker run --rm "$IMAGE" true
        pid=$(daemon_pid)
        before=$(ls "/proc/$pid/fd" | wc -l)
        for i in $(seq 1 20); do
                pocketdocker run --rm "$IMAGE" true
                run -127 pocketdocker run --rm "$IMAGE" no-such-command
        done
        await 20 fds_at_most "$pid" $((before + 2))
        assert_equal "$(grep -l '^State:.Z' $(sed 's/ *$//; s#\([0-9]*\)#/proc/\1/status#g' "/proc/$pid/task/$pid/children") 2>/dev/null)" ""
}

fds_at_most() { [ "$(ls "/proc/$1/fd" | wc -l)" -le "$2" ]; }

# bats test_tags=native
@test "the same name at the same time is given once" {
        local i won=0 pids=()
        for i in 1 2 3 4 5 6 7 8; do
                pocketdocker create --name one "$IMAGE" true >/dev/null 2>&1 3>&- &
                pids+=($!)
        done
        for i in "${pids[@]}"; do
                ! wait "$i" || won=$((won + 1))
        done
        assert_equal "$won" 1
}

@test "start, stop and rm at the same time end in one of their states" {
        local i
        for i in 1 2 3 4 5; do
                pocketdocker create --name c "$IMAGE" sleep 3600 >/dev/null
                (pocketdocker start c; true) >/dev/null 2>&1 3>&- &
                (pocketdocker stop -t 0 c; true) >/dev/null 2>&1 3>&- &
                (pocketdocker rm -f c; true) >/dev/null 2>&1 3>&- &
                wait
                pocketdocker rm -f c >/dev/null 2>&1 || true
                assert_equal "$(pocketdocker ps -aq)" ""
        done
        assert_nothing_left
}
