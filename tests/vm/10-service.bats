#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What only a machine with systemd, a system bus and polkit shows: the service as it is installed.
load ../e2e/helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

manager() { busctl call -- org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager "$@"; }
as() { runuser -u "$1" -- "${@:2}"; }

@test "the first call on the bus activates the service" {
        systemctl stop pocketdocker.service
        assert_equal "$(systemctl is-active pocketdocker.service)" inactive
        run -0 busctl call org.pocketdocker.Manager /org/pocketdocker/Manager org.freedesktop.DBus.Peer Ping
        assert_equal "$(systemctl is-active pocketdocker.service)" active
        assert_equal "$(systemctl is-active pocketdocker-containers.service)" active
}

@test "containers live outside the daemon's unit" {
        start_waiting c
        local cgroup
        cgroup=$(cut -d: -f3 "/proc/$(field c .State.Pid)/cgroup")
        assert_match "$cgroup" 'pocketdocker-containers\.service/u0/[0-9a-f]{64}/payload$'
        assert_equal "$(cat "/sys/fs/cgroup$(systemctl show -P ControlGroup pocketdocker.service)/cgroup.procs" | wc -l)" 1
}

@test "the containers' tree has the controllers" {
        local tree
        tree=/sys/fs/cgroup$(cat /run/pocketdocker/cgroup)
        run -0 cat "$tree/cgroup.subtree_control"
        [[ $output == *memory* && $output == *pids* && $output == *cpu* ]]
}

@test "systemctl restart disturbs no container" {
        start_waiting c
        local pid daemon
        pid=$(field c .State.Pid)
        daemon=$(daemon_pid)
        run -0 systemctl restart pocketdocker.service
        [ "$(daemon_pid)" != "$daemon" ]
        assert_equal "$(field c .State.Pid)" "$pid"
        run -0 pocketdocker exec c echo reached
        assert_equal "$output" reached
        run -0 systemctl restart pocketdocker.service
        run -0 pocketdocker stop c
        assert_equal "$(field c .State.ExitCode)" 0
}

@test "systemd brings the daemon back after SIGKILL, and containers go on" {
        start_waiting c
        local pid daemon
        pid=$(field c .State.Pid)
        daemon=$(daemon_pid)
        systemctl kill -s KILL pocketdocker.service
        await 120 another_daemon "$daemon"
        assert_equal "$(field c .State.Pid)" "$pid"
        pocketdocker stop c
        assert_equal "$(field c .State.ExitCode)" 0
}

another_daemon() { local now; now=$(daemon_pid) && [ "$now" != "$1" ]; }

@test "daemon-reload disturbs nothing" {
        start_waiting c
        systemctl daemon-reload
        run -0 pocketdocker exec c true
        [[ $(systemctl show -P Result pocketdocker.service) == success ]]
}

@test "the service is of type notify with a watchdog that is fed" {
        assert_equal "$(systemctl show -P Type pocketdocker.service)" notify
        assert_equal "$(systemctl show -P WatchdogUSec pocketdocker.service)" 1min
        # The same, sooner.
        mkdir -p /run/systemd/system/pocketdocker.service.d
        printf '[Service]\nWatchdogSec=10s\n' >/run/systemd/system/pocketdocker.service.d/soon.conf
        systemctl daemon-reload
        systemctl restart pocketdocker.service
        local daemon
        daemon=$(daemon_pid)
        kill -STOP "$daemon"
        await 300 another_daemon "$daemon"
        run -0 pocketdocker ps
        rm -r /run/systemd/system/pocketdocker.service.d
        systemctl daemon-reload
        systemctl restart pocketdocker.service
}

@test "a service that may have no more processes refuses what takes one, loses nothing, and goes on when it may" {
        start_waiting c
        local cgroup before
        cgroup=/sys/fs/cgroup$(systemctl show -P ControlGroup pocketdocker.service)
        before=$(cat "$cgroup/pids.max")
        cat "$cgroup/pids.current" >"$cgroup/pids.max"
        run --separate-stderr pocketdocker import "$E2E_HOME/rootfs.tar" more:1
        [ "$status" = 1 ] && [ "$(wc -l <<<"$stderr")" = 1 ] && [ -n "$stderr" ] || fail_with "$status: $output$stderr"
        run --separate-stderr pocketdocker run --rm "$IMAGE" echo works
        [ "$status" = 0 ] || { [ "$status" = 125 ] && [ "$(wc -l <<<"$stderr")" = 1 ]; } || fail_with "$status: $output$stderr"
        assert_equal "$(field c .State.Status)" running
        echo "$before" >"$cgroup/pids.max"
        await 60 trash_is_empty
        assert_equal "$(pocketdocker run --rm "$IMAGE" echo works)" works
        run -0 pocketdocker import "$E2E_HOME/rootfs.tar" more:1
        pocketdocker rmi more:1
}

@test "busctl shows tree, introspection and argument names" {
        pocketdocker create --name c "$IMAGE" true
        local id
        id=$(field c .Id)
        run -0 busctl tree --list org.pocketdocker.Manager
        [[ $output == */org/pocketdocker/Manager* && $output == */org/pocketdocker/container/$id* ]]
        run -0 busctl introspect --xml-interface org.pocketdocker.Manager /org/pocketdocker/Manager
        [[ $output == *'name="options"'* ]]
}

# By those of a container that never runs, and so never ends.
signals_are_seen() { pocketdocker rm "$(pocketdocker create "$IMAGE" true)" && [ -s "$BATS_TEST_TMPDIR/signals" ]; }

@test "busctl runs a container and its end is a signal" {
        busctl monitor --json=short --match "type='signal',sender='org.pocketdocker.Manager'" \
                >"$BATS_TEST_TMPDIR/signals" 2>/dev/null 3>&- &
        local monitor=$!
        await 60 signals_are_seen # systemd 257 does not say that it listens unless to a terminal
        run -0 manager RunContainer 'sa{sv}' "$IMAGE" 2 command as 3 sh -c 'exit 3' name s bused
        assert_match "$output" '^o "/org/pocketdocker/container/[0-9a-f]{64}"$'
        assert_equal "$(pocketdocker wait bused)" 3
        await 60 grep -q '"exited"' "$BATS_TEST_TMPDIR/signals"
        kill $monitor
}

@test "a user who may nothing is refused by polkit, with a sentence, and sees no secrets" {
        start_waiting c -e SECRET=hidden
        run -125 --separate-stderr as alice pocketdocker run "$IMAGE" true
        [ -n "$stderr" ]
        run -1 as alice pocketdocker stop c
        run -1 as alice pocketdocker rm -f c
        assert_equal "$(field c .State.Status)" running
        local path
        path=/org/pocketdocker/container/$(field c .Id)
        run -0 as alice busctl get-property org.pocketdocker.Manager "$path" org.pocketdocker.Container State
        assert_equal "$output" 's "running"'
        run ! as alice busctl get-property org.pocketdocker.Manager "$path" org.pocketdocker.Container Environment
        run ! as alice pocketdocker inspect c
        [[ $output != *hidden* ]]
        run -0 as alice pocketdocker ps --format '{{.Names}}'
        assert_equal "$output" c
}

@test "polkit rules let a user manage his own and nobody else's" {
        printf '%s\n' 'polkit.addRule(function(action, subject) {' \
                ' if (action.id == "org.pocketdocker.manage-own" && (subject.user == "alice" || subject.user == "bob"))' \
                '  return polkit.Result.YES; });' >/etc/polkit-1/rules.d/10-test.rules
        await 60 as alice pocketdocker create --name hers "$IMAGE" sleep 3600
        run -0 as alice pocketdocker start hers
        assert_equal "$(as alice pocketdocker inspect -f '{{.State.Status}}' hers)" running
        run -1 as bob pocketdocker rm -f hers
        run -125 as bob pocketdocker exec hers true
        run -0 as alice pocketdocker rm -f hers
        rm /etc/polkit-1/rules.d/10-test.rules
}

@test "systemd finds nothing to say against the units" {
        systemd-analyze verify --man=no /usr/lib/systemd/system/pocketdocker.service /usr/lib/systemd/system/pocketdocker-containers.service
}

@test "the journal tells starts and ends with their container" {
        pocketdocker run --name told "$IMAGE" sh -c 'exit 6' || true
        local id
        id=$(field told .Id)
        await 60 journal_has "$id"
}

journal_has() { journalctl -q --no-pager "CONTAINER_ID_FULL=$1" | grep -q .; }
