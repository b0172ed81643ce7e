#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Restart policies: when a container that ended by itself is started again, how long that takes, and what ends it.
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

# usec TIME: microseconds since the epoch
usec() { date -d "$1" +%s%6N; }

# delay_of NAME COUNT: the time between its end and its next start, seen while it waits for restart COUNT
delay_of() {
        local state count restart_at finished_at
        read -r state count restart_at finished_at < <(shown "$1" \
                '{{.State.Status}} {{.RestartCount}} {{.State.RestartAt}} {{.State.FinishedAt}}')
        [ "$state" = restarting ] && [ "$count" = "$2" ] || return 1
        DELAY=$(($(usec "$restart_at") - $(usec "$finished_at")))
        [ $DELAY -gt 0 ]
}

restarted() { [ "$(field "$1" .RestartCount)" -ge "$2" ]; }
restarted_and() { restarted "$1" "$2" && state_is "$1" "$3"; }

@test "a container that ends soon is started again, later each time" {
        pocketdocker run -d --name c --restart always "$IMAGE" sh -c 'exit 3' >/dev/null
        local count
        # The first waits are too short to be met by each look; what is met has its length.
        for count in 4 5 6; do
                until delay_of c $count; do
                        ! restarted c $((count + 1)) || fail_with "restart $count was not seen" || return
                done
                assert_equal $DELAY $((50000 << count))
        done
        assert_equal "$(field c .State.ExitCode)" 3
        run -0 pocketdocker ps --format '{{.State}} {{.Status}}'
        assert_match "$output" '^restarting Restarting \(3\) .* ago$'
}

@test "the time of the next start is a property, shown to its owner" {
        pocketdocker run -d --name c --restart always "$IMAGE" sh -c 'exit 3' >/dev/null
        await 120 delay_of c 6
        local path at
        path=/org/pocketdocker/container/$(field c .Id)
        at=$(bus get-property org.pocketdocker.Manager "$path" org.pocketdocker.Container RestartAt)
        assert_equal "$at" "t $(usec "$(field c .State.RestartAt)")"
        assert_equal "$(bus get-property org.pocketdocker.Manager "$path" org.pocketdocker.Container RestartPolicy)" 's "always"'
        pocketdocker stop c
        assert_equal "$(bus get-property org.pocketdocker.Manager "$path" org.pocketdocker.Container RestartAt)" 't 0'
}

@test "a run of ten seconds lets the waits begin anew" {
        pocketdocker run -d --name c --restart always "$IMAGE" sh -c '
                n=$(cat /n 2>/dev/null || echo 0); echo $((n + 1)) >/n
                [ $n != 3 ] || sleep 10.1
                exit 1' >/dev/null
        # After the long run at once, then 100 ms and on from there.
        local count
        for count in 8 9; do
                until delay_of c $count; do
                        ! restarted c $((count + 1)) || fail_with "restart $count was not seen" || return
                done
                assert_equal $DELAY $((100000 << (count - 5)))
        done
}

@test "on-failure restarts so often and no more, and not after success" {
        pocketdocker run -d --name fails --restart on-failure:2 "$IMAGE" sh -c 'echo run; exit 3' >/dev/null
        pocketdocker run -d --name works --restart on-failure "$IMAGE" true >/dev/null
        await 120 restarted_and fails 2 exited
        assert_equal "$(field fails .State.ExitCode)" 3
        assert_equal "$(pocketdocker logs fails | wc -l)" 3
        await 60 state_is works exited
        assert_equal "$(field works .RestartCount)" 0
        assert_equal "$(shown fails '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}')" on-failure:2
}

@test "stop ends the wait for the next start, and nothing starts it again" {
        local policy
        for policy in always unless-stopped on-failure; do
                pocketdocker run -d --name "c-$policy" --restart "$policy" "$IMAGE" sh -c 'echo run; exit 3' >/dev/null
        done
        for policy in always unless-stopped on-failure; do
                await 120 restarted_and "c-$policy" 4 restarting
                pocketdocker stop "c-$policy"
                assert_equal "$(field "c-$policy" .State.Status)" exited
                assert_equal "$(field "c-$policy" .State.RestartAt)" 0001-01-01T00:00:00Z
        done
        local runs
        runs=$(pocketdocker logs c-always | wc -l)
        kill_daemon
        start_daemon
        for policy in always unless-stopped on-failure; do
                assert_equal "$(field "c-$policy" .State.Status)" exited
        done
        assert_equal "$(pocketdocker logs c-always | wc -l)" "$runs"
}

@test "start during the wait starts at once and counts anew" {
        pocketdocker run -d --name c --restart always "$IMAGE" sh -c '[ ! -e /stay ] || exec sleep 3600; [ ! -e /n ] || touch /stay; echo >>/n; [ $(wc -l </n) -lt 6 ] && rm -f /stay; exit 1' >/dev/null
        await 120 restarted_and c 5 restarting
        pocketdocker start c
        await 60 state_is c running
        [ "$(field c .RestartCount)" -lt 5 ]
}

@test "the daemon's death changes nothing of the wait" {
        pocketdocker run -d --name c --restart always "$IMAGE" sh -c 'echo run; exit 3' >/dev/null
        await 120 delay_of c 6
        local at count
        at=$(field c .State.RestartAt)
        kill_daemon
        start_daemon
        # Either it still waits for the same moment, or that has come: the count is that of the run before until that has ended.
        read -r count again < <(shown c '{{.RestartCount}} {{.State.RestartAt}}')
        [ "$again" = "$at" ] || [ "$count" -ge 7 ] || [ "$(date +%s%6N)" -ge "$(date -d "$at" +%s%6N)" ] ||
                fail_with "waits for $again instead of $at, restarts: $count"
        await 120 restarted c 7
        await 60 state_is c restarting
}

@test "a workload that is killed while no daemon runs is started again by the next one" {
        start_waiting c --restart always
        local pid
        pid=$(field c .State.Pid)
        kill_daemon
        kill -KILL "$pid"
        await 60 process_gone "$pid"
        start_daemon
        await 60 restarted_and c 1 running
        assert_equal "$(field c .State.ExitCode)" 137
}

@test "the death of its monitor is an end that the policy acts on" {
        start_waiting c --restart on-failure
        local id pid monitor
        id=$(field c .Id)
        pid=$(field c .State.Pid)
        monitor=$(cat "$(engine_cgroup)"/u*/"$id"/monitor/cgroup.procs)
        kill -KILL "$monitor"
        await 60 restarted_and c 1 running
        [ "$(field c .State.Pid)" != "$pid" ]
        process_gone "$pid"
}

@test "what cannot be started any more backs off, and ps and inspect say why" {
        pocketdocker run -d --name c --restart always "$IMAGE" sh -c 'rm /bin/sh; exit 3' >/dev/null
        await 120 delay_of c 4
        assert_equal "$(field c .State.ExitCode)" 127
        assert_equal "$(field c .State.Error)" "Command 'sh' was not found in container 'c'"
        run -0 pocketdocker ps --format '{{.Status}}'
        assert_match "$output" "^Restarting \(127\) .* ago: Command 'sh' was not found in container 'c'$"
        pocketdocker stop c
        assert_equal "$(field c .State.Status)" exited
        pocketdocker rm c
        assert_nothing_left
}

@test "a start that fails when somebody asks for it is an error, and no restart" {
        run -127 pocketdocker run -d --name c --restart always "$IMAGE" /missing
        assert_sentence "$output" /missing
        run -1 pocketdocker container inspect c
        pocketdocker create --name d --restart always "$IMAGE" /missing >/dev/null
        run -127 pocketdocker start d
        assert_equal "$(field d .State.Status)" created
        assert_equal "$(field d .RestartCount)" 0
}

@test "another policy counts from the next end on" {
        start_waiting c
        pocketdocker update --restart always c
        pocketdocker exec c kill -TERM 1 || true # it may be ended along
        await 60 restarted_and c 1 running
        pocketdocker update --restart no c
        pocketdocker exec c kill -TERM 1 || true # it may be ended along
        await 60 state_is c exited
        assert_equal "$(field c .HostConfig.RestartPolicy.Name)" no
        kill_daemon
        start_daemon
        assert_equal "$(field c .HostConfig.RestartPolicy.Name)" no
        assert_equal "$(field c .State.Status)" exited
}

@test "policies that are none, and one of a container that is to be removed, are refused" {
        run -125 pocketdocker create --restart sometimes "$IMAGE" true
        assert_sentence "$output" sometimes
        run -125 pocketdocker create --restart on-failure:many "$IMAGE" true
        assert_sentence "$output" on-failure:many
        run -125 pocketdocker create --restart always --rm "$IMAGE" true
        assert_sentence "$output" restart
        start_waiting c --rm
        run -1 pocketdocker update --restart always c
        assert_sentence "$output" restart
        assert_equal "$(field c .HostConfig.RestartPolicy.Name)" no
        run -1 pocketdocker update c
        assert_equal "$(wc -l <<<"$output")" 1
}

@test "one with --rm is restarted with its files, and still goes at its end" {
        pocketdocker run -d --rm --name c "$IMAGE" sh -c 'echo run >>/n; trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
        for _ in 1 2 3; do
                await 60 pocketdocker exec c test -s /n
                pocketdocker restart c
        done
        await 60 pocketdocker exec c sh -c '[ "$(wc -l </n)" = 4 ]'
        pocketdocker stop c
        run ! pocketdocker container inspect c
}
