#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

@test "the workload is process 1 and sees no other" {
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'echo $$; ls -d /proc/[0-9]*'
        assert_equal "${lines[0]}" 1
        [ ${#lines[@]} -le 3 ]
}

@test "every namespace is the container's own" {
        local ns
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'cd /proc/self/ns && for n in cgroup ipc mnt net pid user uts; do readlink $n; done'
        assert_equal "${#lines[@]}" 7
        for ns in "${lines[@]}"; do
                [ "$ns" != "$(readlink "/proc/self/ns/${ns%%:*}")" ] || fail_with "shared with the host: $ns"
        done
}

@test "root inside is nobody outside, and each container has ids of its own" {
        local first second
        pocketdocker run -d --name a "$IMAGE" sleep 3600
        pocketdocker run -d --name b "$IMAGE" sleep 3600
        first=$(awk '/^Uid/ { print $2 }' "/proc/$(field a .State.Pid)/status")
        second=$(awk '/^Uid/ { print $2 }' "/proc/$(field b .State.Pid)/status")
        [ "$first" -ge 65536 ]
        [ "$second" -ge 65536 ]
        [ "$first" != "$second" ]
        run -0 pocketdocker exec a id -u
        assert_equal "$output" 0
        run -0 pocketdocker exec a stat -c '%u:%g' / /bin/busybox /home/app
        assert_equal "${lines[*]}" "0:0 0:0 1000:1000"
}

@test "capabilities are Docker's fourteen at most, and no privilege can be gained" {
        run -0 pocketdocker run --rm "$IMAGE" grep -E '^(Cap|NoNewPrivs)' /proc/self/status
        assert_equal "$(awk '{ print $1 $2 }' <<<"$output" | tr '\n' ' ')" \
                "CapInh:0000000000000000 CapPrm:00000000a80425fb CapEff:00000000a80425fb CapBnd:00000000a80425fb CapAmb:0000000000000000 NoNewPrivs:1 "
}

@test "the usual devices are there and no others" {
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'cd /dev && for d in null zero full random urandom tty; do stat -c "%n %t:%T %a" $d; done'
        assert_equal "${lines[*]}" "null 1:3 666 zero 1:5 666 full 1:7 666 random 1:8 666 urandom 1:9 666 tty 5:0 666"
        run -0 pocketdocker run --rm "$IMAGE" ls /dev
        assert_equal "${lines[*]}" "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'echo x >/dev/null && head -c 3 /dev/zero | wc -c && echo data >/dev/shm/file'
        run -1 pocketdocker run --rm "$IMAGE" mknod /dev/disk b 8 0
}

@test "/proc and /sys show what they should and hide what they must" {
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'wc -c </proc/kcore; for d in /proc/acpi /sys/firmware; do ls -A $d; done 2>/dev/null | wc -l'
        [[ $output != *[1-9]* ]]
        run -1 pocketdocker run --rm "$IMAGE" sh -c 'echo 0 >/proc/sys/kernel/printk'
        run -1 pocketdocker run --rm "$IMAGE" sh -c 'echo b >/proc/sysrq-trigger'
        run -1 pocketdocker run --rm "$IMAGE" mkdir /sys/fs/cgroup/escape
        run -0 pocketdocker run --rm "$IMAGE" cat /proc/self/cgroup
        [[ $output == *0::/* && $output != *pocketdocker* ]]
}

@test "the host's mounts and files are out of sight" {
        echo secret >"$E2E_HOME/secret"
        run -0 pocketdocker run --rm "$IMAGE" cat /proc/self/mountinfo
        [[ $output != *"$E2E_HOME"* ]]
        run ! pocketdocker run --rm "$IMAGE" cat "$E2E_HOME/secret"
        run ! pocketdocker run --rm "$IMAGE" sh -c 'cat /proc/1/root/../../../..'"$E2E_HOME/secret"
}

@test "no descriptor of the engine or the caller enters" {
        exec 7<"$E2E_HOME/rootfs.tar"
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'ls /proc/$$/fd; true'
        exec 7<&-
        assert_match "${lines[*]}" '^0 1 2( 10)?$'
}

@test "the host sees no mount of a running container" {
        local before
        before=$(wc -l </proc/self/mountinfo)
        start_waiting c
        [ -z "$(grep -E " ($STATE|$RUN)/" /proc/self/mountinfo)" ]
        [ -z "$(grep -E "$(field c .Id)" /proc/self/mountinfo)" ]
}

@test "no file under the state directory belongs to a user of the host" {
        pocketdocker run --name c -u app "$IMAGE" sh -c 'echo data >/home/app/file; echo more >/tmp/file'
        local owners
        owners=$(find "$STATE/images" "$STATE/containers" -printf '%U\n' | sort -un | awk '$1 != 0 && $1 < 2147352576')
        assert_equal "$owners" ""
        [ -n "$(find "$STATE/containers" -name file -uid +2147352575)" ]
}

@test "a workload cannot write its monitor's or its log's files" {
        run ! pocketdocker run --rm "$IMAGE" sh -c 'ls /proc/1/root/var/lib/pocketdocker* /var/lib/pocketdocker* 2>/dev/null'
        start_waiting c
        [ "$(stat -c %a "$STATE")" = 700 ]
}

@test "a workload may not reach the host's kernel settings through its user namespace" {
        run ! pocketdocker run --rm "$IMAGE" mount -t tmpfs none /mnt
        run ! pocketdocker run --rm "$IMAGE" unshare -n true
        run ! pocketdocker run --rm "$IMAGE" chroot /proc/1/cwd/../../.. ls "$E2E_HOME"
}

# The network namespace that the daemon has ready for the next container.
ready_network() { find "/proc/$(daemon_pid)/fd" -lname 'net:*' -printf '%l\n' | grep .; }

@test "a start takes namespaces that were made before it, which nobody had" {
        local first second
        start_waiting a
        await 20 ready_network
        first=$(ready_network)
        start_waiting b
        assert_equal "$(readlink "/proc/$(field b .State.Pid)/ns/net")" "$first"
        run -0 pocketdocker exec b sh -c 'cat /proc/self/uid_map; ifconfig lo; ls /sys/class/net'
        assert_match "${lines[0]}" '^ +0 +[0-9]+ +65536$'
        [[ $output == *127.0.0.1*UP* ]]
        assert_equal "${lines[-1]}" lo
        await 20 ready_network
        second=$(ready_network)
        [ "$second" != "$first" ]
        # One that shares another's network has no use for it.
        pocketdocker run -d --name c --network container:a "$IMAGE" sleep 3600
        assert_equal "$(ready_network)" "$second"
        # And what was ready goes with the daemon.
        kill_daemon
        revive
        pocketdocker rm -f a b c
        await 20 no_namespace "$second"
}

# Has no process it, in itself or as an open file?
no_namespace() { ! find /proc/[0-9]*/ns/net /proc/[0-9]*/fd -lname "$1" 2>/dev/null | grep -q .; }

user_namespaces_of_daemon() { find "/proc/$(daemon_pid)/fd" -lname 'user:*' | wc -l; }
at_most_user_namespaces() { [ "$(user_namespaces_of_daemon)" -le "$1" ]; }

@test "what comes after a container has its ids and its user namespace, and shifts its files as well" {
        local round
        start_waiting c
        for round in {1..50}; do # what one has is made ready while the one before goes
                run -0 pocketdocker run --rm -u app "$IMAGE" sh -c 'echo x >/home/app/file && stat -c %u /home/app/file'
                assert_equal "$output" 1000
        done
        await trash_is_empty
        await 20 ready_network
        [ "$(user_namespaces_of_daemon)" -ge 1 ]
        # 32 ranges are kept for later with one each, c has one, and what is made ready two; of what each left there would be 50.
        await 20 at_most_user_namespaces 35
}
