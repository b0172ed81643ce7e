#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What happens, as it is told: in order, without a gap, without a repetition, whatever becomes of the daemon.
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() {
        [ -z "${FOLLOWER:-}" ] || kill "$FOLLOWER" 2>/dev/null || true
        teardown_test
}

# started_now: for --since: nothing of the tests before.
started_now() { date +%s.%N; }

# shown SINCE [FLAG…]: what has happened since, a line an event.
shown() {
        local since=$1
        shift
        pocketdocker events --since "$since" --until 0s "$@"
}

actions() { shown "$1" --filter "container=$2" --format '{{.Action}}' | tr '\n' ' '; }

# follow FILE [FLAG…]: events in the background; returns when it follows.
follow() {
        local file=$1
        shift
        "$PROGRAMS/pocketdocker" events --format '{{.Number}} {{.Action}} {{.Actor.Attributes.name}}' "$@" >"$file" 2>"$file.err" 3>&- &
        FOLLOWER=$!
        pocketdocker run --rm --name "mark-$BATS_TEST_NUMBER" "$IMAGE" true
        await 30 grep -q "destroy mark-$BATS_TEST_NUMBER" "$file" || { cat "$file.err" >&2; return 1; }
}

# whole FILE: its numbers grow by one.
whole() {
        awk 'NR > 1 && $1 != last + 1 { print "after " last " comes " $1; bad = 1 } { last = $1 } END { exit bad }' "$1" >&2
}

# until_told FILE NAME: an event of its own is the last word.
until_told() {
        pocketdocker run --rm --name "$2" "$IMAGE" true
        await 60 grep -q "destroy $2" "$1" || { tail -n 3 "$1" "$1.err" >&2; return 1; }
}

@test "a run, a stop and a removal are told in the order in which they happen" {
        since=$(started_now)
        start_waiting web
        pocketdocker stop web
        pocketdocker start web
        await 30 logged web ready
        pocketdocker restart web
        pocketdocker rename web site
        pocketdocker rm -f site
        assert_equal "$(shown "$since" --filter type=container --format '{{.Action}}' | tr '\n' ' ')" \
                "create start kill die stop start kill die stop start restart rename kill die destroy "
}

@test "a run of --rm, one that fails to start and one that ends by itself are told to their end" {
        since=$(started_now)
        pocketdocker run --rm --name brief "$IMAGE" sh -c 'exit 3' || true
        pocketdocker run --name absent "$IMAGE" nothing-there || true
        assert_equal "$(actions "$since" brief)" "create start die destroy "
        assert_equal "$(actions "$since" absent)" "create die destroy "
        assert_equal "$(shown "$since" --filter event=die --format '{{.Actor.Attributes.exitCode}}' | tr '\n' ' ')" "3 127 "
}

@test "images are told of: import, tag, untag, delete" {
        since=$(started_now)
        pocketdocker import "$E2E_HOME/rootfs.tar" "other:1" >/dev/null
        pocketdocker rmi other:1 >/dev/null
        assert_equal "$(shown "$since" --filter type=image --format '{{.Action}} {{.Actor.Attributes.name}}' | tr '\n' ',')" \
                "import other:1,tag other:1,untag other:1,"
}

@test "the lines and the JSON are Docker's" {
        since=$(started_now)
        id=$(pocketdocker create --name web "$IMAGE" true)
        pocketdocker rename web site
        line=$(shown "$since" --filter event=create)
        assert_match "$line" "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}[+-][0-9]{2}:[0-9]{2} container create $id \(image=$IMAGE, name=web\)\$"
        shown "$since" --filter event=rename --format json | jq -e --arg id "$id" \
                '.Type == "container" and .Action == "rename" and .Actor.ID == $id and .id == $id and .status == "rename" and
                 .from == "bb:1" and .scope == "local" and .Actor.Attributes == {image: "bb:1", name: "site", oldName: "web"} and
                 (.timeNano / 1e9 | floor) == .time and .number > 0'
        run ! pocketdocker events --filter label=a=b
        assert_sentence "$output" label
        run ! pocketdocker events --since yesterday-or-so
        assert_sentence "$output" yesterday-or-so
}

@test "history and what comes are one row of numbers, while 50 containers come and go" {
        since=$(started_now)
        for n in 1 2 3 4 5; do
                for m in 1 2 3 4 5; do pocketdocker run --rm --name "early-$n-$m" "$IMAGE" true 3>&- & done
                wait
        done
        for n in 1 2 3 4 5; do
                for m in 1 2 3 4 5; do pocketdocker run --rm --name "late-$n-$m" "$IMAGE" true 3>&- & done
                # Another reader begins at each moment of the load.
                "$PROGRAMS/pocketdocker" events --since "$since" --format '{{.Number}} {{.Action}} {{.Actor.Attributes.name}}' >"$BATS_TEST_TMPDIR/$n" 3>&- &
                readers+=("$!")
                wait $(jobs -p | grep -vxF -f <(printf '%s\n' "${readers[@]}"))
        done
        for n in 1 2 3 4 5; do until_told "$BATS_TEST_TMPDIR/$n" "end-$n"; done
        kill "${readers[@]}"
        for n in 1 2 3 4 5; do
                whole "$BATS_TEST_TMPDIR/$n"
                assert_equal "$(grep -cE ' (create|start|die|destroy) (early|late)-' "$BATS_TEST_TMPDIR/$n")" 200
        done
}

@test "who follows misses nothing when the daemon is killed" {
        follow "$BATS_TEST_TMPDIR/told"
        for n in 1 2 3; do
                pocketdocker run -d --name "c$n" "$IMAGE" sh -c 'sleep 0.2; exit 5' >/dev/null
                kill_daemon
                start_daemon
                pocketdocker wait "c$n" >/dev/null
        done
        until_told "$BATS_TEST_TMPDIR/told" last
        whole "$BATS_TEST_TMPDIR/told"
        for n in 1 2 3; do
                assert_equal "$(grep " c$n\$" "$BATS_TEST_TMPDIR/told" | cut -d' ' -f2 | tr '\n' ' ')" "create start die "
        done
        assert_equal "$(cat "$BATS_TEST_TMPDIR/told.err")" ""
}

@test "it ends at --until, at once where that is over, and when nobody reads any more" {
        pocketdocker create --name web "$IMAGE" true >/dev/null
        assert_match "$(pocketdocker events --until 0s --filter container=web)" "container create"
        pocketdocker events --until 1h >/dev/null
        timeout 60 "$PROGRAMS/pocketdocker" events --until "$(date -d '+2 seconds' +%s)" --filter container=nobody
        mkfifo "$BATS_TEST_TMPDIR/pipe"
        timeout 60 "$PROGRAMS/pocketdocker" events >"$BATS_TEST_TMPDIR/pipe" 3>&- &
        follower=$!
        exec 7<"$BATS_TEST_TMPDIR/pipe"
        exec 7<&-
        wait "$follower"
}

# bats test_tags=native,embedded
@test "an embedded daemon stays for who follows, and ends by itself afterwards" {
        [ "$E2E_MODE" = embedded ] || skip "there is no embedded daemon"
        export POCKETDOCKER_ROOT=$E2E_HOME/idle POCKETDOCKER_RUN_ROOT=$E2E_HOME/idle-run
        POCKETDOCKER_IDLE_SECONDS=1 "$PROGRAMS/pocketdockerd" --embedded 3>&- &
        local daemon=$!
        await 30 test -S "$POCKETDOCKER_RUN_ROOT/private"
        timeout 120 "$PROGRAMS/pocketdocker" events --until "$(date -d '+4 seconds' +%s)" 3>&- &
        local follower=$!
        # Longer than it would stay for nobody.
        sleep 2
        kill -0 "$daemon"
        wait "$follower"
        await 60 process_gone "$daemon"
        wait "$daemon"
}
