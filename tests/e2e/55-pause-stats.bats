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

@test "a paused one is killed and started again by its policy" {
        start_counting c --restart always
        local pid
        pid=$(field c .State.Pid)
        pocketdocker pause c
        kill -KILL "$pid"
        await 60 runs_as_another c "$pid"
        await 30 count_is_above c 3
}

runs_as_another() { state_is "$1" running && [ "$(field "$1" .State.Pid)" != "$2" ]; }

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

# look NAME FIELD: one look at a number, as the table has it.
look() { pocketdocker stats --no-stream --format "{{.$2}}" "$1"; }

# has_controller NAME: does the engine have it? What it has not is `--`.
has_controller() { pocketdocker info -f '{{.Controllers}}' | grep -qw "$1"; }

call_stats() { bus --json=short call org.pocketdocker.Manager "/org/pocketdocker/container/$(field "$1" .Id)" org.pocketdocker.Container GetStats; }
number() { jq ".data[0].$1.data" <<<"$2"; }

@test "stats shows a line for each that runs, under the usual titles" {
        start_counting c
        start_counting d
        pocketdocker create --name e "$IMAGE" true
        pocketdocker pause d
        run -0 pocketdocker stats --no-stream
        assert_match "${lines[0]}" '^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS$'
        assert_equal "${#lines[@]}" 3
        [[ $output == *" c "* && $output == *" d "* ]]
        run -0 pocketdocker stats --no-stream --all --format '{{.Name}} {{.CPUPerc}}'
        assert_equal "${#lines[@]}" 3
        [[ $output == *"e --"* ]]
        run -0 pocketdocker stats --no-stream --no-trunc --format '{{.ID}} {{.Container}}' c
        assert_equal "$output" "$(field c .Id) c"
        run -1 --separate-stderr pocketdocker stats --no-stream nowhere
        assert_sentence "$stderr" nowhere
}

@test "stats tells a busy one from an idle one, and a paused one uses nothing" {
        pocketdocker run -d --name busy "$IMAGE" sh -c 'while :; do :; done'
        pocketdocker run -d --name idle "$IMAGE" sleep 3600
        run -0 pocketdocker stats --no-stream --format '{{.Name}} {{.CPUPerc}}' busy idle
        local busy idle
        busy=$(awk '$1 == "busy" { print int($2) }' <<<"$output")
        idle=$(awk '$1 == "idle" { print int($2) }' <<<"$output")
        [ "$busy" -gt "$idle" ]
        pocketdocker pause busy
        assert_equal "$(look busy CPUPerc)" 0.00%
}

@test "GetStats has what the cgroup's own files say, and nothing whose controller is missing" {
        start_counting c
        pocketdocker exec -d c sleep 3600
        pocketdocker pause c
        local stats payload
        payload=$(payload_of c)
        stats=$(call_stats c)
        assert_equal "$(number CPUUsage "$stats")" "$(awk '$1 == "usage_usec" { print $2 }' "$payload/cpu.stat")"
        [ "$(number TimestampMonotonic "$stats")" -gt 0 ]
        assert_equal "$(number OnlineCPUs "$stats")" "$(nproc --all)"
        assert_equal "$(number NetworkReceived "$stats") $(number NetworkSent "$stats")" "0 0"
        if has_controller memory; then
                [ "$(number MemoryUsage "$stats")" -gt 0 ]
                [ "$(number MemoryUsage "$stats")" -le "$(cat "$payload/memory.current")" ]
                assert_equal "$(number MemoryLimit "$stats")" "$(awk '$1 == "MemTotal:" { print $2 * 1024 }' /proc/meminfo)"
                assert_match "$(look c MemUsage)" '^[0-9.]+[KM]iB / [0-9.]+[MG]iB$'
                assert_match "$(look c MemPerc)" '^[0-9.]+%$'
        else
                assert_equal "$(number MemoryUsage "$stats")" null
                assert_equal "$(look c MemUsage) $(look c MemPerc)" "-- / -- --"
        fi
        if has_controller pids; then
                assert_equal "$(number Pids "$stats")" "$(cat "$payload/pids.current")"
                [ "$(look c PIDs)" -ge 2 ]
        else
                assert_equal "$(number Pids "$stats") $(look c PIDs)" "null --"
        fi
        if has_controller io; then
                [ "$(number BlockRead "$stats")" -ge 0 ]
                assert_match "$(look c BlockIO)" '^[0-9.]+[kMG]?B / [0-9.]+[kMG]?B$'
        else
                assert_equal "$(number BlockRead "$stats") $(look c BlockIO)" "null -- / --"
        fi
}

@test "stats counts what is read from and written to the disk, where there is the controller" {
        [ "$E2E_MODE" = system ] || has_controller io || skip "this machine's cgroup2 has no io controller"
        pocketdocker run -d --name c "$IMAGE" sh -c 'dd if=/dev/zero of=/file bs=1M count=8 && sync && sync /file; echo written; exec sleep 3600'
        await 120 logged c written
        local stats
        stats=$(call_stats c)
        [ "$(number BlockWritten "$stats")" -ge 8388608 ]
}

@test "stats of a limited one shows its limit" {
        [ "$E2E_MODE" = system ] || has_controller memory || skip "this machine's cgroup2 has no memory controller"
        start_counting c --memory 64m
        assert_equal "$(number MemoryLimit "$(call_stats c)")" 67108864
        [[ $(look c MemUsage) == *" / 64MiB" ]]
}

@test "the network of a host's is nobody's" {
        start_counting c --network host
        assert_equal "$(number NetworkReceived "$(call_stats c)")" null
        assert_equal "$(look c NetIO)" "-- / --"
}

@test "stats goes on, line after line, takes in who starts, and drops who ends" {
        start_counting a
        "$PROGRAMS/pocketdocker" stats --format '{{.Name}} {{.CPUPerc}}' >"$BATS_TEST_TMPDIR/out" 3>&- &
        local viewer=$!
        await 30 grep -q '^a [0-9]' "$BATS_TEST_TMPDIR/out"
        start_counting b
        await 30 grep -q '^b [0-9]' "$BATS_TEST_TMPDIR/out"
        pocketdocker rm -f a
        await 30 newest_is "$BATS_TEST_TMPDIR/out" b
        kill $viewer
        wait $viewer || true
}

@test "stats goes on when the daemon is killed and started again" {
        start_counting c
        "$PROGRAMS/pocketdocker" stats --format '{{.Name}} {{.CPUPerc}}' >"$BATS_TEST_TMPDIR/out" 3>&- &
        local viewer=$! seen
        await 30 grep -q '^c [0-9]' "$BATS_TEST_TMPDIR/out"
        kill_daemon
        if [ "$E2E_MODE" = private-bus ]; then # where nobody starts it the view ends, and shows no other engine's
                local status=0
                wait $viewer || status=$?
                start_daemon
                assert_equal "$status" 1
                assert_equal "$(sed 's/ .*//' "$BATS_TEST_TMPDIR/out" | sort -u)" c
                return
        fi
        start_daemon
        seen=$(grep -c '^c [0-9]' "$BATS_TEST_TMPDIR/out")
        await 60 more_than "$seen" "$BATS_TEST_TMPDIR/out"
        kill $viewer
        wait $viewer || true
}

more_than() { [ "$(grep -c '^c [0-9]' "$2")" -gt "$1" ]; }

# The last five lines are all of one.
newest_is() { [ "$(tail -n 5 "$1" | awk '{ print $1 }' | sort -u)" = "$2" ]; }

@test "on a terminal the table is drawn in place" {
        start_counting c
        run -130 "$E2E_SOURCE/with-pty" expect:CONTAINER expect:CONTAINER expect:CONTAINER 'send:\x03' -- "$PROGRAMS/pocketdocker" stats c
        [ "$(grep -c $'^\033\\[H\033\\[2JCONTAINER ID' <<<"$output")" -ge 3 ]
}

@test "readers that go are forgotten, and one container has a bounded number of them" {
        start_counting c
        local daemon before viewers=()
        daemon=$(daemon_pid)
        before=$(pipes_of "$daemon")
        for _ in $(seq 16); do
                "$PROGRAMS/pocketdocker" stats c >/dev/null 3>&- &
                viewers+=($!)
        done
        await 60 has_pipes "$daemon" $((before + 16))
        run -1 --separate-stderr pocketdocker stats --no-stream c
        assert_sentence "$stderr" c
        kill "${viewers[@]}"
        wait "${viewers[@]}" || true
        await 30 has_pipes "$daemon" "$before"
        assert_equal "$(look c Name)" c
}

pipes_of() { find "/proc/$1/fd" -lname 'pipe:*' | wc -l; }
has_pipes() { [ "$(pipes_of "$1")" -eq "$2" ]; }

@test "top lists the processes of the container and no other" {
        start_counting c
        pocketdocker exec -d -u app c sleep 3599
        start_counting d
        await 30 top_has c '^1000 .* sleep 3599$'
        run -0 pocketdocker top c
        assert_match "${lines[0]}" '^UID +PID +PPID +C +STIME +TTY +TIME +CMD$'
        local pid
        pid=$(field c .State.Pid)
        grep -Eq "^0 +$pid .* sh -c trap" <<<"$output"
        run ! grep -Ew "$(field d .State.Pid)" <<<"$output"
        run -0 pocketdocker top c -eo pid,args
        grep -Eq "^ *$pid sh -c trap" <<<"$output"
        run ! grep -Ew "$(field d .State.Pid)" <<<"$output"
        run -0 pocketdocker top c -o pid,comm
        grep -Eq "^ *$pid sh$" <<<"$output"
        run -1 --separate-stderr pocketdocker top c -o comm
        assert_sentence "$stderr" PID
}

top_has() { pocketdocker top "$1" | grep -Eq -- "$2"; }

@test "stats and top of one that does not run are refused or empty" {
        pocketdocker create --name c "$IMAGE" true
        run -1 --separate-stderr pocketdocker top c
        assert_sentence "$stderr" c
        run -1 --separate-stderr pocketdocker top nowhere
        assert_sentence "$stderr" nowhere
        assert_equal "$(look c CPUPerc)" --
        run ! call_stats c
}
