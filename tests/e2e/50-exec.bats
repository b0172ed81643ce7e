#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

@test "exec runs beside the workload, in its namespaces" {
        start_waiting c
        run -0 pocketdocker exec c sh -c 'hostname; cat /proc/1/comm'
        assert_equal "${lines[1]}" sh
        local ns
        for ns in cgroup ipc mnt net pid user uts; do
                assert_equal "$(pocketdocker exec c readlink /proc/self/ns/$ns)" "$(readlink "/proc/$(field c .State.Pid)/ns/$ns")"
        done
}

@test "exec returns the command's exit code, 126 and 127" {
        start_waiting c
        run -0 pocketdocker exec c true
        run -33 pocketdocker exec c sh -c 'exit 33'
        run -137 pocketdocker exec c sh -c 'kill -9 $$'
        run -127 --separate-stderr pocketdocker exec c no-such-command
        assert_sentence "$stderr" no-such-command
        run -126 --separate-stderr pocketdocker exec c /etc/plain
        assert_sentence "$stderr" /etc/plain
}

@test "exec keeps stdout and stderr apart and passes stdin with -i" {
        start_waiting c
        run -0 --separate-stderr pocketdocker exec c sh -c 'echo o; echo e >&2'
        assert_equal "$output $stderr" "o e"
        head -c 1048576 /dev/urandom >"$BATS_TEST_TMPDIR/in"
        pocketdocker exec -i c cat <"$BATS_TEST_TMPDIR/in" | cmp - "$BATS_TEST_TMPDIR/in"
}

@test "exec takes -u, -w and -e" {
        start_waiting c -e FROM=run
        run -0 pocketdocker exec -u app -w /tmp -e MORE=exec c sh -c 'id -u; pwd; echo $FROM $MORE'
        assert_equal "${lines[*]}" "1000 /tmp run exec"
}

@test "exec names the user or directory that is not there" {
        start_waiting c
        run -125 --separate-stderr pocketdocker exec -u nosuchuser c true
        assert_sentence "$stderr" nosuchuser
        run -125 --separate-stderr pocketdocker exec -u 70000 c true
        assert_sentence "$stderr" 70000
        run -125 --separate-stderr pocketdocker exec -w /no/such/dir c true
        assert_sentence "$stderr" /no/such/dir
        run -125 --separate-stderr pocketdocker exec --privileged c true
        assert_equal "$stderr" "pocketdocker: The option 'privileged' is not supported by this version"
}

@test "exec has the workload's confinement" {
        start_waiting c
        run -0 pocketdocker exec c grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status
        assert_equal "$(awk '{ print $2 }' <<<"$output" | tr '\n' ' ')" "00000000a80425fb 00000000a80425fb 1 "
        # By the shell itself, without a pipe, whose ends it would have open for a moment.
        run -0 pocketdocker exec c sh -c 'for n in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/self/fd/$n ] || echo $n; done'
        assert_equal "${lines[*]}" "0 1 2"
}

@test "exec -d returns at once and what it started ends with the container" {
        start_waiting c
        pocketdocker exec -d c sh -c 'echo started >/started; sleep 3600'
        await 30 pocketdocker exec c test -s /started
        pocketdocker stop c
        pocketdocker rm c
        assert_nothing_left
}

@test "exec in one that does not run is refused" {
        pocketdocker create --name c "$IMAGE" true
        run -125 --separate-stderr pocketdocker exec c true
        [[ $stderr == *"'c'"* ]]
        run -125 --separate-stderr pocketdocker exec nowhere true
        assert_sentence "$stderr" nowhere
}

@test "stop ends execs that run" {
        start_waiting c
        pocketdocker exec c sleep 3600 3>&- &
        local cli=$! status=0
        await 30 exec_runs c
        pocketdocker stop c
        wait $cli || status=$?
        [ $status -ne 0 ]
}

exec_runs() { [ "$(pocketdocker exec "$1" sh -c 'grep -lx sleep /proc/[0-9]*/comm | wc -l')" -ge 2 ]; }

@test "start -a returns 126 and 127 like run" {
        pocketdocker create --name a "$IMAGE" no-such-command
        run -127 --separate-stderr pocketdocker start -a a
        assert_sentence "$stderr" no-such-command
        pocketdocker create --name b "$IMAGE" /etc/plain
        run -126 --separate-stderr pocketdocker start -a b
        assert_sentence "$stderr" /etc/plain
        run -125 --separate-stderr pocketdocker start -a nowhere
        assert_sentence "$stderr" nowhere
}

@test "attach follows the output and passes signals" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'trap "exit 11" TERM; while :; do echo tick; sleep 0.2; done'
        "$PROGRAMS/pocketdocker" attach c >"$BATS_TEST_TMPDIR/out" 3>&- &
        local cli=$! status=0
        await 30 grep -q tick "$BATS_TEST_TMPDIR/out"
        kill -TERM $cli
        wait $cli || status=$?
        assert_equal "$status" 11
}
