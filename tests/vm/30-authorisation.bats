#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who may do what, with real polkit and real sessions. The table is in authorisation.py, which is run once for all tests.
load ../e2e/helpers

setup_file() {
        setup_engine
        export TABLE=$BATS_FILE_TMPDIR/table.tap
        "$BATS_TEST_DIRNAME/authorisation.py" "$E2E_HOME/rootfs.tar" >"$TABLE" 2>&1 3>&- || true
}

teardown_file() {
        systemctl stop 'authorisation-*' 2>/dev/null || true
        rm -f /etc/polkit-1/rules.d/*-authorisation*.rules
        remove_all
        pocketdocker volume prune -af >/dev/null # the table's, of whoever might make one
        teardown_engine
}

# told SENTENCE...: the table's lines that begin so are there and good.
told() {
        local sentence lines
        for sentence in "$@"; do
                lines=$(awk -v s="$sentence" '/^(not )?ok / { on = index($0, " - " s) > 0 } on' "$TABLE")
                if [[ -z $lines || $lines == *"not ok "* ]]; then
                        fail_with "$lines"$'\n'"$(tail -n 5 "$TABLE")"
                        return 1
                fi
        done
}

@test "every method that the daemon has is in the table" { told 'every method is in the table'; }

@test "every method is open in the bus policy, so that polkit decides" { told 'every method is open'; }

@test "the table was gone through to its end" {
        run -0 grep -cE '^1\.\.[0-9]+$' "$TABLE"
}

@test "root may all" { told "methods, by root" "properties, by root"; }

@test "an owner who is active at the machine manages what is his own" { told "methods, by owner" "properties, by owner"; }

@test "another active user sees what everybody sees, and needs an administrator for the rest" { told "methods, by other" "properties, by other"; }

@test "a user who is not active, or has no session, needs an administrator" {
        told "methods, by inactive" "properties, by inactive" "methods, by no session" "properties, by no session"
}

@test "a rule of polkit's grants" { told "methods, by granted" "properties, by granted"; }

@test "a rule of polkit's denies, and is not asked about what everybody may" { told "methods, by denied" "properties, by denied"; }

@test "each option that weakens the confinement is an administrator's" { told 'options that weaken, by '; }

@test "options that do not weaken it are no question of privilege" { told 'options that do not, by '; }
