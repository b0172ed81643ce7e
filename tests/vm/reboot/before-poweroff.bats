#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# After the tests of after-cut.bats: what a machine runs that is about to be shut down.
load frame

@test "a machine runs what heeds its stop signal, and what does not" {
        local trap='trap "echo heard; echo saw >/saw; exit CODE" TERM; while :; do sleep 3600 & wait $!; done'
        run_named deaf 'trap "" TERM; while :; do sleep 3600; done'
        run_named heard "${trap/CODE/4}"
        run_named deaf-always 'exec sleep 3600' --restart always
        run_named heard-failure "${trap/CODE/0}" --restart on-failure
        run_named heard-unless "${trap/CODE/0}" --restart unless-stopped
        run_named paused "${trap/CODE/0}" --restart always
        run_named stopped 'exec sleep 3600' --restart unless-stopped --stop-signal KILL
        pocketdocker stop stopped
        pocketdocker pause paused
        assert_state deaf running
}

# The shutdown waits for `gate`, which is ended when all has been tried.
@test "a machine has a service that starts containers when it is stopped" {
        run_named gate 'trap "" TERM; while :; do sleep 3600; done' --stop-timeout 30
        pocketdocker create --name late --restart always "$IMAGE" sleep 3600
        cat >"$STATE/test-late" <<'EOF'
#!/bin/bash
until [ "$(systemctl show -P ActiveState pocketdocker.service)" = deactivating ]; do sleep 0.1; done
until pocketdocker ps --format '{{.Names}} {{.State}}' | grep -qx 'heard exited'; do :; done
{ pocketdocker start late; pocketdocker restart stopped; pocketdocker run -d "$1" true; } >"$0.told" 2>&1
pocketdocker kill gate
EOF
        chmod +x "$STATE/test-late"
        systemd-run -q --unit=late -p After=dbus.service -p RequiresMountsFor="$STATE" -p TimeoutStopSec=60 \
                -p ExecStop="$STATE/test-late $IMAGE" sleep infinity
}
