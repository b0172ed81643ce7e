#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native,embedded
# Containers run on under the monitor that started them, however often the daemon is updated: an engine of version 1
# starts them, killed as an update does it at worst, and the one under test goes on with them.
load helpers

setup_file() {
        [ "$E2E_MODE" = embedded ] || return 0
        setup_engine
        OLD=$E2E_HOME/old
        export OLD
        copy_programs "$OLD"
        cp "$PROGRAMS/tests/e2e/monitor-v1" "$OLD/pocketdocker-monitor"
}

teardown_file() {
        [ -z "${OLD:-}" ] || teardown_engine
}

setup() {
        [ "$E2E_MODE" = embedded ] || skip "monitor and daemon speak the same in every mode"
        kill_daemon || true # not there is as good
}

teardown() {
        [ -z "${OLD:-}" ] || teardown_test
}

old() { PROGRAMS=$OLD "$@"; }

three_results() { [ "$(field "$1" 'len .State.Health.Log')" -ge 3 ]; }

monitor_of() { awk '/^PPid/ { print $2 }' "/proc/$(field "$1" .State.Pid)/status"; }

# update: the next call starts the engine under test.
update() {
        old kill_daemon
        pocketdocker ps >/dev/null
        assert_equal "$(readlink "/proc/$(daemon_pid)/exe")" "$(realpath "$PROGRAMS/pocketdockerd")"
}

@test "a container under a monitor of version 1 is found, followed, signalled and stopped" {
        old pocketdocker run -d --name c "$IMAGE" \
                sh -c 'trap "echo told" USR1; trap "exit 5" TERM; echo ready; while :; do sleep 3600 & wait $!; done'
        await 30 old logged c ready
        local pid monitor
        pid=$(old field c .State.Pid)
        monitor=$(old monitor_of c)
        [[ $(tr '\0' ' ' <"/proc/$monitor/cmdline") == pocketdocker-monitor* ]]
        update
        assert_equal "$(field c .State.Status) $(field c .State.Pid)" "running $pid"
        assert_equal "$(monitor_of c)" "$monitor"
        timeout 60 "$PROGRAMS/pocketdocker" logs -f c >"$BATS_TEST_TMPDIR/followed" 3>&- &
        local follower=$!
        run -0 pocketdocker exec c cat /proc/1/comm
        assert_equal "$output" sh
        pocketdocker kill -s USR1 c
        await 20 logged c told
        pocketdocker stop c
        assert_equal "$(field c .State.ExitCode)" 5
        wait $follower
        assert_equal "$(cat "$BATS_TEST_TMPDIR/followed")" $'ready\ntold'
        await 20 process_gone "$monitor"
}

@test "who attaches to it sees its output and its end" {
        old pocketdocker run -d --name c "$IMAGE" sh -c 'trap "exit 11" TERM; while :; do echo tick; sleep 0.2; done'
        update
        "$PROGRAMS/pocketdocker" attach c >"$BATS_TEST_TMPDIR/out" 3>&- &
        local cli=$! status=0
        await 30 grep -q tick "$BATS_TEST_TMPDIR/out"
        kill -TERM $cli
        wait $cli || status=$?
        assert_equal "$status" 11
        assert_equal "$(field c .State.ExitCode)" 11
}

@test "its exit record and its log are read when it ended while no daemon was there" {
        old pocketdocker run -d --name code "$IMAGE" sh -c 'trap "echo last words; exit 7" TERM; while :; do sleep 0.1; done'
        old pocketdocker run -d --name signal "$IMAGE" sleep 3600
        local code signal
        code=$(old field code .State.Pid)
        signal=$(old field signal .State.Pid)
        old kill_daemon
        kill -TERM "$code"
        kill -KILL "$signal"
        await 20 process_gone "$code"
        await 20 process_gone "$signal"
        assert_equal "$(field code .State.Status) $(field code .State.ExitCode)" "exited 7"
        assert_equal "$(field signal .State.Status) $(field signal .State.ExitCode)" "exited 137"
        assert_equal "$(pocketdocker logs code)" "last words"
}

@test "started again it has today's monitor and goes on in its old log" {
        old pocketdocker run --name c "$IMAGE" sh -c 'echo told; exit 3' || true
        update
        run -3 pocketdocker start -a c
        assert_equal "$output" told
        assert_equal "$(pocketdocker logs c)" $'told\ntold'
        pocketdocker rm c
        assert_nothing_left
}

@test "a port that it cannot ask makes it as healthy as its first process is alive, and the log says so once" {
        local log=$BATS_TEST_TMPDIR/log
        old pocketdocker run -d --name c --health-http 80 --health-interval 100ms --health-timeout 1h "$IMAGE" sleep 3600
        old kill_daemon
        "$PROGRAMS/pocketdockerd" --root "$STATE" --run-root "$RUN" --embedded 3>&- 2>"$log" &
        await 30 bus tree org.pocketdocker.Manager
        pocketdocker wait --condition healthy c
        run -0 pocketdocker healthcheck run c
        assert_match "$(field c '(index .State.Health.Log 0).Output')" 'older version'
        await 20 three_results c
        assert_equal "$(grep -c "monitor of container 'c' is of an older version" "$log")" 1
}
