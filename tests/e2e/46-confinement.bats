#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

# status NAME FIELD: of the workload, as the kernel has it.
status() { awk -v f="$2:" '$1 == f { print $2 }' "/proc/$(field "$1" .State.Pid)/status"; }

@test "a filter of system calls holds a workload, its commands and its health checks" {
        pocketdocker run -d --name a --health-cmd 'grep -q "^Seccomp:.2" /proc/self/status' --health-interval 1s "$IMAGE" sleep 3600
        assert_match "$(pocketdocker exec a cat /proc/1/status)" $'Seccomp:\t2'
        assert_match "$(pocketdocker exec a cat /proc/self/status)" $'Seccomp:\t2'
        pocketdocker wait --condition healthy a
        # One filter, ours: nothing between us and the workload adds another.
        assert_match "$(pocketdocker exec a cat /proc/1/status)" $'Seccomp_filters:\t1'
}

@test "the default filter refuses namespaces, mounts, keys and reboot, and lets programs run" {
        run ! pocketdocker run --rm "$IMAGE" unshare -U true
        assert_match "$output" 'Operation not permitted'
        run ! pocketdocker run --rm "$IMAGE" unshare -m true
        run ! pocketdocker run --rm "$IMAGE" mount -t tmpfs none /tmp
        assert_match "$output" 'permi|denied'
        run ! pocketdocker run --rm "$IMAGE" swapoff /tmp
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'chroot / /bin/true && echo ok'
        assert_equal "$output" ok
}

@test "--cap-drop and --cap-add make the set, with and without CAP_, and commands have it too" {
        pocketdocker run -d --name a --cap-drop ALL "$IMAGE" sleep 3600
        assert_equal "$(status a CapBnd)" 0000000000000000
        assert_equal "$(pocketdocker exec a awk '/^CapEff/ { print $2 }' /proc/self/status)" 0000000000000000
        pocketdocker run -d --name b --cap-drop all --cap-add chown --cap-add CAP_KILL "$IMAGE" sleep 3600
        assert_equal "$(status b CapEff)" 0000000000000021
        pocketdocker run -d --name c --cap-add NET_ADMIN --cap-drop CAP_MKNOD "$IMAGE" sleep 3600
        assert_equal "$(status c CapEff)" 00000000a00435fb
        assert_equal "$(pocketdocker exec c awk '/^CapBnd/ { print $2 }' /proc/self/status)" 00000000a00435fb
        pocketdocker run -d --name d --cap-add ALL --cap-drop SYS_ADMIN "$IMAGE" sleep 3600
        assert_equal "$(status d CapEff)" 000001ffffdfffff
        assert_equal "$(pocketdocker inspect -f '{{json .HostConfig.CapAdd}} {{json .HostConfig.CapDrop}}' c)" '["CAP_NET_ADMIN"] ["CAP_MKNOD"]'
}

@test "an added capability brings the system calls that it is for, a dropped one takes them" {
        run -0 pocketdocker run --rm --cap-add SYS_ADMIN "$IMAGE" sh -c 'unshare -m true && echo made'
        assert_equal "$output" made
        run -0 pocketdocker run --rm --cap-add net_admin "$IMAGE" ip link set lo down
        run ! pocketdocker run --rm "$IMAGE" ip link set lo down
        run ! pocketdocker run --rm --cap-drop SYS_CHROOT "$IMAGE" chroot / true
        assert_match "$output" 'Operation not permitted'
}

@test "a capability that there is not is refused by name" {
        run -125 --separate-stderr pocketdocker run --rm --cap-add FLY "$IMAGE" true
        assert_sentence "$stderr" FLY
        run -125 --separate-stderr pocketdocker create --cap-drop CAP_CAP_KILL "$IMAGE" true
        assert_sentence "$stderr" CAP_CAP_KILL
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "seccomp=unconfined takes the filter away, from commands too" {
        pocketdocker run -d --name a --security-opt seccomp=unconfined "$IMAGE" sleep 3600
        assert_equal "$(status a Seccomp)" 0
        assert_match "$(pocketdocker exec a cat /proc/self/status)" $'Seccomp:\t0'
        assert_equal "$(pocketdocker inspect -f '{{json .HostConfig.SecurityOpt}}' a)" '["seccomp=unconfined"]'
        run -0 pocketdocker run --rm --security-opt seccomp=unconfined "$IMAGE" unshare -U true
}

profile() {
        cat >"$E2E_HOME/profile.json"
        echo "seccomp=$E2E_HOME/profile.json"
}

@test "a profile of Docker's form holds the workload, its commands, and what is started again" {
        local opt
        opt=$(profile <<<'{
                "defaultAction": "SCMP_ACT_ALLOW",
                "archMap": [{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] }],
                "syscalls": [
                        { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 },
                        { "name": "sethostname", "action": "SCMP_ACT_ERRNO" },
                        { "names": ["chroot"], "action": "SCMP_ACT_ERRNO", "excludes": { "caps": ["CAP_SYS_CHROOT"] } },
                        { "names": ["rmdir"], "action": "SCMP_ACT_ERRNO", "includes": { "minKernel": "200.0" } },
                        { "names": ["no_such_call"], "action": "SCMP_ACT_KILL" }
                ] }')
        pocketdocker run -d --name a --security-opt "$opt" "$IMAGE" sleep 3600
        run -1 pocketdocker exec a mkdir /tmp/new
        assert_match "$output" 'No space left on device'
        run -0 pocketdocker exec a chroot / rmdir /var/tmp
        pocketdocker stop -t 0 a
        rm "$E2E_HOME/profile.json"
        kill_daemon
        start_daemon
        pocketdocker start a
        run -1 pocketdocker exec a mkdir /tmp/new
        assert_match "$output" 'No space left on device'
        assert_match "$(pocketdocker inspect a)" 'seccomp=.*mkdirat'
        pocketdocker rm -f a
}

@test "a profile's container that runs is held when the daemon comes back, and so are its commands" {
        local opt
        opt=$(profile <<<'{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }] }')
        pocketdocker run -d --name a --security-opt "$opt" "$IMAGE" sleep 3600
        kill_daemon
        start_daemon
        run -1 pocketdocker exec a mkdir /tmp/new
        assert_match "$output" 'No space left on device'
        assert_match "$(pocketdocker exec a cat /proc/self/status)" $'Seccomp:\t2'
}

@test "a profile that is damaged, asks for what there is not or is missing is refused in a sentence" {
        local opt
        opt=$(profile <<<'{ "defaultAction": ')
        run -125 --separate-stderr pocketdocker run --rm --security-opt "$opt" "$IMAGE" true
        assert_match "$stderr" 'no JSON object'
        opt=$(profile <<<'{ "defaultAction": "SCMP_ACT_MAYBE" }')
        run -125 --separate-stderr pocketdocker run --rm --security-opt "$opt" "$IMAGE" true
        assert_sentence "$stderr" SCMP_ACT_MAYBE
        opt=$(profile <<<'{ "defaultAction": "SCMP_ACT_NOTIFY" }')
        run -125 --separate-stderr pocketdocker run --rm --security-opt "$opt" "$IMAGE" true
        assert_sentence "$stderr" SCMP_ACT_NOTIFY
        run -125 --separate-stderr pocketdocker run --rm --security-opt "seccomp=$E2E_HOME/nowhere" "$IMAGE" true
        assert_sentence "$stderr" "$E2E_HOME/nowhere"
        run -125 --separate-stderr pocketdocker run --rm --security-opt apparmor=none "$IMAGE" true
        assert_sentence "$stderr" apparmor
        run -125 --separate-stderr pocketdocker run --rm --security-opt frobnicate "$IMAGE" true
        assert_sentence "$stderr" frobnicate
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "no-new-privileges is on, and false lets setuid programs be what they are" {
        pocketdocker run -d --name a "$IMAGE" sleep 3600
        assert_equal "$(status a NoNewPrivs)" 1
        pocketdocker run -d --name b --security-opt no-new-privileges=false "$IMAGE" sleep 3600
        assert_equal "$(status b NoNewPrivs)" 0
        assert_equal "$(status b Seccomp)" 2
        assert_match "$(pocketdocker exec b cat /proc/self/status)" $'NoNewPrivs:\t0'
        assert_match "$(pocketdocker exec -u app b cat /proc/self/status)" $'Seccomp:\t2'
        pocketdocker run -d --name c --security-opt no-new-privileges "$IMAGE" sleep 3600
        assert_equal "$(status c NoNewPrivs)" 1
        # Busybox says so itself where it does not become root.
        pocketdocker exec a chmod 4755 /bin/busybox
        pocketdocker exec b chmod 4755 /bin/busybox
        run ! pocketdocker exec -u app a su -c true
        assert_match "$output" 'must be suid'
        run ! pocketdocker exec -u app b su -c true
        [[ $output != *'must be suid'* ]] || fail_with "$output"
}

@test "mask= hides paths, unmask= shows what is hidden and lets write what is read-only" {
        run -0 pocketdocker run --rm --security-opt mask=/proc/cpuinfo:/sys/kernel "$IMAGE" sh -c 'wc -c </proc/cpuinfo; ls /sys/kernel | wc -l'
        assert_equal "${lines[*]}" "0 0"
        run -0 pocketdocker run --rm --security-opt unmask=/proc/timer_list "$IMAGE" sh -c 'grep -c /proc /proc/self/mountinfo; mount | grep -c " /proc/timer_list "; true'
        assert_equal "${lines[1]}" 0
        run -0 pocketdocker run --rm --security-opt unmask=ALL "$IMAGE" sh -c 'mount | grep -c " /proc/"; true'
        assert_equal "$output" 0
        run -0 pocketdocker run --rm --security-opt 'unmask=/proc/*' "$IMAGE" sh -c 'mount | grep -c " /proc/"; true'
        assert_equal "$output" 0
        pocketdocker create --name a --security-opt mask=/etc --security-opt unmask=/proc/sys "$IMAGE" true
        assert_match "$(pocketdocker inspect -f '{{json .HostConfig.MaskedPaths}}' a)" '"/proc/kcore".*"/etc"'
        [[ $(pocketdocker inspect -f '{{json .HostConfig.ReadonlyPaths}}' a) != *'"/proc/sys"'* ]]
        run -125 --separate-stderr pocketdocker run --rm --security-opt mask=etc "$IMAGE" true
        assert_sentence "$stderr" etc
}

@test "--sysctl sets what the container's own namespaces have" {
        run -0 pocketdocker run --rm --sysctl net.ipv4.ip_unprivileged_port_start=79 --sysctl kernel.msgmax=4096 --sysctl fs.mqueue.msg_max=7 \
                --sysctl kernel.shm_rmid_forced=1 "$IMAGE" sh -c 'cd /proc/sys && cat net/ipv4/ip_unprivileged_port_start kernel/msgmax fs/mqueue/msg_max kernel/shm_rmid_forced'
        assert_equal "${lines[*]}" "79 4096 7 1"
        [ "$(cat /proc/sys/kernel/msgmax)" != 4096 ]
        pocketdocker create --name a --sysctl net.ipv4.ip_forward=1 "$IMAGE" true
        assert_equal "$(pocketdocker inspect -f '{{json .HostConfig.Sysctls}}' a)" '{"net.ipv4.ip_forward":"1"}'
}

@test "a sysctl of the machine, of the host's network or of no form is refused by name" {
        local before
        before=$(cat /proc/sys/kernel/panic)
        run -125 --separate-stderr pocketdocker run --rm --sysctl kernel.panic=77 "$IMAGE" true
        assert_sentence "$stderr" kernel.panic
        assert_equal "$(cat /proc/sys/kernel/panic)" "$before"
        run -125 --separate-stderr pocketdocker run --rm --network host --sysctl net.ipv4.ip_forward=1 "$IMAGE" true
        assert_sentence "$stderr" net.ipv4.ip_forward
        run -125 --separate-stderr pocketdocker run --rm --ipc host --sysctl kernel.msgmax=4096 "$IMAGE" true
        assert_sentence "$stderr" kernel.msgmax
        run -125 --separate-stderr pocketdocker run --rm --sysctl net/../kernel/panic=1 "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --rm --sysctl net...kernel.panic=1 "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --rm --sysctl net.ipv4.ip_forward "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --rm --sysctl net.ipv4.no_such=1 "$IMAGE" true
        assert_match "$stderr" "net.ipv4.no_such"
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "--shm-size is the size of /dev/shm" {
        run -0 pocketdocker run --rm "$IMAGE" sh -c 'df -k /dev/shm | tail -n 1'
        assert_match "$output" ' 65536 '
        run -0 pocketdocker run --rm --shm-size 8m "$IMAGE" sh -c 'df -k /dev/shm | tail -n 1'
        assert_match "$output" ' 8192 '
        pocketdocker create --name a --shm-size 1g "$IMAGE" true
        assert_equal "$(field a .HostConfig.ShmSize)" 1073741824
        run -0 pocketdocker run --rm --tmpfs /dev/shm:size=1m --shm-size 8m "$IMAGE" sh -c 'df -k /dev/shm | tail -n 1'
        assert_match "$output" ' 1024 '
}

@test "--read-only leaves /dev/shm and --tmpfs writable and nothing else" {
        run -0 pocketdocker run --rm --read-only --tmpfs /run "$IMAGE" sh -c 'for d in / /etc /tmp /dev/shm /run /proc/sys/kernel; do touch $d/x 2>/dev/null && echo $d; done; true'
        assert_equal "${lines[*]}" "/dev/shm /run"
}

# slow_profile N: one that takes half a second to compile, unlike any other.
slow_profile() {
        local calls
        calls=$(printf '"%s" ' accept4 bind brk chdir chmod chown connect creat dup epoll_wait fallocate fchdir fchmod fchown fdatasync flock \
                fsetxattr fstat fsync ftruncate futex getcwd getdents getpgid getsid getxattr ioprio_get kill lchown lgetxattr link linkat listen \
                lseek madvise mkdir mknod mlock mprotect mq_open msgget msync munlock nanosleep open openat pipe poll preadv pwritev readlink \
                recvfrom rename rmdir semget sendto setgid setuid shmget splice statfs symlink tee timer_create truncate umask unlink utime vmsplice)
        # shellcheck disable=SC2086 # words
        printf '%s\n' $calls | jq -cs --argjson n "$1" '{ defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: $n,
                archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] }],
                syscalls: [range(3) as $i | .[] | { name: ., action: "SCMP_ACT_ERRNO", args: [{ index: $i, value: 1000000000000, op: "SCMP_CMP_GT" }] }] }' | profile
}

@test "a start that waits for its filter holds up nobody, and can be taken back" {
        local opt run
        opt=$(slow_profile 1)
        pocketdocker run -d --name a --security-opt "$opt" "$IMAGE" sleep 3600 >/dev/null 2>&1 &
        run=$!
        await 20 pocketdocker container inspect a
        run -0 pocketdocker run --rm "$IMAGE" echo others
        assert_equal "$output" others
        pocketdocker rm -f a
        wait $run || true
        run ! pocketdocker container inspect a

        opt=$(slow_profile 2)
        pocketdocker create --name b --security-opt "$opt" "$IMAGE" sleep 3600
        pocketdocker start b &
        run=$!
        # The first may come before the start does, so it is asked for until that has its answer.
        until process_gone $run; do pocketdocker stop -t 0 b; done
        wait $run || true
        pocketdocker stop -t 0 b
        assert_equal "$(field b .State.Running)" false
}

@test "a start that waits for its filter when the daemon is killed goes on with the next" {
        local opt
        opt=$(slow_profile 3)
        pocketdocker create --name a --restart always --security-opt "$opt" "$IMAGE" sleep 3600
        pocketdocker start a &
        await 20 pocketdocker inspect a
        kill_daemon
        wait $! || true
        start_daemon
        pocketdocker start a
        assert_equal "$(status a Seccomp)" 2
        pocketdocker rm -f a
}

@test "what a container may is on the bus, for its owner" {
        local id
        pocketdocker create --name a --cap-drop ALL --cap-add KILL --cap-add CHOWN --security-opt mask=/proc/cpuinfo "$IMAGE" true
        id=$(field a .Id)
        run -0 bus get-property org.pocketdocker.Manager "/org/pocketdocker/container/$id" org.pocketdocker.Container Capabilities
        assert_equal "$output" 'as 2 "CAP_CHOWN" "CAP_KILL"'
        run -0 bus get-property org.pocketdocker.Manager "/org/pocketdocker/container/$id" org.pocketdocker.Container SecurityOptions
        assert_equal "$output" 'as 1 "mask=/proc/cpuinfo"'
}

# verdicts PID: what the kernel's filter says of each call.
verdicts() { "$PROGRAMS/tests/e2e/seccomp-verdicts" "$1" 2>/dev/null; }

# podman_verdicts FLAG...: of a container of podman's on crun, in a mount namespace where cgroup2 stands alone, as crun wants it.
podman_verdicts() {
        # shellcheck disable=SC2016 # the inner shell's
        unshare --mount --propagation private bash -c '
                verdicts=$1 rootfs=$2 cgroup2=$3
                shift 3
                [ "$cgroup2" = /sys/fs/cgroup ] || mount --bind "$cgroup2" /sys/fs/cgroup
                id=$(podman run -d --network none --cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 "$@" --rootfs "$rootfs" sleep 3600) || exit 1
                "$verdicts" "$(podman inspect -f "{{.State.Pid}}" "$id")"
                podman rm -f -t 0 "$id" >/dev/null' _ \
                "$PROGRAMS/tests/e2e/seccomp-verdicts" "$E2E_HOME/podman-rootfs" "$(cgroup_mount)" "$@" 2>/dev/null
}

# bats test_tags=native
@test "a profile says of each call what it says under podman and crun" {
        local profile=/usr/share/containers/seccomp.json caps
        [ -e "$profile" ] && command -v podman crun >/dev/null || skip "there is no podman with crun to compare with"
        mkdir "$E2E_HOME/podman-rootfs"
        tar -C "$E2E_HOME/podman-rootfs" -xf "$E2E_HOME/rootfs.tar"
        for caps in "--cap-drop ALL" "--cap-drop ALL --cap-add SYS_ADMIN" "--cap-drop ALL --cap-add SYS_PTRACE --cap-add SYS_CHROOT --cap-add SYS_NICE"; do
                # shellcheck disable=SC2086 # flags
                podman_verdicts $caps --security-opt "seccomp=$profile" >"$E2E_HOME/theirs" || skip "podman runs nothing here"
                # shellcheck disable=SC2086 # as above
                pocketdocker run -d --name a $caps --security-opt "seccomp=$profile" "$IMAGE" sleep 3600
                verdicts "$(field a .State.Pid)" >"$E2E_HOME/ours"
                [ "$(wc -l <"$E2E_HOME/ours")" -gt 1000 ]
                diff "$E2E_HOME/theirs" "$E2E_HOME/ours"
                pocketdocker rm -f a
        done
        rm -rf "$E2E_HOME/podman-rootfs"
}
