#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Devices of the host in a container: those that are given, as they are given, and no other.

load helpers

setup_file() {
        setup_engine
        # A disk of our own: a loop device over a file.
        truncate -s 4M "$E2E_HOME/disk"
        modprobe -q loop || true # it may be built in
        DISK=$(losetup -f --show "$E2E_HOME/disk") || DISK=
        [ -z "$DISK" ] || DISK_MODE=$(stat -c %a "$DISK") DISK_GROUP=$(stat -c %g "$DISK")
        export DISK DISK_MODE DISK_GROUP
}
teardown_file() {
        [ -z "${DISK:-}" ] || {
                losetup -d "$DISK"
                chgrp "$DISK_GROUP" "$DISK"
                chmod "$DISK_MODE" "$DISK"
        }
        teardown_engine
}
teardown() { teardown_test; }

needs_disk() { [ -n "$DISK" ] || skip "this kernel has no loop devices"; }

# with FLAG VALUE COMMAND: one run
with() { pocketdocker run --rm "$1" "$2" "$IMAGE" sh -c "$3" 2>&1; }

@test "a device is the container's root's own, with the mode that it has outside" {
        needs_disk
        chmod 660 "$DISK"
        chgrp 50 "$DISK"
        run -0 with --device "$DISK:/dev/disk" 'stat -c "%F %a %u %g %t:%T" /dev/disk; echo data >/dev/disk && head -c 4 /dev/disk'
        assert_equal "${lines[0]}" "block special file 660 0 50 $(stat -c %t:%T "$DISK")"
        assert_equal "${lines[1]}" data
        assert_equal "$(head -c 4 "$E2E_HOME/disk")" data
        # Who is in its group may use it, as outside.
        assert_equal "$(pocketdocker run --rm -u app --device "$DISK" "$IMAGE" head -c 4 "$DISK")" data
        run -1 pocketdocker run --rm -u 77:77 --device "$DISK" "$IMAGE" head -c 4 "$DISK"
        assert_equal "$(pocketdocker run --rm -u 77:77 --group-add 50 --device "$DISK" "$IMAGE" head -c 4 "$DISK")" data
        assert_nothing_left
}

@test "one for reading is not written, one for writing not read, and the usual ones go on" {
        needs_disk
        echo data >"$E2E_HOME/disk.data"
        dd if="$E2E_HOME/disk.data" of="$DISK" conv=notrunc status=none
        run -1 with --device "$DISK:/dev/disk:r" 'head -c 4 /dev/disk; echo; echo more >/dev/disk'
        assert_equal "${lines[0]}" data
        assert_match "$output" "not permitted"
        run -0 with --device "$DISK:/dev/disk:w" 'head -c 4 /dev/disk; echo more >/dev/disk && echo wrote'
        assert_match "$output" "not permitted"
        assert_match "$output" wrote
        run -0 with --device "$DISK:r" 'echo x >/dev/null && head -c 2 /dev/zero /dev/urandom >/dev/null && : >/dev/ptmx; echo on'
        assert_match "$output" '^on$'
        # An exec and a probe are held to it as well.
        start_waiting c --device "$DISK:/dev/disk:r"
        run -1 pocketdocker exec c sh -c 'echo more >/dev/disk'
        # A rule allows what a device does not.
        assert_equal "$(pocketdocker run --rm --device "$DISK:/dev/disk:r" --device-cgroup-rule 'b *:* rw' "$IMAGE" sh -c 'echo more >/dev/disk && echo wrote')" wrote
}

@test "root makes no node, and opens none that it was not given" {
        needs_disk
        run -0 with --device "$DISK:/dev/disk" "mknod /tmp/n b $((0x$(stat -c %t "$DISK"))) $((0x$(stat -c %T "$DISK"))) 2>&1; ls /dev"
        assert_match "$output" "not permitted"
        [[ $output != *loop* && $output != *kmsg* && $output != *mem* ]] || fail_with "$output"
}

@test "a device may be named as outside, by a link, or be one of a directory" {
        needs_disk
        ln -s "$DISK" "$E2E_HOME/by-name"
        run -0 with --device "$E2E_HOME/by-name:/dev/disk" 'stat -c %F /dev/disk'
        assert_equal "$output" "block special file"
        mkdir -p "$E2E_HOME/nodes/deep"
        mknod "$E2E_HOME/nodes/one" c 1 5
        mknod "$E2E_HOME/nodes/deep/two" c 1 7
        : >"$E2E_HOME/nodes/file"
        run -0 with --device "$E2E_HOME/nodes:/dev/nodes" 'cd /dev/nodes; find . -type c | sort | tr "\n" " "; ls; head -c 3 one | wc -c'
        assert_equal "${lines[0]}" "./deep/two ./one deep"
        assert_equal "${lines[-1]}" 3
        run -0 with --device "/dev/null:/opt/deep/null" 'echo x >/opt/deep/null; stat -c %F /opt/deep/null'
        assert_equal "$output" "character special file"
        assert_nothing_left
}

@test "what is no device is refused with one sentence and leaves nothing, foreground or background" {
        local what flags
        : >"$E2E_HOME/file"
        mkdir -p "$E2E_HOME/empty"
        for what in /nowhere "$E2E_HOME/file" "$E2E_HOME/empty"; do
                for flags in --rm "--rm -d" -d "--rm -t"; do
                        # shellcheck disable=SC2086 # several flags
                        run -125 --separate-stderr pocketdocker run $flags --device "$what" "$IMAGE" true
                        assert_sentence "$stderr" "$what"
                        assert_equal "$(pocketdocker ps -aq)" ""
                done
        done
        for what in relative /dev/null:rwx /dev/null:/dev/x:rr /dev/null:dev/x:r /: ''; do
                run -125 --separate-stderr pocketdocker run --rm --device "$what" "$IMAGE" true
                assert_sentence "$stderr" "$what"
        done
        for what in 'c 1:3' 'x 1:3 r' 'c 1 r' 'c 1:3 x' 'c -1:3 r' 'c  1:3 r'; do
                run -125 --separate-stderr pocketdocker run --rm --device-cgroup-rule "$what" "$IMAGE" true
                assert_sentence "$stderr" "$what"
        done
        assert_nothing_left
}

@test "a device that went away fails the next start with a sentence, and one that came back is found by its name" {
        mknod "$E2E_HOME/comes" c 1 3
        pocketdocker run --name c --device "$E2E_HOME/comes:/dev/comes" "$IMAGE" stat -c %t:%T /dev/comes >"$E2E_HOME/first"
        assert_equal "$(cat "$E2E_HOME/first")" 1:3
        rm "$E2E_HOME/comes"
        run -125 --separate-stderr pocketdocker start c
        assert_sentence "$stderr" "$E2E_HOME/comes"
        mknod "$E2E_HOME/comes" c 1 5
        assert_equal "$(pocketdocker start -a c)" 1:5
}

@test "inspect tells devices, what may be done with them, and rules" {
        pocketdocker create --name c --device /dev/null:/dev/x:rw --device /dev/zero --device-cgroup-rule 'c 10:* rw' "$IMAGE" true >/dev/null
        assert_equal "$(shown c '{{range .HostConfig.Devices}}{{.PathOnHost}} {{.PathInContainer}} {{.CgroupPermissions}};{{end}}')" \
                "/dev/null /dev/x rw;/dev/zero /dev/zero rwm;"
        assert_equal "$(shown c '{{json .HostConfig.DeviceCgroupRules}}')" '["c 10:* rw"]'
}

# all NAME...: as the kernel tells them
status_of() { pocketdocker run --rm "$@" "$IMAGE" sh -c 'sed -n -E "s/^(CapEff|CapBnd|NoNewPrivs|Seccomp):\s*/\1 /p" /proc/self/status'; }

@test "--privileged takes filter, masks and bounds away, and leaves the user namespace" {
        local all
        all=$(printf '%016x' $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1)))
        assert_equal "$(status_of --privileged | sort | tr '\n' ' ')" "CapBnd $all CapEff $all NoNewPrivs 0 Seccomp 0 "
        run -0 pocketdocker run --rm --privileged "$IMAGE" sh -c 'mount -t tmpfs none /tmp && hostname other && hostname; echo 1 >/proc/sys/net/ipv4/ip_forward && echo forward
                grep -E " /proc/(sys|irq|bus|fs|keys|kcore) | /sys/firmware " /proc/self/mountinfo | wc -l; cat /proc/self/uid_map'
        assert_equal "${lines[0]}" other
        assert_equal "${lines[1]}" forward
        assert_equal "${lines[2]}" 0
        [ "$(awk 'END { print $2 }' <<<"$output")" -ge 524288 ] || fail_with "$output"
        # What only the host's root may, stays that.
        run -1 pocketdocker run --rm --privileged "$IMAGE" sh -c 'echo 1 2>/dev/null >/proc/sys/kernel/panic'
        assert_equal "$(field "$(pocketdocker create --privileged "$IMAGE" true)" .HostConfig.Privileged)" true
        # A user who is not root has no capability, as anywhere.
        assert_match "$(status_of --privileged -u app)" "CapEff 0000000000000000"
}

@test "--privileged sees all devices of the host, with the owners that they have there" {
        needs_disk
        chmod 600 "$DISK"
        run -0 pocketdocker run --rm --privileged "$IMAGE" sh -c "stat -c %u:%a $DISK; head -c 1 $DISK 2>&1; echo x >/dev/null; ls -d /dev/pts /dev/shm /dev/ptmx /dev/fd"
        assert_equal "${lines[0]}" 65534:600
        assert_match "$output" "Permission denied"
        # Given by name it is the container's.
        assert_equal "$(pocketdocker run --rm --privileged --device "$DISK:/dev/mine" "$IMAGE" stat -c %u:%a /dev/mine)" 0:600
        run -0 pocketdocker run --rm --privileged "$IMAGE" find /dev -type c -o -type b
        assert_equal "$(grep -cxE '/dev/(loop[0-9]+|kmsg)' <<<"$output")" "$(find /dev -maxdepth 1 \( -type c -o -type b \) -regextype posix-extended -regex '/dev/(loop[0-9]+|kmsg)' | wc -l)"
        assert_nothing_left
}

@test "a privileged container divides its cgroup, is held in it, and leaves nothing of it" {
        local deep
        deep=$(printf 'x/%.0s' {1..15})
        pocketdocker run -d --name c --privileged "$IMAGE" sh -c "cd /sys/fs/cgroup && mkdir -p a/$deep b && echo \$\$ >a/cgroup.procs && sleep 1000" >/dev/null
        await 20 pocketdocker exec c grep -q '^0::/a$' /proc/1/cgroup
        run -1 pocketdocker exec c mkdir "/sys/fs/cgroup/a/$deep/deeper"
        # Its limits are not its own.
        run -1 pocketdocker exec c sh -c 'echo 1 2>/dev/null >/sys/fs/cgroup/cgroup.max.depth'
        pocketdocker pause c
        pocketdocker unpause c
        pocketdocker stop -t 0 c
        assert_equal "$(pocketdocker start c)" c
        pocketdocker rm -f c
        assert_nothing_left
}
