#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Namespaces of the host and of other containers: what is shared, what stays a wall, and what ends with what.

load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

# inside FLAG VALUE COMMAND...: one run
inside() { pocketdocker run --rm "$1" "$2" "$IMAGE" sh -c "$3"; }

# namespace_of PID TYPE: as the kernel names it
namespace_of() { readlink "/proc/$1/ns/$2"; }

# same NAME OTHER TYPE...: containers whose namespaces of these types are the same
same() {
        local a b type
        a=$(field "$1" .State.Pid) b=$(field "$2" .State.Pid)
        shift 2
        for type in "$@"; do
                assert_equal "$(namespace_of "$a" "$type")" "$(namespace_of "$b" "$type")"
        done
}

# own NAME TYPE...: namespaces that are not the host's
own() {
        local pid type
        pid=$(field "$1" .State.Pid)
        shift
        for type in "$@"; do
                [ "$(namespace_of "$pid" "$type")" != "$(readlink "/proc/self/ns/$type")" ] || fail_with "$type is the host's"
        done
}

@test "with the host's processes in sight, root inside has no power over them" {
        local victim
        sleep 1000 3>&- &
        victim=$!
        run -0 inside --pid host "kill -0 1; kill -9 $victim; ls /proc/$victim/root/; cat /proc/$victim/environ; echo x >/proc/sys/kernel/hostname; tr '\\0' ' ' </proc/$victim/cmdline"
        [[ $output == *"sleep 1000"* ]]
        [ "$(grep -cE 'not permitted|denied|Read-only|nonexistent' <<<"$output")" -ge 4 ] || fail_with "$output"
        kill -0 "$victim"
        kill "$victim"
        assert_nothing_left
}

@test "a container in the host's pid namespace ends as a whole, with its daemon or without" {
        local id pid
        id=$(pocketdocker run -d --name c --pid host "$IMAGE" sh -c 'sleep 2000 & sleep 2000 & echo ready; wait')
        await 20 logged c ready
        pid=$(field c .State.Pid)
        [ "$(processes_of "$id" | wc -l)" -ge 4 ] # the monitor, too
        kill_daemon
        # The first process alone; the monitor ends the others, since no daemon is there.
        kill -KILL "$pid"
        await 20 no_process_of "$id"
        start_daemon
        await 20 state_is c exited
        assert_equal "$(field c .State.ExitCode)" 137
        pocketdocker rm c
        assert_nothing_left
}

@test "--init reaps in the host's pid namespace, too" {
        local id
        id=$(pocketdocker run -d --name c --pid host --init "$IMAGE" sh -c '(sleep 0.01 & echo $!); exec sleep 2000')
        await 20 logged c ''
        await 20 process_gone "$(pocketdocker logs c)"
        await 20 [ ! -e "/proc/$(pocketdocker logs c)" ]
        assert_equal "$(processes_of "$id" | wc -l)" 3 # the monitor, the one that reaps, and the workload
}

@test "the host's ipc, host name and cgroups are shared, and no more than seen" {
        local shm
        shm=$(mktemp /dev/shm/pocketdocker.XXXXXX)
        echo from-host >"$shm"
        chmod 644 "$shm"
        run -1 inside --ipc host "cat $shm; readlink /proc/self/ns/ipc; echo x >>$shm"
        [[ $output == *from-host*"$(readlink /proc/self/ns/ipc)"*denied* ]] || fail_with "$output"
        rm "$shm"
        assert_equal "$(inside --uts host hostname)" "$(hostname)"
        run -1 inside --uts host 'hostname other 2>/dev/null'
        run -0 inside --cgroupns host 'mkdir /sys/fs/cgroup/x 2>&1; tail -n 1 /proc/self/cgroup'
        assert_match "$output" "Read-only"
        assert_match "$output" "/payload"
        assert_nothing_left
}

@test "a private ipc of mode none has no /dev/shm, and nobody joins it" {
        run -1 inside --ipc none 'test -d /dev/shm'
        start_waiting a --ipc none
        run -125 --separate-stderr pocketdocker run --rm --ipc container:a "$IMAGE" true
        assert_sentence "$stderr" a
}

@test "a container joins another's namespaces, and its user namespace with them" {
        start_waiting a
        pocketdocker exec a sh -c 'echo shared >/dev/shm/file'
        start_waiting b --pid container:a --ipc container:a --uts container:a --network container:a
        same a b pid ipc uts net user
        own b pid ipc uts net user mnt
        [ "$(namespace_of "$(field a .State.Pid)" mnt)" != "$(namespace_of "$(field b .State.Pid)" mnt)" ]
        assert_equal "$(pocketdocker exec b cat /dev/shm/file)" shared
        # As root of the same ids it may look, and signal, which is what such a container is for.
        assert_equal "$(pocketdocker exec b sh -c 'kill -0 1 && ls -d /proc/1/root/bin')" /proc/1/root/bin
        assert_equal "$(pocketdocker exec b hostname)" "$(pocketdocker exec a hostname)"
        assert_equal "$(pocketdocker exec b sh -c 'touch /tmp/f && ls -ln /tmp/f | cut -c 1-10; id -u')" $'-rw-r--r--\n0'
        # What it does not join is its own.
        [[ $(pocketdocker exec a ls /tmp) != *f* ]]
}

@test "each namespace can be joined by itself" {
        local flag type
        start_waiting a
        for flag in pid:pid ipc:ipc uts:uts network:net; do
                type=${flag#*:} flag=${flag%:*}
                start_waiting "b-$flag" "--$flag" container:a
                same a "b-$flag" "$type" user
                for other in pid ipc uts net mnt cgroup; do
                        [ "$other" = "$type" ] || [ "$(namespace_of "$(field a .State.Pid)" "$other")" != \
                                "$(namespace_of "$(field "b-$flag" .State.Pid)" "$other")" ] || fail_with "--$flag shares $other"
                done
                assert_equal "$(pocketdocker exec "b-$flag" echo works)" works
        done
}

@test "a server is reached over loopback by a container that joined its network" {
        pocketdocker run -d --name web "$IMAGE" sh -c 'mkdir /www; echo page >/www/index.html; exec busybox httpd -f -p 8080 -h /www' >/dev/null
        await 20 pocketdocker run --rm --network container:web "$IMAGE" wget -qO- http://127.0.0.1:8080/index.html
        assert_equal "$(pocketdocker run --rm --network container:web "$IMAGE" wget -qO- http://127.0.0.1:8080/index.html)" page
}

@test "when the pid namespace that was joined ends, so does who joined it; without it there is no start" {
        start_waiting a
        start_waiting b --pid container:a
        pocketdocker stop a >/dev/null
        await 20 state_is b exited
        assert_equal "$(field b .State.ExitCode)" 137
        run -125 --separate-stderr pocketdocker start b
        assert_sentence "$stderr" a
        pocketdocker start a >/dev/null
        pocketdocker start b >/dev/null
        same a b pid user
        pocketdocker rm -f a >/dev/null
        await 20 state_is b exited
        run -125 --separate-stderr pocketdocker start b
        assert_sentence "$stderr" b
        [[ $stderr == *"does not exist any more"* ]]
        assert_equal "$(wc -l <<<"$stderr")" 1
}

@test "who shares a network goes on when the other stops, and keeps its ids to itself" {
        local first second
        start_waiting a
        start_waiting b --network container:a
        first=$(awk '{ print $2 }' "/proc/$(field b .State.Pid)/uid_map")
        pocketdocker rm -f a >/dev/null
        assert_equal "$(pocketdocker exec b echo on)" on
        # The ids are not given to another while they are in use, by this daemon or its successor.
        for _ in 1 2 3; do
                start_waiting c
                second=$(awk '{ print $2 }' "/proc/$(field c .State.Pid)/uid_map")
                [ "$first" != "$second" ] || fail_with "the ids $first are used twice"
                pocketdocker rm -f c >/dev/null
                kill_daemon
                start_daemon
        done
        assert_equal "$(pocketdocker exec b echo on)" on
}

@test "what cannot be joined is refused with a sentence, and makes nothing" {
        start_waiting a
        start_waiting b
        run -125 --separate-stderr pocketdocker run --rm --pid container:a --network container:b "$IMAGE" true
        assert_sentence "$stderr" a
        run -125 --separate-stderr pocketdocker run --rm --pid container:nobody "$IMAGE" true
        assert_sentence "$stderr" nobody
        run -125 --separate-stderr pocketdocker run --rm --uts host --hostname x "$IMAGE" true
        assert_sentence "$stderr" uts
        run -125 --separate-stderr pocketdocker run --rm --pid elsewhere "$IMAGE" true
        assert_sentence "$stderr" elsewhere
        run -125 --separate-stderr pocketdocker run --rm --cgroupns container:a "$IMAGE" true
        assert_sentence "$stderr" container:a
        assert_equal "$(pocketdocker ps -aq | wc -l)" 2
        # Three of one: what joined shares its ids already.
        start_waiting c --network container:a
        pocketdocker run --rm --network container:c --pid container:a "$IMAGE" true
}

@test "inspect tells the modes, containers by their ids, and the host's as such" {
        local id
        start_waiting a --pid host
        id=$(field a .Id)
        pocketdocker create --name b --pid container:a --ipc container:a --uts container:a --network container:a "$IMAGE" true >/dev/null
        assert_equal "$(shown b '{{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.UTSMode}} {{.HostConfig.NetworkMode}}')" \
                "host container:$id container:$id container:$id"
        pocketdocker create --name c "$IMAGE" true >/dev/null
        assert_equal "$(shown c '{{.HostConfig.PidMode}}|{{.HostConfig.IpcMode}}|{{.HostConfig.UTSMode}}|{{.HostConfig.CgroupnsMode}}|{{.HostConfig.Privileged}}')" \
                "|private||private|false"
        pocketdocker rename a renamed
        assert_equal "$(field b .HostConfig.IpcMode)" "container:$id"
}

@test "a policy brings back both, whichever comes first" {
        start_waiting a --restart always
        start_waiting b --restart always --pid container:a
        kill -KILL "$(field a .State.Pid)"
        await 60 eval 'state_is a running && state_is b running && [ "$(field b .RestartCount)" -ge 1 ]'
        same a b pid
}

# groups_of FLAG...: as numbers, the user's own first
groups_of() { pocketdocker run --rm "$@" "$IMAGE" sh -c 'echo $(id -g): $(sed -n "s/^Groups://p" /proc/self/status)'; }

@test "a user has the groups of the image's group file, and those that are added" {
        assert_equal "$(groups_of)" "0: 0"
        assert_equal "$(groups_of -u app)" "1000: 50 1000"
        assert_equal "$(groups_of -u 1000)" "1000: 50 1000"
        assert_equal "$(groups_of -u app:staff)" "50: 50"
        assert_equal "$(groups_of -u 77)" "0: 0"
        assert_equal "$(groups_of --group-add staff --group-add 77)" "0: 0 50 77"
        assert_equal "$(groups_of -u app --group-add nogroup)" "1000: 50 1000 65534"
        start_waiting c --group-add 77
        assert_equal "$(pocketdocker exec -u app c sh -c 'echo $(sed -n "s/^Groups://p" /proc/self/status)')" "50 77 1000"
        assert_equal "$(shown c '{{json .HostConfig.GroupAdd}}')" '["77"]'
        pocketdocker rm -f c
        run -125 --separate-stderr pocketdocker run --rm --group-add nosuchgroup "$IMAGE" true
        assert_sentence "$stderr" nosuchgroup
        run -125 --separate-stderr pocketdocker run --rm --group-add 65536 "$IMAGE" true
        assert_sentence "$stderr" 65536
        run -125 --separate-stderr pocketdocker run --rm --group-add a:b "$IMAGE" true
        assert_sentence "$stderr" a:b
        assert_nothing_left
}

@test "a group with more members than a page has is read as any other" {
        local dir
        dir=$(mktemp -d "$E2E_HOME/many.XXXXXX")
        tar -C "$dir" -xf "$E2E_HOME/rootfs.tar"
        printf 'many:x:60:%sapp\n' "$(seq -s , -f 'user%.0f' 1000),"  >>"$dir/etc/group"
        tar -C "$dir" --numeric-owner -cf "$E2E_HOME/many.tar" .
        assert_equal "$(pocketdocker run --rm -u app "$E2E_HOME/many.tar" sh -c 'echo $(sed -n "s/^Groups://p" /proc/self/status)')" "50 60 1000"
        rm -rf "$dir" "$E2E_HOME/many.tar"
}

@test "without a user namespace root is root, held by capabilities, filter, masks and devices" {
        local disk
        run -0 pocketdocker run --rm --userns host "$IMAGE" sh -c 'cat /proc/self/uid_map; sed -n -E "s/^(CapEff|Seccomp|NoNewPrivs):\s*/\1 /p" /proc/self/status; echo x >/file && stat -c %u /file /bin/busybox'
        assert_match "${lines[0]}" "^ +0 +0 +4294967295$"
        assert_equal "${lines[1]}|${lines[2]}|${lines[3]}|${lines[4]}|${lines[5]}" "CapEff 00000000a80425fb|NoNewPrivs 1|Seccomp 2|0|0"
        # It may make a node, and not use it.
        disk=$(find /dev -maxdepth 1 -type b | head -n 1)
        [ -n "$disk" ] || skip "no block device is here"
        run -1 pocketdocker run --rm --userns host "$IMAGE" sh -c "mknod /node b $((0x$(stat -c %t "$disk"))) $((0x$(stat -c %T "$disk"))) && ls /node && head -c 1 /node 2>&1"
        assert_equal "${lines[0]}" /node
        assert_match "$output" "not permitted"
        run -0 pocketdocker run --rm --userns host "$IMAGE" sh -c 'echo x >/dev/null && head -c 2 /dev/urandom >/dev/null && : >/dev/ptmx && echo usual'
        assert_equal "$output" usual
        run -1 pocketdocker run --rm --userns host "$IMAGE" sh -c 'cat /proc/sys/kernel/panic >/proc/sys/kernel/panic'
        assert_match "$output" "Read-only"
        assert_nothing_left
}

@test "what root without a user namespace leaves on disk belongs to no user of the host" {
        local id
        id=$(pocketdocker run -d --name c --userns host "$IMAGE" sh -c 'mkdir /made && touch /made/file && chown 1000 /made/file && mknod /made/node c 1 3; echo ready; sleep 1000')
        await 20 logged c ready
        assert_equal "$(awk '/^Uid/ { print $2 }' "/proc/$(field c .State.Pid)/status")" 0
        [ -z "$(find "$STATE/containers/$id/upper" -uid -65536 2>/dev/null)" ]
        assert_equal "$(pocketdocker exec -u app c stat -c %u /made/file)" 1000
        assert_equal "$(pocketdocker top c | awk 'NR == 2 { print $1 }')" 0
        kill_daemon
        start_daemon
        assert_equal "$(pocketdocker exec c id -u)" 0
        pocketdocker restart -t 0 c
        pocketdocker rm -f c
        assert_nothing_left
        await 20 trash_is_empty
}

@test "who has no user namespace joins and is joined as the host's root" {
        start_waiting a
        start_waiting h --userns host --pid container:a --network container:a --ipc container:a --uts container:a
        same a h pid net ipc uts
        assert_equal "$(namespace_of "$(field h .State.Pid)" user)" "$(readlink /proc/self/ns/user)"
        assert_equal "$(pocketdocker exec h sh -c 'kill -0 1 && echo seen')" seen
        start_waiting i --userns host
        run -125 --separate-stderr pocketdocker run --rm --pid container:i "$IMAGE" true
        assert_sentence "$stderr" i
        assert_equal "$(pocketdocker run --rm --userns host --pid container:i "$IMAGE" sh -c 'kill -0 1 && echo seen')" seen
}

@test "--privileged without a user namespace is all of root" {
        local disk
        modprobe -q loop || true # it may be built in
        disk=$(losetup -f --show "$E2E_HOME/rootfs.tar" -r) || skip "this kernel has no loop devices"
        run -0 pocketdocker run --rm --privileged --userns host "$IMAGE" sh -c "head -c 1 $disk | wc -c; cat /proc/sys/kernel/panic >/proc/sys/kernel/panic && echo written; stat -c %u $disk"
        losetup -d "$disk"
        assert_equal "$output" $'1\nwritten\n0'
}

@test "keep-id makes the caller himself inside, and all others the container's" {
        local uid gid pid first
        uid=$(id -u) gid=$(id -g)
        run -0 pocketdocker run --rm --userns keep-id "$IMAGE" sh -c 'id -u; id -g; cat /proc/self/uid_map; touch /tmp/f; stat -c %u:%g /tmp/f'
        assert_equal "${lines[0]}:${lines[1]}" "$uid:$gid"
        assert_match "$output" "^ +$uid +$uid +1$|"$'\n'" +$uid +$uid +1"$'\n'
        assert_equal "${lines[-1]}" "$uid:$gid"
        start_waiting c --userns keep-id
        pid=$(field c .State.Pid)
        assert_equal "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" "$uid"
        assert_equal "$(pocketdocker exec -u app c sh -c 'touch /tmp/g && stat -c %u /tmp/g')" 1000
        assert_equal "$(pocketdocker top c | awk 'NR == 2 { print $1 }')" "$uid"
        [ -z "$(find "$STATE/containers/$(field c .Id)/upper" -uid -65536)" ]
        # Who joins it has the same ids.
        start_waiting d --pid container:c
        assert_equal "$(cat "/proc/$(field d .State.Pid)/uid_map")" "$(cat "/proc/$pid/uid_map")"
        assert_equal "$(pocketdocker exec d sh -c 'touch /tmp/h && stat -c %u /tmp/h')" "0"
        pocketdocker rm -f c d
        # The ids go to the next, their shift does not.
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'cat /proc/self/uid_map; touch /tmp/f; stat -c %u /tmp/f'
        assert_match "${lines[0]}" "^ +0 +[0-9]{6,} +65536$"
        run -125 --separate-stderr pocketdocker run --rm --userns keep-id:70000 "$IMAGE" true
        assert_sentence "$stderr" "--userns keep-id"
        run -125 --separate-stderr pocketdocker run --rm --userns auto "$IMAGE" true
        assert_sentence "$stderr" auto
        assert_nothing_left
}

# bats test_tags=embedded,native
@test "a state directory on a file system that cannot map ids is named when a start fails" {
        local dir=$E2E_HOME/overlay state=$STATE run=$RUN
        mkdir -p "$dir"/{lower,upper,work,merged}
        mount -t overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" none "$dir/merged"
        # An engine of its own, which ends before the mount does.
        STATE=$dir/merged/state RUN=$dir/run
        export POCKETDOCKER_ROOT=$STATE POCKETDOCKER_RUN_ROOT=$RUN
        pocketdocker import "$E2E_HOME/rootfs.tar" "$IMAGE" >/dev/null
        run -125 --separate-stderr pocketdocker run --rm "$IMAGE" true
        local said=$stderr left pid
        left=$(pocketdocker ps -aq)
        pid=$(daemon_pid)
        kill -TERM "$pid"
        await 20 process_gone "$pid"
        rmdir "$(engine_cgroup)" 2>/dev/null || true
        umount "$dir/merged"
        rm -rf "$dir"
        STATE=$state RUN=$run
        export POCKETDOCKER_ROOT=$STATE POCKETDOCKER_RUN_ROOT=$RUN
        assert_equal "$left" ""
        assert_equal "$(wc -l <<<"$said")" 1
        assert_match "$said" "$dir/merged/state/.*cannot map user ids: it is of type 'overlay'"
}
