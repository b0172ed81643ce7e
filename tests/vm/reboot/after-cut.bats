#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A machine whose power was cut while containers were made, started, ended and removed, and that has booted. The file
# `acknowledged` says what commands had told before, a line each: a word, a blank, a name.
load frame

acknowledged() { sed -n "s/^$1 //p" acknowledged; }

@test "the service was started by the boot after a power cut, on a database that is whole" {
        assert_started_at_boot
        assert_whole
}

@test "every create that was acknowledged before a power cut is there, and starts" {
        local name last
        [ -n "$(acknowledged created)" ]
        for name in $(acknowledged created); do
                assert_state "$name" created
                last=$name
        done
        run -0 pocketdocker start -a "$last"
        [[ $output == 'made '* ]]
        pocketdocker stop "$last" # its policy would go on
}

@test "what was to run always before a power cut runs" {
        local name
        [ -n "$(acknowledged running)" ]
        for name in $(acknowledged running); do
                assert_resumes "$name"
        done
}

@test "every image and policy that was acknowledged before a power cut is there" {
        local name
        for name in $(acknowledged image); do
                run -0 pocketdocker inspect --type image "$name"
        done
        run -0 pocketdocker run --rm "$(acknowledged image | tail -n 1)" echo works
        assert_equal "$output" works
        for name in $(acknowledged policy); do
                assert_equal "$(field "$name" .HostConfig.RestartPolicy.Name)" unless-stopped
        done
}

@test "what was removed before a power cut does not come back" {
        local name
        [ -n "$(acknowledged removed)" ]
        for name in $(acknowledged removed); do
                run -1 pocketdocker inspect "$name"
        done
        run -0 pocketdocker ps --format '{{.Names}}'
        [[ $output != *-goes-* && $output != *-went-* ]]
}

@test "containers that started and ended during a power cut are in a state that tells it" {
        local name ended=0
        for name in $(pocketdocker ps --format '{{.Names}}' | grep -e -ends-); do
                case $(field "$name" .State.Status),$(field "$name" .State.ExitCode) in
                exited,3) ended=$((ended + 1)) ;;
                exited,137 | created,0) ;;
                *) fail_with "$name: $(pocketdocker inspect "$name")" ;;
                esac
                run -0 pocketdocker logs "$name"
        done
        [ $ended -gt 0 ]
}

@test "nothing is left after a power cut of what is gone, and all can go" {
        assert_nothing_of_the_gone
        remove_all
        assert_equal "$(pocketdocker ps -q)" ""
        assert_nothing_left
        await 120 trash_is_empty
}
