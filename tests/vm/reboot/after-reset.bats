#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A machine that was reset, and has booted.
load frame

@test "the service was started by the boot, on a database that is whole" {
        assert_started_at_boot
        assert_whole
}

@test "what should run after a reset runs" {
        local name
        for name in failure always unless always-stopped; do
                assert_resumes "$name"
        done
}

@test "what should run was started in the order of its creation" {
        local name pid before=0 monitor
        for name in failure always unless always-stopped; do
                pid=$(field "$name" .State.Pid)
                monitor=$(awk '{ print $4 }' "/proc/$pid/stat")
                [ "$monitor" -gt "$before" ] || fail_with "$name was started too early: $monitor after $before"
                before=$monitor
        done
}

@test "what had been stopped, created or given up before a reset stays as it was" {
        assert_state unless-stopped exited 137
        assert_state created created
        assert_state exited exited 7
        assert_state given-up exited 3
        assert_equal "$(field exited .State.FinishedAt)" "$(cat "$STATE/test-finished")"
}

@test "what ran without a policy was ended by the reset, and says so" {
        assert_state none exited 137
        [ "$(field none .State.FinishedAt)" != 0001-01-01T00:00:00Z ]
        [[ $(field none .State.Error) == *'machine went down'* ]]
        pocketdocker start none
        assert_resumes none
}

@test "logs written before a reset can be read" {
        local name
        for name in none failure always unless unless-stopped always-stopped exited given-up; do
                logged "$name" "$name speaks" || fail_with "no log of $name"
        done
}

@test "nothing is left after a reset of what is gone" {
        run -1 pocketdocker inspect goes
        run -1 pocketdocker inspect gone
        assert_equal "$(pocketdocker ps -q | wc -l)" 9
        assert_nothing_of_the_gone
}
