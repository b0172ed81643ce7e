#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a machine has that is about to be reset.
load frame

@test "a machine has containers of every policy" {
        export E2E_HOME=$BATS_TEST_TMPDIR
        assert_started_at_boot
        make_rootfs "$STATE/test-rootfs.tar"
        pocketdocker import "$STATE/test-rootfs.tar" "$IMAGE" >/dev/null

        run_named none 'exec sleep 3600'
        run_named failure 'exec sleep 3600' --restart on-failure:1
        run_named always 'exec sleep 3600' --restart always
        run_named unless 'exec sleep 3600' --restart unless-stopped
        run_named unless-stopped 'exec sleep 3600' --restart unless-stopped --stop-signal KILL
        pocketdocker create --name created "$IMAGE" true >/dev/null
        run_named exited 'exit 7'
        run_named given-up 'exit 3' --restart on-failure:1
        run_named goes 'exec sleep 3600' --rm
        run_named always-stopped 'exec sleep 3600' --restart always --stop-signal KILL
        run_named gone 'exec sleep 3600'

        pocketdocker stop unless-stopped always-stopped
        pocketdocker rm -f gone
        pocketdocker wait exited given-up
        assert_state exited exited 7
        assert_state given-up exited 3
        field exited .State.FinishedAt >"$STATE/test-finished"
        assert_state unless running
}
