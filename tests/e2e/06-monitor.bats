#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native,embedded
# The monitor without an engine: monitor-harness plays the daemon.
load helpers

setup_file() {
        # The monitor is one and the same for every engine; the others' files meet it again through them.
        [ "$E2E_MODE" = embedded ] || return 0
        M=$(mktemp -d /var/lib/pocketdocker-tests.XXXXXX)
        CGROUP=$(cgroup_mount)/pocketdocker-tests-$$
        E2E_HOME=$M
        export M CGROUP E2E_HOME HARNESS=$PROGRAMS/tests/e2e/monitor-harness MONITOR=$PROGRAMS/pocketdocker-monitor
        mkdir -p "$M/rootfs"
        make_rootfs "$M/rootfs.tar"
        tar -C "$M/rootfs" -xf "$M/rootfs.tar"
        # As the unpacker leaves it: every owner in the foreign range.
        find "$M/rootfs" -user 1000 -exec chown -h 2147353576:2147353576 {} +
        find "$M/rootfs" -user 0 -exec chown -h 2147352576:2147352576 {} +
}

teardown_file() {
        [ -n "${M:-}" ] || return 0
        rm -rf "$M"
}

setup() {
        [ "$E2E_MODE" = embedded ] || skip "met through the engine"
        WORK=${M:?}/work
        rm -rf "$WORK"
        mkdir "$WORK" "$CGROUP"
}

teardown() {
        local status=0
        [ -n "${CGROUP:-}" ] || return 0
        echo 1 >"$CGROUP/cgroup.kill"
        await 20 nothing_runs || status=1
        rmdir "$CGROUP" || status=1 # a fresh one each time: what saw cgroup.kill takes no new process on some kernels
        ! grep -q " $M/" /proc/self/mountinfo || status=1
        assert_no_report || status=1
        return $status
}

nothing_runs() { grep -q 'populated 0' "$CGROUP/cgroup.events"; }
something_runs() { grep -q 'populated 1' "$CGROUP/cgroup.events"; }

# container [OPTION]... -- COMMAND...
container() {
        local options=()
        while [ "$1" != -- ]; do
                options+=("$1")
                shift
        done
        shift
        "$HARNESS" run "${options[@]}" "$MONITOR" "${LAYERS:-$M/rootfs}" "$WORK" "$CGROUP" "$@" 3>&-
}

command_in() {
        local options=()
        while [ "$1" != -- ]; do
                options+=("$1")
                shift
        done
        shift
        "$HARNESS" exec "${options[@]}" "$MONITOR" "$WORK" "$CGROUP" "$@" 3>&-
}

told() { assert_equal "${lines[-1]}" "$1"; }

# said FILE TEXT
said() { grep -qxF -- "$2" "$1"; }

monitor_pid() { awk '/^monitor/ { print $2 }' "$M/events"; }

# A first process that ends with 5 on SIGTERM; back when it is ready for it.
start_deaf_unless_told() {
        container "$@" -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done' 2>"$M/events" &
        await 20 logged_ready
}

logged_ready() { log_stream 1 | grep -q ready; }

# By its number as the host sees it. The monitor has a second child, which syncs the log and stays in its namespaces.
end_by_signal() {
        local pid
        for pid in $(pgrep -P "$(monitor_pid)"); do
                [ "/proc/$pid/ns/pid" -ef /proc/self/ns/pid ] || kill -TERM "$pid"
        done
}

# What the log holds of one stream (1 or 2), byte for byte.
log_stream() {
        python3 - "$WORK/log" "$1" <<'PYTHON'
import pathlib, struct, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.log")):
    data = path.read_bytes()
    assert data[:8] == b"PDLOG1\n\0", path
    at = struct.unpack_from("<I", data, 12)[0]
    while at + 16 <= len(data):
        _, length, stream = struct.unpack_from("<QIB", data, at)
        if stream == int(sys.argv[2]):
            sys.stdout.buffer.write(data[at + 16:at + 16 + length])
        at += 16 + length
    assert at == len(data), path
PYTHON
}

@test "a command that succeeds, one that fails and one that is killed are told apart" {
        run container -- true
        told "exited 0"
        run container -- sh -c 'exit 7'
        told "exited 7"
        run container -- sh -c 'kill -KILL $$; sleep 9'
        [[ ${lines[-1]} == "exited "* || ${lines[-1]} == "killed 9" ]] # the first process is deaf to its own signals
        run container -I -- sh -c 'kill -TERM $$'
        told "exited 143"
}

@test "a start that fails names the step, the error and the object" {
        run container -- no-such-command
        told "failed execve 2 no-such-command"
        run container -- /etc/plain
        told "failed execve 13 /etc/plain"
        run container -- /bin/no-interpreter
        told "failed execve 2 /bin/no-interpreter"
        run container -u nobody-of-this-name -- true
        told "failed user 2 nobody-of-this-name"
        run container -w /etc/plain -- true
        told "failed working directory 20 /etc/plain"
        nothing_runs
}

@test "standard output and standard error are kept apart and whole" {
        run container -- sh -c 'echo out; echo err >&2; printf "no newline"'
        told "exited 0"
        assert_equal "$(log_stream 1)" $'out\nno newline'
        assert_equal "$(log_stream 2)" "err"
}

@test "64 MiB written by a container that ends at once are in the log, and rotation keeps its bounds" {
        container -s -1 -- sh -c 'head -c 67108864 /dev/zero | tr "\0" x'
        assert_equal "$(log_stream 1 | wc -c)" 67108864
        rm -rf "$WORK/log"
        container -s 1048576 -F 3 -- sh -c 'head -c 10000000 /dev/zero | tr "\0" x'
        assert_equal "$(find "$WORK/log" -name '*.log' | wc -l)" 3
        [ -z "$(find "$WORK/log" -name '*.log' -size +1048576c)" ]
}

@test "a client that the output waits for gets every byte, however slowly it reads" {
        container -a -- sh -c 'head -c 8000000 /dev/zero | tr "\0" x' 2>"$M/events" | (sleep 1; wc -c) >"$M/count"
        assert_equal "$(cat "$M/count")" 8000000
        said "$M/events" "exited 0"
}

@test "a client that never reads keeps neither the end of the container nor its own bytes" {
        mkfifo "$M/stuck"
        sleep 60 <"$M/stuck" 3>&- &
        local reader=$!
        container -a -- sh -c 'head -c 300000 /dev/zero | tr "\0" x' >"$M/stuck" 2>"$M/events"
        said "$M/events" "exited 0"
        assert_equal "$(log_stream 1 | wc -c)" 300000
        kill "$reader"
        rm "$M/stuck"
}

@test "1 MiB of binary through standard input and back is intact" {
        head -c 1048576 /dev/urandom >"$M/random"
        container -a -i -- cat <"$M/random" >"$M/back" 2>"$M/events"
        cmp "$M/random" "$M/back"
        said "$M/events" "exited 0"
}

@test "without -i standard input is /dev/null" {
        run container -a -- sh -c 'cat; readlink /proc/self/fd/0'
        assert_equal "${lines[-1]}" "exited 0"
        [[ $output == *"/dev/null"* ]]
}

@test "a terminal is the container's own, with the size asked for, and on /dev/console" {
        run container -t -a -r 44 -- sh -c 'tty; stty size; echo through >/dev/console; cat /proc/self/stat >/dev/null; ps >/dev/tty'
        told "exited 0"
        [[ $output == *"/dev/pts/0"* ]]
        [[ $output == *"44 99"* ]]
        [[ $output == *"through"* ]]
        [[ $output == *"PID"* ]]
}

@test "the workload sees what it may and not more" {
        run container -a -- sh -c 'id; hostname; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status
                cat /proc/1/cgroup; ip -o link show lo; umask; ls /proc/self/fd | wc -l; ls /sys/firmware | wc -l
                touch /proc/sys/x /sys/x 2>/dev/null || echo read-only; echo x >/dev/null && echo null
                ls -ld /proc/1/exe; cat /proc/keys | wc -l'
        told "exited 0"
        [[ $output == *"uid=0(root) gid=0(root)"* ]]
        [[ $output == *"harness"* ]]
        [[ $output == *"CapEff:"*"00000000a80425fb"* ]]
        [[ $output == *"CapBnd:"*"00000000a80425fb"* ]]
        [[ $output == *"NoNewPrivs:"*"1"* ]]
        [[ $output == *"0::/"* ]]
        [[ $output == *"UP,LOWER_UP"* ]]
        [[ $output == *"0022"* ]]
        [[ $output == *"read-only"* ]]
        [[ $output == *"null"* ]]
}

@test "a user by name has its ids, groups and home, and no capability" {
        run container -a -u app -- sh -c 'id; echo $HOME; grep CapEff /proc/self/status; echo again >/dev/stdout'
        told "exited 0"
        [[ $output == *"uid=1000(app) gid=1000(app) groups=50(staff),1000(app)"* ]]
        [[ $output == *"/home/app"* ]]
        [[ $output == *"CapEff:"*"0000000000000000"* ]]
        [[ $output == *"again"* ]]
        run container -a -u 4711:50 -- id
        [[ $output == *"uid=4711 gid=50(staff)"* ]]
}

@test "a read-only root refuses writes, /dev does not" {
        run container -a -R -w /made/for/it -- sh -c 'touch /x || echo refused; touch /dev/shm/x && echo written; pwd'
        told "exited 0"
        [[ $output == *"refused"* ]]
        [[ $output == *"written"* ]]
        [[ $output == *"/made/for/it"* ]]
}

@test "a first process of our own reaps what it inherits, passes signals on and holds nothing" {
        run container -a -I -- sh -c '(sleep 0.1 &); sleep 0.3; echo "unreaped $(cat /proc/[0-9]*/stat | grep -c ") Z")"'
        told "exited 0"
        [[ $output == *"unreaped 0"* ]]
        start_deaf_unless_told -I
        end_by_signal
        await 20 said "$M/events" "exited 5"
}

@test "a hundred layers make one tree, the top ones first" {
        local i layers=
        for i in $(seq 1 100); do
                mkdir -p "$M/layers/$i/etc"
                echo "$i" >"$M/layers/$i/etc/name"
                echo "$i" >"$M/layers/$i/etc/name-$i"
                layers=$layers$M/layers/$i:
        done
        chown -R 2147352576:2147352576 "$M/layers"
        LAYERS=$layers$M/rootfs run container -a -- sh -c 'echo "$(cat /etc/name) of $(ls /etc | grep -c name-)"'
        rm -rf "$M/layers"
        told "exited 0"
        [[ $output == *"1 of 100"* ]]
}

@test "links in an image lead nowhere but into the image" {
        mkdir -p "$M/hostile/etc" "$M/outside"
        cp -a "$M/rootfs/bin" "$M/rootfs/etc" "$M/hostile/"
        ln -s /etc "$M/hostile/proc"
        ln -s ../../../../../..$M/outside "$M/hostile/sys"
        ln -s "$M/outside" "$M/hostile/dev"
        chown -h 2147352576:2147352576 "$M/hostile/proc" "$M/hostile/sys" "$M/hostile/dev"
        LAYERS=$M/hostile run container -- true
        [ -z "$(ls -A "$M/outside")" ]
        rm -rf "$M/hostile" "$M/outside"
}

@test "a limit lower than the service's is set, for both" {
        run container -a -U 55 -- sh -c 'ulimit -n; ulimit -Hn'
        told "exited 0"
        [[ $output == *$'55\n55'* ]]
}

@test "killing the monitor ends the container" {
        container -d -- sleep 1000 2>"$M/events"
        something_runs
        kill -KILL "$(monitor_pid)"
        await 20 nothing_runs
}

@test "a daemon that comes back finds the container, and is told its end" {
        start_deaf_unless_told -d
        "$HARNESS" watch "$WORK" 2>"$M/watch" 3>&- &
        await 20 said "$M/watch" running
        end_by_signal
        wait $!
        said "$M/watch" "exited 5"
}

@test "of two daemons the later one is heard, and the earlier let go" {
        start_deaf_unless_told -d
        "$HARNESS" watch "$WORK" 2>"$M/first" 3>&- &
        await 20 said "$M/first" running
        "$HARNESS" watch "$WORK" 2>"$M/second" 3>&- &
        await 20 said "$M/second" running
        await 20 said "$M/first" gone
        end_by_signal
        await 20 said "$M/second" "exited 5"
}

@test "the end of a container without a daemon is in its record" {
        start_deaf_unless_told -d
        end_by_signal
        await 20 process_gone "$(monitor_pid)"
        assert_equal "$(od -A n -t u4 -j 12 -N 4 "$WORK/exit" | tr -d ' ')" 2 # kind: exited
        assert_equal "$(od -A n -t u4 -j 48 -N 4 "$WORK/exit" | tr -d ' ')" 5 # value
}

@test "a command in a running container has its streams, its code and its place" {
        container -d -- sleep 1000 2>"$M/events"
        run command_in -- sh -c 'cat; echo err >&2; hostname; ps; cat /proc/self/cgroup; exit 4' <<<"from outside"
        told "exited 4"
        [[ $output == *"from outside"* ]]
        [[ $output == *"err"* ]]
        [[ $output == *"harness"* ]]
        [[ $output == *"sleep 1000"* ]]
        [[ $output == *"0::/"* ]]
        run command_in -u app -w /tmp -- sh -c 'id -u; pwd; echo again >/dev/stdout'
        # The harness says on stderr what the monitor tells it, at any moment.
        grep -qx 1000 <<<"$output"
        grep -qx /tmp <<<"$output"
        run command_in -t -- sh -c 'tty; exit 3'
        told "exited 3"
        [[ $output == *"/dev/pts/"* ]]
        run command_in -- no-such-command
        told "failed execve 2 no-such-command"
}

# listening PORT: does somebody inside listen?
listening() { run "$HARNESS" probe "$WORK" tcp "$1" 5000 && [[ ${lines[-1]} == probed* ]]; }

@test "a port inside is asked from outside the container, over either loopback" {
        container -d -- sh -c 'cd /tmp && echo ok >ok && httpd -p 127.0.0.1:8080 && nc -l -l -p 9000 -s ::1 -e true & sleep 1000' 2>"$M/events"
        await 20 listening 8080
        run "$HARNESS" probe "$WORK" http 8080 5000 /ok
        told "probed 200 HTTP/1.1 200 OK"
        run "$HARNESS" probe "$WORK" http 8080 5000 /absent
        told "probed 404 HTTP/1.1 404 Not Found"
        run "$HARNESS" probe "$WORK" tcp 9999 5000
        told "unanswered Connection refused"
        run "$HARNESS" probe "$WORK" http 8080 5000 $'/\r\nHost: elsewhere'
        told "unanswered Invalid argument"
        run "$HARNESS" probe "$WORK" http 8080 5000 "no-slash"
        told "unanswered Invalid argument"
        run "$HARNESS" probe "$WORK" tcp 0 5000
        told "unanswered Invalid argument"
        # The container has a network namespace of its own: the host's ports are not there, and its port is not here.
        ! (exec 9<>/dev/tcp/127.0.0.1/8080) 2>/dev/null
        assert_equal "$(readlink "/proc/$(monitor_pid)/ns/net")" "$(readlink /proc/self/ns/net)"
}

@test "a port that answers with something else, or with nothing, is told, and in time" {
        container -d -- sh -c 'nc -l -l -p 8081 -e echo "SSH-2.0 no HTTP" & nc -l -l -p 8082 -e sleep 1000 &
                nc -l -l -p 8083 -e sh -c "while read x && [ \${#x} -gt 1 ]; do :; done; printf HTTP/1.0\ 204" &
                nc -l -l -p 8084 -e sh -c "head -c 1000000 /dev/zero | tr \"\0\" x" & sleep 1000' 2>"$M/events"
        await 20 listening 8081
        await 20 listening 8082
        await 20 listening 8083
        await 20 listening 8084
        run "$HARNESS" probe "$WORK" http 8081 5000 /
        told "unanswered Bad message"
        run "$HARNESS" probe "$WORK" http 8082 200 /
        told "unanswered Connection timed out"
        run "$HARNESS" probe "$WORK" http 8083 5000 /
        told "probed 204 HTTP/1.0 204"
        run "$HARNESS" probe "$WORK" http 8084 5000 /
        told "unanswered Bad message"
        # None of them has disturbed the container or its monitor.
        run command_in -- echo still here
        [[ $output == *"still here"* ]]
}

# A first process that never reaps; kept from its own children as well.
zombies() { "$HARNESS" exec "$MONITOR" "$WORK" "$CGROUP" sh -c 'cat /proc/[0-9]*/stat 2>/dev/null | grep -c ") Z"' 3>&- 2>/dev/null; }

@test "a command in a cgroup of its own ends with all that it made, and leaves no zombie" {
        container -d -- sleep 1000 2>"$M/events"
        mkdir "$CGROUP/own"
        run command_in -o "$CGROUP/own" -- sh -c '(sleep 2000 &); sleep 2001 & echo made; exit 6'
        told "exited 6"
        [[ $output == *made* ]]
        rmdir "$CGROUP/own"
        mkdir "$CGROUP/own"
        command_in -o "$CGROUP/own" -- sh -c '(sleep 2000 &); echo made; exec sleep 2001' >"$M/out" 2>"$M/own" &
        local command=$!
        await 20 said "$M/out" made
        echo 1 >"$CGROUP/own/cgroup.kill"
        wait $command
        said "$M/own" "exited 137"
        rmdir "$CGROUP/own"
        mkdir "$CGROUP/own"
        run command_in -o "$CGROUP/own" -- no-such-command
        told "failed execve 2 no-such-command"
        rmdir "$CGROUP/own"
        assert_equal "$(zombies)" 0
}

@test "a container with driver none logs nothing and runs the same" {
        run container -N -a -- echo hello
        told "exited 0"
        [[ $output == *hello* ]]
        [ -z "$(ls -A "$WORK/log")" ]
}

@test "the log on a full disk drops its oldest file, then lines, and never the container" {
        mkdir "$M/small"
        mount -t tmpfs -o size=2m tmpfs "$M/small"
        WORK=$M/small
        mkdir "$M/small/log"
        # Half of it ours, then far more than there is room for.
        run container -s 262144 -F 100 -- sh -c 'head -c 20000000 /dev/zero | tr "\0" x; exit 9'
        umount -l "$M/small"
        told "exited 9"
}
