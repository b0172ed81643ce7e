#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who is asked for a password, and when: a command at a terminal, real polkit, its agent and its PAM.
load ../e2e/helpers

setup_file() { setup_engine; }

teardown_file() {
        rm -f /etc/polkit-1/rules.d/05-authorisation-admin.rules
        teardown_engine
}

teardown() { teardown_test; }

# The administrator is root, whose password is his name.
let_root_authenticate() {
        echo 'polkit.addAdminRule(function() { return ["unix-user:root"]; });' >/etc/polkit-1/rules.d/05-authorisation-admin.rules
        pocketdocker create --name asked "$IMAGE" true >/dev/null
}

# at_terminal STEP... -- COMMAND...: as bob, who is at a terminal and has no session: logind knows nothing of him.
at_terminal() { runuser -u bob -- "$BATS_TEST_DIRNAME/../e2e/with-pty" "$@"; }

# in_session STEP... -- COMMAND...: the same in a session of his own that is not active, as one by ssh is.
in_session() { su bob -c "$(printf '%q ' "$BATS_TEST_DIRNAME/../e2e/with-pty" "$@")"; }

# refuses_wrong_password_and_takes_right_one HOW
refuses_wrong_password_and_takes_right_one() {
        let_root_authenticate
        run "$1" 'expect:Password:' 'secret:wrong\r' -- pocketdocker rename asked answered
        [ "$status" = 1 ] && [[ $output == *"is not allowed to this user"* ]] || fail_with "$status: $output"
        assert_equal "$(field asked .Name)" /asked
        run "$1" 'expect:Password:' 'secret:root\r' -- pocketdocker rename asked answered
        [ "$status" = 0 ] && [[ $output == *org.pocketdocker.manage* ]] || fail_with "$status: $output"
        assert_equal "$(field answered .Name)" /answered
}

@test "in a session a terminal is asked for an administrator's password: a wrong one changes nothing, the right one lets the call through" {
        run -0 in_session -- sh -c 'loginctl show-session "$XDG_SESSION_ID" -p Name --value'
        [[ $output == bob* ]]
        refuses_wrong_password_and_takes_right_one in_session
}

@test "a terminal is asked just so where there is no session" {
        run -0 at_terminal -- cat /proc/self/cgroup
        [[ $output != *session-* ]]
        refuses_wrong_password_and_takes_right_one at_terminal
}

@test "with --no-ask-password, or without a terminal, nobody is asked" {
        let_root_authenticate
        run -1 at_terminal -- pocketdocker --no-ask-password rename asked answered
        [[ $output != *Password* && $output == *org.pocketdocker.manage* ]]
        run -1 runuser -u bob -- pocketdocker rename asked answered
        [[ $output != *Password* && $output == *org.pocketdocker.manage* ]]
        assert_equal "$(field asked .Name)" /asked
}

@test "where nobody can be asked the refusal says so" {
        let_root_authenticate
        run -1 runuser -u bob -- busctl --allow-interactive-authorization=yes call org.pocketdocker.Manager \
                "$(busctl --json=short call org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager \
                        GetContainer s asked | jq -r '.data[0]')" org.pocketdocker.Container Rename s answered
        [[ $output == *"needs a password, and nobody is there who could be asked for it"* ]]
}

@test "what nobody needs a password for asks for none at a terminal either" {
        let_root_authenticate
        run -0 at_terminal -- pocketdocker ps -a
        [[ $output != *Password* && $output == *asked* ]]
}
