#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What one user may have. Several users take a polkit that says yes to them, so the engine and the bus are the script's own.
load helpers

setup_file() {
        export E2E_HOME
        E2E_HOME=$(mktemp -d /var/lib/pocketdocker-tests.XXXXXX)
        chmod 755 "$E2E_HOME" # the bus in it is for several users
        make_rootfs "$E2E_HOME/rootfs.tar"
}

teardown_file() { rm -rf "$E2E_HOME"; }

# caps WORD...: the cases whose sentence has the words; each is told.
caps() {
        TMPDIR=$E2E_HOME run -0 "$E2E_SOURCE/owner-caps.py" "$E2E_HOME/rootfs.tar" "$@"
        echo "$output"
        [[ $output == *"ok 1 - "* ]]
}

# bats test_tags=native, embedded
@test "one user may have 1,024 containers, and others then have room" { caps 'have 1024 containers'; }

# bats test_tags=native, embedded
@test "256 of one user's containers may run at once, and others then have room" { caps 'may run at once'; }

# bats test_tags=native, embedded
@test "one user may have 8 operations under way, and others then have room" { caps operations; }

# bats test_tags=native, embedded
@test "imports of one user that nothing is sent to keep only his own waiting" { caps 'nothing is sent'; }

# bats test_tags=native, embedded
@test "the layers of one user's images may take 64 GiB, and others then have room" { caps 'images may take'; }
