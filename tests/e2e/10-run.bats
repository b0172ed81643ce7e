#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

@test "a foreground run prints what the workload prints" {
        run -0 --separate-stderr pocketdocker run --rm "$IMAGE" echo hello world
        assert_equal "$output" "hello world"
        assert_equal "$stderr" ""
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "a foreground run returns the workload's exit code" {
        run -0 pocketdocker run --rm "$IMAGE" true
        run -1 pocketdocker run --rm "$IMAGE" false
        run -42 pocketdocker run --rm "$IMAGE" sh -c 'exit 42'
        run -255 pocketdocker run --rm "$IMAGE" sh -c 'exit 255'
}

@test "a workload ended by a signal gives 128 and the signal's number" {
        pocketdocker run --name victim "$IMAGE" sh -c 'echo up; sleep 3600' >"$BATS_TEST_TMPDIR/out" 3>&- &
        local cli=$! status=0
        await 30 grep -q up "$BATS_TEST_TMPDIR/out"
        pocketdocker kill -s KILL victim
        wait $cli || status=$?
        assert_equal "$status" 137
        assert_equal "$(field victim .State.ExitCode)" 137
}

@test "a command that does not exist gives 127 and leaves nothing" {
        run -127 --separate-stderr pocketdocker run "$IMAGE" no-such-command
        assert_equal "$output" ""
        assert_sentence "$stderr" no-such-command
        run -127 pocketdocker run "$IMAGE" /bin/no-such-command
        assert_equal "$(pocketdocker ps -aq)" ""
        assert_nothing_left
}

@test "a command that may not be executed gives 126 and leaves nothing" {
        run -126 --separate-stderr pocketdocker run "$IMAGE" /etc/plain
        assert_sentence "$stderr" /etc/plain
        run -126 pocketdocker run "$IMAGE" /etc
        assert_equal "$(pocketdocker ps -aq)" ""
        assert_nothing_left
}

# bats test_tags=native
@test "what the engine refuses gives 125, one sentence, and leaves nothing" {
        run -125 --separate-stderr pocketdocker run nowhere:9 true
        assert_sentence "$stderr" nowhere:9
        run -125 --separate-stderr pocketdocker run --name 'no/name' "$IMAGE" true
        assert_sentence "$stderr" no/name
        run -125 --separate-stderr pocketdocker run --no-such-flag "$IMAGE" true
        [[ $stderr == *no-such-flag* ]]
        run -125 --separate-stderr pocketdocker run -w relative/path "$IMAGE" true
        assert_sentence "$stderr" relative/path
        run -125 --separate-stderr pocketdocker run -u nosuchuser "$IMAGE" true
        [[ $stderr == *nosuchuser* ]]
        run -125 --separate-stderr pocketdocker run --stop-signal NOPE "$IMAGE" true
        assert_sentence "$stderr" NOPE
        assert_equal "$(pocketdocker ps -aq)" ""
        assert_nothing_left
}

# bats test_tags=native
@test "flags of later versions are refused with one sentence, never ignored" {
        local flags
        for flags in "-p 8080:80" "--isolation x" "--device-read-bps /dev/sda:1" \
                "--dns-opt x" "--net-alias x" "--memory-swappiness 1"; do
                # shellcheck disable=SC2086 # a flag and its value
                run -125 --separate-stderr pocketdocker run --rm $flags "$IMAGE" true
                assert_equal "$(wc -l <<<"$stderr")" 1
        done
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "stdout and stderr stay apart" {
        run -0 --separate-stderr pocketdocker run --rm "$IMAGE" sh -c 'echo to-out; echo to-err >&2'
        assert_equal "$output" to-out
        assert_equal "$stderr" to-err
}

@test "1 MiB of binary goes through stdin to stdout intact" {
        head -c 1048576 /dev/urandom >"$BATS_TEST_TMPDIR/in"
        pocketdocker run --rm -i "$IMAGE" cat <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
        cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
}

# bats test_tags=native
@test "stdin from a pipe ends when its writer ends" {
        run -0 bash -c 'echo one line | "$0" run --rm -i "$1" cat' "$PROGRAMS/pocketdocker" "$IMAGE"
        assert_equal "$output" "one line"
}

# bats test_tags=native
@test "without -i the workload's stdin is empty" {
        run -0 bash -c 'echo unseen | "$0" run --rm "$1" cat' "$PROGRAMS/pocketdocker" "$IMAGE"
        assert_equal "$output" ""
}

@test "64 MiB written by a workload that ends at once arrive complete" {
        local bytes
        bytes=$(pocketdocker run --rm --log-opt max-size=-1 "$IMAGE" head -c 67108864 /dev/zero | wc -c)
        assert_equal "$bytes" 67108864
}

# bats test_tags=native
@test "64 MiB to a slow reader arrive complete" {
        local sum
        sum=$(pocketdocker run --rm "$IMAGE" sh -c 'yes 0123456789abcde | head -c 67108864' |
                { head -c 1000000; sleep 1; cat; } | sha256sum)
        assert_equal "$sum" "$(yes 0123456789abcde | head -c 67108864 | sha256sum)"
}

@test "a reader that leaves ends the command, not the engine" {
        run -0 bash -c '"$0" run --rm "$1" yes | head -n 1; exit 0' "$PROGRAMS/pocketdocker" "$IMAGE"
        assert_equal "$output" y
        remove_all
        run -0 pocketdocker run --rm "$IMAGE" true
}

# bats test_tags=native
@test "the environment is the image's, -e and --env-file, and nothing of the caller's" {
        printf '# comment\nFROM_FILE=1\n\nINHERITED\n' >"$BATS_TEST_TMPDIR/env"
        INHERITED=yes SECRET=no run -0 pocketdocker run --rm --env-file "$BATS_TEST_TMPDIR/env" -e A=b -e 'SPACE=a b' \
                --hostname box "$IMAGE" env
        assert_equal "$(sort <<<"$output" | grep -v ^PATH=)" "$(printf '%s\n' A=b FROM_FILE=1 HOME=/root HOSTNAME=box INHERITED=yes 'SPACE=a b')"
}

traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$1/status"; }

@test "who attached before the start gets all output, however late the daemon is" {
        local pid tracer
        pid=$(daemon_pid)
        # Each word of the daemon's comes later than the workload's last.
        strace -qq -p "$pid" -e trace=sendmsg -e inject=sendmsg:delay_enter=300000 -o /dev/null 3>&- &
        tracer=$!
        await 20 traced "$pid"
        run -0 pocketdocker run --rm "$IMAGE" echo all
        kill $tracer
        assert_equal "$output" all
}

@test "-w sets the working directory and makes it if needed" {
        run -0 pocketdocker run --rm -w /home/app "$IMAGE" pwd
        assert_equal "$output" /home/app
        run -0 pocketdocker run --rm -w /made/here "$IMAGE" pwd
        assert_equal "$output" /made/here
}

@test "-u takes names and numbers from the image's passwd and group" {
        run -0 pocketdocker run --rm -u app "$IMAGE" sh -c 'id -u; id -g; id -G; echo $HOME'
        assert_equal "${lines[*]}" "1000 1000 1000 50 /home/app"
        run -0 pocketdocker run --rm -u app:staff "$IMAGE" sh -c 'id -u; id -g'
        assert_equal "${lines[*]}" "1000 50"
        run -0 pocketdocker run --rm -u 1234:4321 "$IMAGE" sh -c 'id -u; id -g'
        assert_equal "${lines[*]}" "1234 4321"
}

@test "an id that no container has is refused by name" {
        run -125 --separate-stderr pocketdocker run --rm -u 70000 "$IMAGE" true
        assert_sentence "$stderr" 70000
        run -125 --separate-stderr pocketdocker run --rm -u app:70000 "$IMAGE" true
        assert_sentence "$stderr" 70000
        assert_nothing_left
}

@test "a workload that is not root has no capability" {
        run -0 pocketdocker run --rm -u app "$IMAGE" grep -E '^Cap(Eff|Prm)' /proc/self/status
        assert_equal "$(tr -d '\t\n' <<<"$output")" CapPrm:0000000000000000CapEff:0000000000000000
}

@test "--hostname names the machine, else the id does" {
        run -0 pocketdocker run --rm --hostname box.example "$IMAGE" hostname
        assert_equal "$output" box.example
        run -0 pocketdocker run --rm "$IMAGE" hostname
        assert_match "$output" '^[0-9a-f]{12}$'
}

# bats test_tags=native
@test "--entrypoint goes before the command" {
        run -0 pocketdocker run --rm --entrypoint echo "$IMAGE" one two
        assert_equal "$output" "one two"
}

@test "--read-only makes the root read-only and leaves --tmpfs writable" {
        run -1 pocketdocker run --rm --read-only "$IMAGE" touch /file
        run -0 pocketdocker run --rm --read-only --tmpfs /scratch:size=1m,mode=700 "$IMAGE" \
                sh -c 'touch /scratch/file && stat -c %a /scratch && df -k /scratch | tail -n 1 | awk "{ print \$2 }"'
        assert_equal "${lines[*]}" "700 1024"
}

@test "--ulimit sets soft and hard limits" {
        run -0 pocketdocker run --rm --ulimit nofile=100:200 "$IMAGE" sh -c 'ulimit -Sn; ulimit -Hn'
        assert_equal "${lines[*]}" "100 200"
}

# bats test_tags=native
@test "--cidfile holds the id and is not overwritten" {
        pocketdocker run -d --cidfile "$BATS_TEST_TMPDIR/cid" --name c "$IMAGE" sleep 3600
        assert_equal "$(cat "$BATS_TEST_TMPDIR/cid")" "$(field c .Id)"
        run -125 pocketdocker run --rm --cidfile "$BATS_TEST_TMPDIR/cid" "$IMAGE" true
}

@test "--cidfile is gone where no container is" {
        run -127 pocketdocker run --cidfile "$BATS_TEST_TMPDIR/cid" "$IMAGE" no-such-command
        [ ! -e "$BATS_TEST_TMPDIR/cid" ]
        run -127 pocketdocker run -d --cidfile "$BATS_TEST_TMPDIR/cid" "$IMAGE" no-such-command
        [ ! -e "$BATS_TEST_TMPDIR/cid" ]
        run -125 pocketdocker create --cidfile "$BATS_TEST_TMPDIR/cid" no-such-image
        [ ! -e "$BATS_TEST_TMPDIR/cid" ]
}

@test "--init reaps orphans and passes signals on" {
        pocketdocker run -d --init --name c "$IMAGE" sh -c 'sh -c "sleep 0.1 & exit"; trap "exit 9" TERM; echo ready; while :; do sleep 3600 & wait $!; done'
        await 30 logged c ready
        run -0 pocketdocker exec c cat /proc/1/comm
        [ "$output" != sh ]
        await 20 no_zombie c
        pocketdocker stop c
        assert_equal "$(field c .State.ExitCode)" 9
}

no_zombie() { [ -z "$(pocketdocker exec c sh -c 'grep -l "^State:.Z" /proc/[0-9]*/status' 2>/dev/null)" ]; }

@test "--network none has loopback up and nothing else" {
        run -0 pocketdocker run --rm --network none "$IMAGE" sh -c 'ls /sys/class/net; ip addr show lo'
        assert_equal "${lines[0]}" lo
        [[ $output == *127.0.0.1* && $output == *UP* ]]
        [[ $output != *eth0* ]]
}

@test "--network host shows the host's interfaces" {
        run -0 pocketdocker run --rm --network host "$IMAGE" readlink /proc/self/ns/net
        assert_equal "$output" "$(readlink /proc/self/ns/net)"
}

@test "a signal to the command goes to the workload" {
        "$PROGRAMS/pocketdocker" run --rm "$IMAGE" sh -c 'trap "exit 42" TERM; echo ready; while :; do sleep 3600 & wait $!; done' \
                >"$BATS_TEST_TMPDIR/out" 3>&- &
        local cli=$! status=0
        await 30 grep -q ready "$BATS_TEST_TMPDIR/out"
        kill -TERM $cli
        wait $cli || status=$?
        assert_equal "$status" 42
}

# bats test_tags=native
@test "a file name runs a root file system's tar without naming an image" {
        run -0 pocketdocker run --rm "$E2E_HOME/rootfs.tar" echo from a tar
        assert_equal "$output" "from a tar"
        cd "$E2E_HOME"
        run -0 pocketdocker run --rm ./rootfs.tar echo relative
        assert_equal "$output" relative
}

@test "create makes a container that start runs, twice" {
        local id
        id=$(pocketdocker create --name c "$IMAGE" sh -c 'echo x >>/count; wc -l </count')
        assert_match "$id" '^[0-9a-f]{64}$'
        assert_equal "$(field c .State.Status)" created
        run -0 pocketdocker start -a c
        assert_equal "$output" 1
        run -0 pocketdocker start -a c
        assert_equal "$output" 2
}

# bats test_tags=native
@test "start -a returns the exit code, start alone returns at once" {
        pocketdocker create --name c "$IMAGE" sh -c 'exit 3'
        run -3 pocketdocker start -a c
        run -0 pocketdocker start c
        assert_equal "$output" c
        assert_equal "$(pocketdocker wait c)" 3
}

# bats test_tags=native
@test "run -d prints the id and returns while the workload runs" {
        run -0 pocketdocker run -d --name c "$IMAGE" sleep 3600
        assert_match "$output" '^[0-9a-f]{64}$'
        assert_equal "$(field c .State.Status)" running
}

# bats test_tags=native
@test "a name is taken once" {
        pocketdocker create --name taken "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --name taken "$IMAGE" true
        assert_sentence "$stderr" taken
        assert_equal "$(pocketdocker ps -aq | wc -l)" 1
}

# bats test_tags=native
@test "labels are kept" {
        pocketdocker create --name c -l one=1 --label two "$IMAGE" true
        assert_equal "$(field c .Config.Labels.one)" 1
        assert_equal "$(field c .Config.Labels.two)" ""
}

@test "files written in one container are not in another" {
        pocketdocker run --name a "$IMAGE" sh -c 'echo mine >/file; rm /etc/plain'
        run -1 pocketdocker run --rm "$IMAGE" cat /file
        run -0 pocketdocker run --rm "$IMAGE" cat /etc/plain
}

@test "--sig-proxy=false keeps signals to the command itself" {
        "$PROGRAMS/pocketdocker" run --name c --sig-proxy=false "$IMAGE" \
                sh -c 'trap "exit 42" TERM; echo ready; while :; do sleep 3600 & wait $!; done' >"$BATS_TEST_TMPDIR/out" 3>&- &
        local cli=$! status=0
        await 30 grep -q ready "$BATS_TEST_TMPDIR/out"
        kill -TERM $cli
        wait $cli || status=$?
        assert_equal "$status" 143
        state_is c running
}

@test "attach passes standard input on, and with --no-stdin leaves it alone" {
        pocketdocker run -d -i --name c "$IMAGE" sh -c '(while :; do echo tick; sleep 0.1; done) & read -r line; echo "got $line"' >/dev/null
        echo kept >"$E2E_HOME/input"
        exec {input}<"$E2E_HOME/input"
        timeout 60 "$PROGRAMS/pocketdocker" attach --no-stdin c <&"$input" 3>&- >"$E2E_HOME/attached" &
        local watcher=$!
        await 30 grep -q tick "$E2E_HOME/attached"
        run -0 pocketdocker attach c <<<'given'
        [[ $output == *"got given"* ]]
        wait $watcher
        grep -qx 'got given' "$E2E_HOME/attached"
        # Nobody has read what the other had.
        assert_equal "$(cat <&"$input")" kept
        exec {input}<&-
}

@test "--attach picks the streams" {
        run -0 --separate-stderr pocketdocker run --rm -a stderr "$IMAGE" sh -c 'echo o; echo e >&2'
        assert_equal "$output|$stderr" "|e"
        run -0 bash -c 'echo in | "$0" run --rm -i -a stdin -a stdout "$1" cat' "$PROGRAMS/pocketdocker" "$IMAGE"
        assert_equal "$output" in
        run -125 --separate-stderr pocketdocker run --rm -a nothing "$IMAGE" true
        assert_sentence "$stderr" nothing
}

@test "an empty --entrypoint leaves the command alone" {
        run -0 pocketdocker run --rm --entrypoint '' "$IMAGE" echo alone
        assert_equal "$output" alone
        run -125 pocketdocker run --rm --entrypoint '' "$IMAGE"
}

@test "--label-file gives labels, which -l overrides" {
        printf '# comment\none=1\ntwo\n' >"$BATS_TEST_TMPDIR/labels"
        pocketdocker create --name c --label-file "$BATS_TEST_TMPDIR/labels" -l one=3 "$IMAGE" true
        assert_equal "$(pocketdocker inspect -f '{{json .Config.Labels}}' c)" '{"one":"3","two":""}'
}
