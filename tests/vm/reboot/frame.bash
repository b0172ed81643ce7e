# SPDX-License-Identifier: Apache-2.0
# The frame of the tests that a machine runs between two of its boots: the engine and what it holds are there.
load ../../e2e/helpers

# run_named NAME COMMAND [FLAG]...: a container in the background that has said its name before it runs COMMAND.
run_named() {
        local name=$1 command=$2
        shift 2
        pocketdocker run -d --name "$name" "$@" "$IMAGE" sh -c "echo $name speaks; $command" >/dev/null
        await 120 logged "$name" "$name speaks"
}

# assert_state NAME STATE [CODE]
assert_state() {
        assert_equal "$1 $(field "$1" .State.Status)" "$1 $2"
        [ -z "${3:-}" ] || assert_equal "$1 $(field "$1" .State.ExitCode)" "$1 $3"
}

# assert_resumes NAME: it is about to run, or does already.
assert_resumes() { await 120 state_is "$1" running || { pocketdocker inspect "$1" >&2; false; }; }

assert_whole() {
        run -0 python3 -c 'import sqlite3, sys
print(sqlite3.connect(f"file:{sys.argv[1]}/pocketdocker.db?mode=ro", uri=True).execute("PRAGMA integrity_check").fetchone()[0])' "$STATE"
        assert_equal "$output" ok
}

# What is there of containers that are not.
left_of_the_gone() { leftovers | grep -v '^process' | grep -vFf <(pocketdocker ps -aq --no-trunc); }

assert_nothing_of_the_gone() {
        local left
        left=$(left_of_the_gone) || true
        [ -z "$left" ] || fail_with "left of what is gone:"$'\n'"$left"
        await 120 trash_is_empty
}

# The service was started by the boot: nobody has called it.
assert_started_at_boot() {
        assert_equal "$(systemctl is-active pocketdocker.service)" active
        assert_equal "$(systemctl is-active pocketdocker-containers.service)" active
}
