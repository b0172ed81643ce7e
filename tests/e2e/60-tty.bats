#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

with_pty() { "$E2E_SOURCE/with-pty" "$@"; }

@test "-t gives the workload a terminal of the right size" {
        run -0 with_pty expect:done -- "$PROGRAMS/pocketdocker" run --rm -it "$IMAGE" sh -c 'tty; stty size; test -t 0 && test -t 1 && test -t 2; echo $TERM; echo done'
        [[ $output == */dev/pts/0* ]]
        [[ $output == *"30 100"* ]]
        [[ $output == *xterm* ]]
}

# bats test_tags=native
@test "a shell at a terminal is a conversation" {
        run -0 with_pty 'expect:# ' 'send:echo $((6*7))\r' expect:42 'send:exit\r' -- "$PROGRAMS/pocketdocker" run --rm -it "$IMAGE" sh
        run -5 with_pty 'expect:# ' 'send:exit 5\r' -- "$PROGRAMS/pocketdocker" run --rm -it "$IMAGE" sh
}

@test "Ctrl-C is for the workload" {
        run -130 with_pty expect:ready 'send:\x03' -- "$PROGRAMS/pocketdocker" run --rm -it "$IMAGE" sh -c 'trap "exit 130" INT; echo ready; while :; do sleep 3600 & wait $!; done'
}

@test "a new window size reaches the workload" {
        run -0 with_pty expect:ready resize:40x120 'expect:40 120' -- "$PROGRAMS/pocketdocker" run --rm -it "$IMAGE" \
                sh -c 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 3600 & wait $!; done'
}

@test "the detach keys leave the workload running" {
        run -0 with_pty expect:ready 'send:\x10\x11' -- "$PROGRAMS/pocketdocker" run -it --name c "$IMAGE" sh -c 'echo ready; sleep 3600'
        assert_equal "$(field c .State.Status)" running
        run -0 with_pty 'expect:# ' 'send:\x10\x11' -- "$PROGRAMS/pocketdocker" exec -it c sh
        assert_equal "$(field c .State.Status)" running
}

@test "attach comes back to a terminal" {
        run -0 with_pty 'expect:# ' 'send:\x10\x11' -- "$PROGRAMS/pocketdocker" run -it --name c "$IMAGE" sh
        run -7 with_pty 'send:echo back-$((1+1))\r' expect:back-2 'send:exit 7\r' -- "$PROGRAMS/pocketdocker" attach c
}

@test "exec -it gives a terminal of its own" {
        start_waiting c
        run -0 with_pty expect:done -- "$PROGRAMS/pocketdocker" exec -it c sh -c 'test -t 0 && stty size; echo done'
        [[ $output == *"30 100"* ]]
}

# bats test_tags=native
@test "-t without -i still shows the output, with the terminal's line ends" {
        run -0 bash -c '"$0" run --rm -t "$1" echo line | od -c' "$PROGRAMS/pocketdocker" "$IMAGE"
        [[ $output == *'\r'* ]]
}

# bats test_tags=native
@test "-it without a terminal is refused before anything is made" {
        run -125 bash -c '"$0" run -it "$1" true </dev/null' "$PROGRAMS/pocketdocker" "$IMAGE"
        assert_equal "$(pocketdocker ps -aq)" ""
}

# bats test_tags=native
@test "the terminal's output is in the log" {
        run -0 with_pty expect:hello -- "$PROGRAMS/pocketdocker" run -it --name c "$IMAGE" echo hello
        [[ $(pocketdocker logs c) == hello* ]]
}

@test "the caller's terminal is as it was, even after the command was killed" {
        run -0 with_pty expect:ECHO-KEPT -- bash -c '"$0" run --rm -it "$1" true; stty -a | grep -q " echo " && echo ECHO-KEPT' "$PROGRAMS/pocketdocker" "$IMAGE"
}
