#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

@test "logs keeps stdout on stdout and stderr on stderr" {
        pocketdocker run --name c "$IMAGE" sh -c 'echo out; echo err >&2' >/dev/null 2>&1
        run -0 --separate-stderr pocketdocker logs c
        assert_equal "$output" out
        assert_equal "$stderr" err
}

@test "logs keeps binary and partial lines byte for byte" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'printf "no newline"; sleep 0.2; printf "\\000\\001\\377"; head -c 100000 /dev/zero'
        pocketdocker wait c
        { printf 'no newline\000\001\377'; head -c 100000 /dev/zero; } | cmp - <(pocketdocker logs c)
}

# bats test_tags=native
@test "64 MiB of a workload that ended at once are complete in its log" {
        pocketdocker run -d --name c --log-opt max-size=-1 "$IMAGE" sh -c 'yes 0123456789abcde | head -c 67108864'
        pocketdocker wait c
        assert_equal "$(pocketdocker logs c | sha256sum)" "$(yes 0123456789abcde | head -c 67108864 | sha256sum)"
}

# bats test_tags=native
@test "--tail shows the last lines" {
        pocketdocker run --name c "$IMAGE" seq 1 1000 >/dev/null
        assert_equal "$(pocketdocker logs --tail 3 c | tr '\n' ' ')" "998 999 1000 "
        assert_equal "$(pocketdocker logs -n 1 c)" 1000
        assert_equal "$(pocketdocker logs --tail 0 c)" ""
        assert_equal "$(pocketdocker logs --tail all c | wc -l)" 1000
        assert_equal "$(pocketdocker logs --tail 5000 c | wc -l)" 1000
}

# bats test_tags=native
@test "-t puts a time before each line" {
        pocketdocker run --name c "$IMAGE" sh -c 'echo one; echo two' >/dev/null
        run -0 pocketdocker logs -t c
        assert_match "${lines[0]}" '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}(Z|[+-][0-9:]{5}) one$'
        assert_match "${lines[1]}" ' two$'
}

# bats test_tags=native
@test "--since and --until cut by time" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'echo early; sleep 3; echo late'
        await 30 logged c early
        sleep 1.5
        local middle
        middle=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
        pocketdocker wait c
        assert_equal "$(pocketdocker logs --since "$middle" c)" late
        assert_equal "$(pocketdocker logs --until "$middle" c)" early
        assert_equal "$(pocketdocker logs --since 1h c | wc -l)" 2
}

@test "-f follows and ends when the container does" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'for i in 1 2 3; do echo $i; sleep 0.3; done'
        assert_equal "$(timeout 60 "$PROGRAMS/pocketdocker" logs -f c | tr '\n' ' ')" "1 2 3 "
}

# bats test_tags=native
@test "-f of one that has ended prints and ends" {
        pocketdocker run --name c "$IMAGE" echo done >/dev/null
        assert_equal "$(timeout 60 "$PROGRAMS/pocketdocker" logs -f c)" "done"
}

@test "-f of one that was not started yet shows it from its start on" {
        pocketdocker create --name c "$IMAGE" echo first
        timeout 120 "$PROGRAMS/pocketdocker" logs -f c >"$BATS_TEST_TMPDIR/followed" 3>&- &
        pocketdocker start c
        wait $!
        assert_equal "$(cat "$BATS_TEST_TMPDIR/followed")" first
}

follower_has() { [ "$(tail -n 1 "$BATS_TEST_TMPDIR/followed")" = "$1" ]; }

@test "-f follows over rotations and loses nothing that is kept" {
        local follower i
        # What is written at once is less than what is kept: a follower may be as slow as it likes.
        pocketdocker run -d --name c --log-opt max-size=64k --log-opt max-file=3 "$IMAGE" sh -c \
                'for i in $(seq 0 5000 35000); do while [ ! -e /go-$i ]; do sleep 0.05; done; seq $((i + 1)) $((i + 5000)); done' >/dev/null
        timeout 300 "$PROGRAMS/pocketdocker" logs -f c >"$BATS_TEST_TMPDIR/followed" 3>&- &
        follower=$!
        for i in $(seq 0 5000 35000); do
                pocketdocker exec c touch "/go-$i"
                await 60 follower_has $((i + 5000))
        done
        wait $follower
        seq 1 40000 | cmp - "$BATS_TEST_TMPDIR/followed"
}

# bats test_tags=native
@test "rotation keeps the disk's use below size times files" {
        pocketdocker run --name c --log-opt max-size=64k --log-opt max-file=3 "$IMAGE" seq 1 200000 >/dev/null
        local id
        id=$(field c .Id)
        [ "$(find "$STATE/logs/$id" -type f | wc -l)" -le 3 ]
        [ "$(cat "$STATE/logs/$id"/* | wc -c)" -le $((3 * 64 * 1024 + 300 * 1024)) ]
        assert_equal "$(pocketdocker logs --tail 1 c)" 200000
}

# bats test_tags=native
@test "--log-driver none keeps nothing and says so" {
        run -0 pocketdocker run --name c --log-driver none "$IMAGE" echo seen
        assert_equal "$output" seen
        run -1 --separate-stderr pocketdocker logs c
        assert_sentence "$stderr" c
        run -125 --separate-stderr pocketdocker run --log-driver nonsense "$IMAGE" true
        assert_sentence "$stderr" nonsense
}

# bats test_tags=native
@test "logs of a restarted container go on in the same log" {
        pocketdocker run --name c "$IMAGE" echo again >/dev/null
        pocketdocker start -a c >/dev/null
        assert_equal "$(pocketdocker logs c | tr '\n' ' ')" "again again "
}

@test "a follower that does not read does not stop the workload" {
        pocketdocker run -d --name c "$IMAGE" sh -c 'echo ready; sleep 1; head -c 8388608 /dev/zero; echo; echo finished; sleep 3600'
        await 30 logged c ready
        pocketdocker logs -f c 3>&- | sleep 3600 3>&- &
        local reader=$!
        await 60 tail_is c finished
        kill "$reader" 2>/dev/null || true
}

tail_is() { [ "$(pocketdocker logs --tail 1 "$1")" = "$2" ]; }
