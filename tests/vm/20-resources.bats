#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What limits do, on a machine that has all controllers: memory and what follows when there is none, shares of CPUs, fork
# bombs, CPU sets, updates of what runs, caps on a user. The files that they write are 45-limits.bats's.
load ../e2e/helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

payload_of() { echo "$(engine_cgroup)/u0/$(field "$1" .Id)/payload"; }
oom_kills_are() { [ "$(field "$1" .State.OOMKillCount)" -ge "$2" ]; }
restarted() { [ "$(field "$1" .RestartCount)" -ge "$2" ]; }

# Takes memory until there is none: 1 MiB at a time, in a shell's variable that only grows.
EAT='x=$(head -c 1048576 /dev/zero | tr "\0" x); y=; while :; do y=$y$x; done'

@test "the tree has the controllers that limits need" {
        local controllers
        controllers=" $(cat "$(engine_cgroup)/cgroup.subtree_control") "
        local name
        for name in cpu cpuset memory pids; do
                [[ $controllers == *" $name "* ]] || fail_with "no $name in '$controllers'"
        done
}

@test "out of memory ends the whole container with 137, is told and logged" {
        busctl monitor --json=short --match "type='signal',sender='org.pocketdocker.Manager'" \
                >"$BATS_TEST_TMPDIR/signals" 2>"$BATS_TEST_TMPDIR/monitor" 3>&- &
        local monitor=$!
        pocketdocker create --name d "$IMAGE" true >/dev/null
        await 120 listens
        # The first process only waits: it is a child of it that eats.
        run -137 pocketdocker run --name c -m 32m --memory-swap 32m "$IMAGE" sh -c "sh -c '$EAT' & sleep 3600"
        assert_equal "$(shown c '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}')" 'exited 137 true'
        oom_kills_are c 1
        await 60 grep -q '"OOMKilled":{"type":"b","data":true}' "$BATS_TEST_TMPDIR/signals"
        kill $monitor
        await 60 journal_has MESSAGE_ID=f5b9622507014b53ae36f6cf7f7e542e "CONTAINER_ID_FULL=$(field c .Id)"
}

# Something is told until the monitor has heard of it.
listens() {
        pocketdocker rename d e
        pocketdocker rename e d
        [ -s "$BATS_TEST_TMPDIR/signals" ]
}

journal_has() { journalctl -q --no-pager "$@" | grep -q .; }

@test "the restart policy acts on a container that was out of memory" {
        pocketdocker run -d --name c -m 32m --memory-swap 32m --restart on-failure:1 "$IMAGE" sh -c "$EAT" >/dev/null
        await 300 restarted c 1
        await 300 state_is c exited
        assert_equal "$(shown c '{{.RestartCount}} {{.State.ExitCode}} {{.State.OOMKilled}}')" '1 137 true'
}

@test "with --oom-group=false one process is ended, counted, and the container goes on" {
        pocketdocker run -d --name c -m 32m --memory-swap 32m --oom-group=false "$IMAGE" \
                sh -c "sh -c '$EAT'; echo \"ate \$?\"; sleep 3600" >/dev/null
        await 300 logged c 'ate 137'
        await 60 oom_kills_are c 1
        assert_equal "$(shown c '{{.State.Status}} {{.State.OOMKilled}}')" 'running false'
        await 60 journal_has MESSAGE_ID=f5b9622507014b53ae36f6cf7f7e542e "CONTAINER_ID_FULL=$(field c .Id)"
        pocketdocker stop -t 0 c
        assert_equal "$(field c .State.OOMKilled)" false
}

@test "with --oom-group=false a container whose first process is the victim was out of memory" {
        run -137 pocketdocker run --name c -m 32m --memory-swap 32m --oom-group=false "$IMAGE" sh -c "$EAT"
        assert_equal "$(shown c '{{.State.Status}} {{.State.OOMKilled}}')" 'exited true'
}

@test "what happened while the daemon was dead is found by the next one" {
        pocketdocker run -d --name grouped -m 32m --memory-swap 32m "$IMAGE" \
                sh -c "trap 'go=1' USR1; echo ready; while [ -z \"\$go\" ]; do sleep 0.5; done; $EAT" >/dev/null
        pocketdocker run -d --name counted -m 32m --memory-swap 32m --oom-group=false "$IMAGE" \
                sh -c "trap 'go=1' USR1; echo ready; while [ -z \"\$go\" ]; do sleep 0.5; done; sh -c '$EAT'; sleep 3600" >/dev/null
        await 60 logged grouped ready
        await 60 logged counted ready
        local grouped counted pids
        grouped=$(payload_of grouped) counted=$(payload_of counted)
        pids="$(field grouped .State.Pid) $(field counted .State.Pid)"
        systemctl stop pocketdocker.service
        kill -USR1 $pids
        await 300 gone_or_empty "$grouped"
        await 300 grep -q '^oom_kill [1-9]' "$counted/memory.events"
        systemctl start pocketdocker.service
        await 120 state_is grouped exited
        assert_equal "$(shown grouped '{{.State.ExitCode}} {{.State.OOMKilled}}')" '137 true'
        await 60 oom_kills_are counted 1
        assert_equal "$(shown counted '{{.State.Status}} {{.State.OOMKilled}}')" 'running false'
}

gone_or_empty() { [ ! -s "$1/cgroup.procs" ]; }

@test "weights of 100 to 200 are CPU time of 1 to 2, within a tenth" {
        # On one CPU, so that they compete.
        pocketdocker run -d --name a --cpu-shares 1024 --cpuset-cpus 0 "$IMAGE" sh -c 'while :; do :; done' >/dev/null
        pocketdocker run -d --name b --cpu-shares 2444 --cpuset-cpus 0 "$IMAGE" sh -c 'while :; do :; done' >/dev/null
        assert_equal "$(cat "$(payload_of a)/../cpu.weight" "$(payload_of b)/../cpu.weight" | xargs)" '100 200'
        local stat_a stat_b a0 b0 a b
        stat_a=$(payload_of a)/cpu.stat stat_b=$(payload_of b)/cpu.stat
        a0=$(usage "$stat_a") b0=$(usage "$stat_b")
        # Until one of them has had enough of it to tell.
        await 600 used "$stat_b" $((b0 + 20000000))
        a=$(($(usage "$stat_a") - a0)) b=$(($(usage "$stat_b") - b0))
        echo "a $a µs, b $b µs"
        [ $((b * 10)) -gt $((a * 18)) ]
        [ $((b * 10)) -lt $((a * 22)) ]
}

usage() { sed -n 's/^usage_usec //p' "$1"; }
used() { [ "$(usage "$1")" -gt "$2" ]; }

@test "a limit of processes stops a fork bomb, and the container can be ended" {
        pocketdocker run -d --name c --pids-limit 30 "$IMAGE" sh -c 'bomb() { bomb | bomb & }; bomb; sleep 3600' >/dev/null
        await 120 grep -q '^max [1-9]' "$(payload_of c)/pids.events"
        [ "$(cat "$(payload_of c)/pids.current")" -le 30 ]
        run -0 pocketdocker run --rm "$IMAGE" echo alive
        assert_equal "$output" alive
        pocketdocker rm -f c
        assert_nothing_left
}

@test "a set of CPUs is all that the workload may use" {
        run -0 pocketdocker run --rm --cpuset-cpus 1 "$IMAGE" grep Cpus_allowed_list /proc/self/status
        assert_match "$output" $'^Cpus_allowed_list:\t1$'
        run -125 pocketdocker run --rm --cpuset-cpus 0-99 "$IMAGE" true
        assert_match "$output" "'0-1' is available"
}

@test "an update is in force at once, all of it or nothing" {
        pocketdocker run -d --name c --cpuset-cpus 0 "$IMAGE" sh -c 'while :; do sleep 1; done' >/dev/null
        pocketdocker update --cpuset-cpus 1 --pids-limit 40 -m 64m --cpus 0.5 c
        run -0 pocketdocker exec c grep Cpus_allowed_list /proc/1/status
        assert_match "$output" $'Cpus_allowed_list:\t1$'
        local payload
        payload=$(payload_of c)
        assert_equal "$(cat "$payload/pids.max" "$payload/memory.max" "$payload/cpu.max" | xargs)" '40 67108864 50000 100000'
        # Memory that is in use is not taken away.
        pocketdocker exec -d c sh -c 'x=$(head -c 20971520 /dev/zero | tr "\0" x); sleep 3600'
        await 120 memory_above "$payload" 16777216
        run -1 pocketdocker update --pids-limit 50 -m 8m c
        assert_match "$output" "uses more memory"
        assert_equal "$(cat "$payload/pids.max" "$payload/memory.max" | xargs)" '40 67108864'
        assert_equal "$(shown c '{{.HostConfig.PidsLimit}} {{.HostConfig.Memory}}')" '40 67108864'
        # A file that refuses puts back those before it.
        mount --bind /dev/full "$payload/pids.max"
        run -1 pocketdocker update --cpus 1 --pids-limit 60 c
        umount "$payload/pids.max"
        assert_match "$output" "pids.max"
        assert_equal "$(cat "$payload/pids.max" "$payload/cpu.max" | xargs)" '40 50000 100000'
        pocketdocker update --cpus 0 c
        assert_equal "$(cat "$payload/cpu.max")" 'max 100000'
}

memory_above() { [ "$(cat "$1/memory.current")" -gt "$2" ]; }

@test "what a user's containers use together is capped, root's is not" {
        printf '%s\n' 'polkit.addRule(function(action, subject) {' \
                ' if (action.id == "org.pocketdocker.manage-own" && subject.user == "alice") return polkit.Result.YES; });' \
                >/etc/polkit-1/rules.d/10-test.rules
        await 60 runuser -u alice -- pocketdocker run -d --name hers "$IMAGE" sleep 3600
        local dir
        dir=$(engine_cgroup)/u$(id -u alice)
        assert_equal "$(cat "$dir/pids.max")" 16384
        [ "$(cat "$dir/memory.max")" != max ]
        # At its end the cap is told by name, for a start and for a command, and memory as for any container.
        echo 3 >"$dir/pids.max"
        run -125 --separate-stderr runuser -u alice -- pocketdocker run --rm "$IMAGE" true
        [[ $stderr == *'The containers of one user may have 3 processes'* ]]
        run -125 --separate-stderr runuser -u alice -- pocketdocker exec hers true
        [[ $stderr == *'The containers of one user may have 3 processes'* ]]
        echo 16384 >"$dir/pids.max"
        echo 32M >"$dir/memory.max"
        run -137 runuser -u alice -- pocketdocker run --name greedy "$IMAGE" sh -c 'tail -c 100m /dev/zero'
        assert_equal "$(field greedy .State.OOMKilled)" true
        assert_equal "$(field hers .State.Status)" running
        # An administrator's: who keeps his own alive lets others die.
        run -125 runuser -u alice -- pocketdocker run --oom-score-adj -500 "$IMAGE" true
        rm /etc/polkit-1/rules.d/10-test.rules
        start_waiting c
        assert_equal "$(cat "$(engine_cgroup)/u0/pids.max" "$(engine_cgroup)/u0/memory.max" | xargs)" 'max max'
        run -0 pocketdocker run --rm --oom-score-adj -500 "$IMAGE" cat /proc/self/oom_score_adj
        assert_equal "$output" -500
}

@test "a command runs beside a privileged workload that has divided its cgroup" {
        pocketdocker run -d --name c --privileged --health-cmd true --health-interval 1s "$IMAGE" sh -c '
                mkdir /sys/fs/cgroup/first && echo 1 >/sys/fs/cgroup/first/cgroup.procs &&
                echo +pids >/sys/fs/cgroup/cgroup.subtree_control && echo divided; sleep 3600'
        await 60 logged c divided
        run -0 pocketdocker exec c cat /proc/self/cgroup
        assert_equal "${lines[-1]}" 0::/first
        await 60 health_is c healthy
        pocketdocker rm -f c
}

health_is() { [ "$(field "$1" .State.Health.Status)" = "$2" ]; }
