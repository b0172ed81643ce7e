#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A machine that was shut down in order, and has booted.
load frame

@test "the service was started by the boot after a shutdown, on a database that is whole" {
        assert_started_at_boot
        assert_whole
}

@test "a workload saw its stop signal when the machine went down, and what it wrote is there" {
        assert_state heard exited 4
        [ "$(field heard .State.FinishedAt)" != 0001-01-01T00:00:00Z ]
        pocketdocker logs heard | grep -qx heard
        assert_equal "$(field heard .State.Error)" ""
        assert_resumes heard-unless
        run -0 pocketdocker exec heard-unless cat /saw
        assert_equal "$output" saw
}

@test "a workload that ignores its stop signal was killed after its grace" {
        assert_state deaf exited 137
        [ "$(field deaf .State.FinishedAt)" != 0001-01-01T00:00:00Z ]
        assert_equal "$(field deaf .State.Error)" ""
        assert_equal "$(field deaf .State.OOMKilled)" false
}

@test "policies resume after a shutdown" {
        local name
        for name in deaf-always heard-failure heard-unless paused; do
                assert_resumes "$name"
                assert_equal "$(field "$name" .RestartCount)" 0
        done
        run -0 pocketdocker exec paused cat /saw
        assert_state stopped exited 137
}

@test "nothing was started any more by a machine that went down" {
        local told='The machine goes down, so nothing is started any more'
        assert_equal "$(grep -c "$told" "$STATE/test-late.told")" 3 || { cat "$STATE/test-late.told" >&2; false; }
        assert_state late created
        [ "$(field late .State.StartedAt)" = 0001-01-01T00:00:00Z ]
}

@test "nothing is left after a shutdown of what is gone, and all can go" {
        assert_nothing_of_the_gone
        remove_all
        assert_nothing_left
        await 120 trash_is_empty
}
