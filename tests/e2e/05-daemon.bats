#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

only_embedded() { [ "$E2E_MODE" = embedded ] || skip "the command starts a daemon in embedded mode only"; }

# bats test_tags=native,embedded
@test "the first call starts the daemon and later ones find it" {
        only_embedded
        local pid
        pid=$(daemon_pid)
        pocketdocker ps
        assert_equal "$(daemon_pid)" "$pid"
}

# bats test_tags=native,embedded
@test "the small command says that the whole one is missing, and does its own verbs without it" {
        [ -e "$PROGRAMS/pocketdocker-cli" ] || skip "this build has one command only"
        start_waiting alone
        cp "$PROGRAMS/pocketdocker" "$BATS_TEST_TMPDIR/"
        run -0 "$BATS_TEST_TMPDIR/pocketdocker" exec alone echo hello
        assert_equal "$output" hello
        run -1 "$BATS_TEST_TMPDIR/pocketdocker" ps
        assert_match "$output" "^pocketdocker: Failed to find '/.*/pocketdocker-cli': No such file or directory$"
}

# bats test_tags=native,embedded
@test "the daemon has as many descriptors as it may, and a workload as many as who started the daemon" {
        only_embedded
        kill_daemon
        (ulimit -Sn 333 && ulimit -Hn 4444 && pocketdocker ps -q >/dev/null 3>&-)
        assert_match "$(grep '^Max open files' "/proc/$(daemon_pid)/limits")" ' 4444 +4444 '
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'ulimit -Sn; ulimit -Hn'
        assert_equal "${lines[*]}" "333 4444"
        kill_daemon # the others' has more
}

# bats test_tags=native,embedded
@test "ten first calls at a time start one daemon" {
        only_embedded
        local i pids=()
        kill_daemon
        for i in 1 2 3 4 5 6 7 8 9 10; do
                pocketdocker ps -q >/dev/null 3>&- &
                pids+=($!)
        done
        for i in "${pids[@]}"; do
                wait "$i"
        done
        await 20 one_daemon # one that came too late ends by itself
}

one_daemon() { [ "$(daemon_pids | wc -l)" = 1 ]; }

# bats test_tags=native,embedded
@test "the daemon that the command starts inherits nothing of its caller" {
        only_embedded
        kill_daemon
        cd "$E2E_HOME"
        exec 8<"$E2E_HOME/rootfs.tar"
        SECRET=in-environment pocketdocker ps
        exec 8<&-
        local pid
        pid=$(daemon_pid)
        assert_equal "$(readlink "/proc/$pid/cwd")" /
        run ! grep -q in-environment "/proc/$pid/environ"
        [[ $(readlink "/proc/$pid/fd/"*) != *rootfs.tar* ]]
        assert_equal "$(awk '{ print $6 }' "/proc/$pid/stat")" "$pid"
}

# bats test_tags=native,embedded
@test "a call that meets a daemon in its last moment is answered by the next one" {
        only_embedded
        local pid cli
        pid=$(daemon_pid)
        kill -STOP "$pid"
        "$PROGRAMS/pocketdocker" ps >"$BATS_TEST_TMPDIR/out" 3>&- &
        cli=$!
        await 20 has_socket $cli
        kill -KILL "$pid"
        wait $cli
        grep -q '^CONTAINER ID' "$BATS_TEST_TMPDIR/out"
}

has_socket() { [[ $(readlink "/proc/$1/fd/"*) == *socket:* ]]; }

# bats test_tags=native,embedded
@test "state and socket are closed to others" {
        only_embedded
        assert_equal "$(stat -c %a "$STATE")" 700
        assert_equal "$(stat -c %a "$RUN/private")" 600
}

# bats test_tags=native,embedded
@test "engines with different roots run side by side and see nothing of each other" {
        only_embedded
        pocketdocker create --name mine "$IMAGE" true
        export POCKETDOCKER_ROOT=$E2E_HOME/other POCKETDOCKER_RUN_ROOT=$E2E_HOME/other-run
        assert_equal "$(pocketdocker ps -aq)" ""
        pocketdocker import "$E2E_HOME/rootfs.tar" "$IMAGE"
        run -0 pocketdocker run --rm "$IMAGE" echo other
        assert_equal "$output" other
        kill "$(STATE=$POCKETDOCKER_ROOT daemon_pid)"
        export POCKETDOCKER_ROOT=$STATE POCKETDOCKER_RUN_ROOT=$RUN
        assert_equal "$(pocketdocker ps -a --format '{{.Names}}')" mine
}

# bats test_tags=native
@test "a second daemon on the same root is refused" {
        [ "$E2E_MODE" != system ] || skip "the installed service is the only one on its root"
        run -1 --separate-stderr timeout 30 "$PROGRAMS/pocketdockerd" --root "$STATE" --run-root "$RUN"
        assert_sentence "$stderr" "$RUN"
}

# bats test_tags=native,embedded
@test "--address and POCKETDOCKER_ADDRESS reach the daemon that they name" {
        only_embedded
        unset POCKETDOCKER_ROOT POCKETDOCKER_RUN_ROOT
        pocketdocker --address="unix:path=$RUN/private" create --name there "$IMAGE" true
        POCKETDOCKER_ADDRESS="unix:path=$RUN/private" run -0 pocketdocker ps -a --format '{{.Names}}'
        assert_equal "$output" there
        run -1 --separate-stderr pocketdocker --address=unix:path=/nowhere/socket ps
        assert_equal "$(wc -l <<<"$stderr")" 1
}

# bats test_tags=native,embedded
@test "a user who is not root is told so in one sentence" {
        only_embedded
        run -1 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$PROGRAMS/pocketdocker" ps
        assert_equal "$output" ""
        assert_equal "$(wc -l <<<"$stderr")" 1
}

# bats test_tags=native
@test "--user is not yet, and says so in one sentence" {
        run -1 --separate-stderr pocketdocker --user ps
        assert_equal "$(wc -l <<<"$stderr")" 1
}

# bats test_tags=native,embedded
@test "an embedded daemon ends by itself when nothing runs and nobody called for a while" {
        only_embedded
        local root=$E2E_HOME/idle run=$E2E_HOME/idle-run
        POCKETDOCKER_IDLE_SECONDS=1 timeout 120 "$PROGRAMS/pocketdockerd" --embedded --root="$root" --run-root="$run"
        [ ! -e "$run/private" ]
        POCKETDOCKER_IDLE_SECONDS=1 "$PROGRAMS/pocketdockerd" --embedded --root="$root" --run-root="$run" 3>&- &
        local daemon=$!
        await 30 test -S "$run/private"
        export POCKETDOCKER_ROOT=$root POCKETDOCKER_RUN_ROOT=$run
        pocketdocker run -d --rm "$E2E_HOME/rootfs.tar" sleep 4
        # While a container runs it stays, however long nobody calls.
        sleep 2
        kill -0 "$daemon"
        await 60 process_gone "$daemon"
        wait "$daemon"
}

# bats test_tags=native,embedded
@test "a daemon whose directory has the same path elsewhere leaves the containers of the first alone" {
        only_embedded
        local run=$E2E_HOME/elsewhere-run
        start_waiting c
        # shellcheck disable=SC2016 # the inner shell's
        run -1 --separate-stderr unshare --mount sh -c 'mount -t tmpfs -o mode=700 none "$1" && exec "$2" --embedded --root="$1" --run-root="$3"' \
                sh "$STATE" "$PROGRAMS/pocketdockerd" "$run"
        assert_sentence "$stderr" "$(engine_cgroup)"
        assert_equal "$(field c .State.Status)" running
        rm -rf "$run"
}

# bats test_tags=native,embedded
@test "a damaged database is refused with a sentence and keeps its bytes" {
        only_embedded
        export POCKETDOCKER_ROOT=$E2E_HOME/damaged POCKETDOCKER_RUN_ROOT=$E2E_HOME/damaged-run
        mkdir -m 700 "$POCKETDOCKER_ROOT"
        head -c 8192 /dev/urandom >"$POCKETDOCKER_ROOT/pocketdocker.db"
        cp "$POCKETDOCKER_ROOT/pocketdocker.db" "$E2E_HOME/damaged.copy"
        run -1 --separate-stderr pocketdocker ps
        assert_equal "$(wc -l <<<"$stderr")" 1
        cmp "$POCKETDOCKER_ROOT/pocketdocker.db" "$E2E_HOME/damaged.copy"
}

# bats test_tags=native
@test "wrong arguments of a verb are refused with 125 for run and 1 for others" {
        run -125 pocketdocker run
        run -1 pocketdocker stop
        run -1 pocketdocker ps --no-such-flag
        run -1 pocketdocker stop -t nonsense c
        run -125 pocketdocker exec
}

# bats test_tags=native
@test "--help of each verb names its flags" {
        local verb
        for verb in run create start stop kill restart rm wait attach rename ps logs images rmi inspect exec version info import; do
                run -0 pocketdocker "$verb" --help
                [[ $output == *"$verb"* ]]
        done
}
