#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Escapes that have worked somewhere, each named after what it was. tests/hostile/escape tries them from within; what they
# would have reached is looked at from outside.
load helpers

setup_file() {
        local file
        for file in "$PROGRAMS/tests/hostile/escape" "$E2E_SOURCE/../hostile/escape"; do
                [ ! -x "$file" ] || export ESCAPE=$file
        done
        export KEY=pocketdocker-test-key-$$
        # The engine is started from a session that has a key, as one of a login would.
        pocketdocker() { "$ESCAPE" key-session "$KEY" "$PROGRAMS/pocketdocker" "$@"; }
        setup_engine
        unset -f pocketdocker
        pocketdocker() { "$PROGRAMS/pocketdocker" "$@"; }
        cp "$E2E_HOME/rootfs.tar" "$E2E_HOME/hostile.tar"
        mkdir -p "$E2E_HOME/tree/bin"
        cp "$ESCAPE" "$E2E_HOME/tree/bin/escape"
        printf '#!/proc/self/exe\n' >"$E2E_HOME/tree/bin/shebang"
        chmod 755 "$E2E_HOME/tree/bin/"*
        tar -C "$E2E_HOME/tree" --numeric-owner --owner 0 --group 0 --append -f "$E2E_HOME/hostile.tar" ./bin
        pocketdocker import "$E2E_HOME/hostile.tar" hostile:1 >/dev/null
        echo secret >"$E2E_HOME/sentinel"
        chmod 644 "$E2E_HOME/sentinel"
}

teardown_file() {
        remove_all
        pocketdocker rmi hostile:1 >/dev/null 2>&1 || true
        teardown_engine
}

teardown() {
        local status=0
        teardown_test || status=1
        programs_are_whole || status=1
        return $status
}

# What stands between a workload and the host, as it is and with one layer after another taken away: an escape must be held by
# each of the others. The user namespace is there in all of them.
LAYERS=(
        ""
        "--security-opt seccomp=unconfined"
        "--security-opt unmask=ALL"
        "--cap-add ALL"
        "--cap-add ALL --security-opt seccomp=unconfined --security-opt no-new-privileges=false"
        "--privileged"
)

# holds [FLAG]... -- WORD...: the escape fails behind each set of layers.
holds() {
        local flags=() layers
        while [ "$1" != -- ]; do
                flags+=("$1")
                shift
        done
        shift
        for layers in "${LAYERS[@]}"; do
                # shellcheck disable=SC2086 # flags are words
                run --separate-stderr pocketdocker run --rm $layers "${flags[@]}" hostile:1 escape "$@"
                [ "$status" = 0 ] && [ "${lines[-1]}" = held ] ||
                        fail_with "escape $* with '$layers': status $status"$'\n'"$output"$'\n'"$stderr" || return 1
        done
}

programs() { printf '%s\n' "$PROGRAMS"/pocketdocker{,d,-monitor,-pull,-files} /usr/libexec/pocketdocker/*; }

programs_are_whole() {
        local sums
        sums=$(programs | xargs sha256sum 2>/dev/null || true)
        [ -n "$sums" ]
        [ -e "$BATS_FILE_TMPDIR/sums" ] || echo "$sums" >"$BATS_FILE_TMPDIR/sums"
        assert_equal "$sums" "$(cat "$BATS_FILE_TMPDIR/sums")"
}

watching() { logged watcher watching; }

@test "CVE-2019-5736: the engine's binary is not overwritten through /proc/self/exe" {
        programs_are_whole
        local i layers
        for layers in "${LAYERS[@]}"; do
                # shellcheck disable=SC2086 # flags are words
                pocketdocker run -d --name watcher $layers hostile:1 escape watch >/dev/null
                await 30 watching
                for i in 1 2 3 4 5 6 7 8; do
                        run pocketdocker exec watcher /proc/self/exe
                        [ "$status" != 0 ]
                        run pocketdocker exec watcher shebang
                        [ "$status" != 0 ]
                        run -0 pocketdocker exec watcher true
                done
                run pocketdocker exec watcher touch /stop # it may be killed with the container, which ends at once
                run -0 pocketdocker wait watcher
                run -0 pocketdocker logs watcher
                [ "${lines[-1]}" = held ] || fail_with "$output"
                pocketdocker rm watcher
        done
        run pocketdocker run --rm hostile:1 /proc/self/exe
        [ "$status" != 0 ]
        programs_are_whole
        run -0 pocketdocker run --rm hostile:1 echo works
        assert_equal "$output" works
}

@test "CVE-2016-9962: a binary that waits in the container reaches nothing of what exec brings in by setns" {
        local i
        pocketdocker run -d --name watcher hostile:1 escape watch >/dev/null
        await 30 watching
        for i in {1..30}; do
                run -0 pocketdocker exec watcher true
                run -127 pocketdocker exec watcher /nowhere # one that ends before it is the command
        done
        run pocketdocker exec watcher touch /stop # it may be killed with the container, which ends at once
        run -0 pocketdocker wait watcher
        run -0 pocketdocker logs watcher
        [ "${lines[-1]}" = held ] || fail_with "$output"
}

# in_namespace MNT: the processes that are in it.
in_namespace() {
        local dir
        for dir in /proc/[0-9]*; do
                [ "$(readlink "$dir/ns/mnt" 2>/dev/null)" != "$1" ] || echo "${dir#/proc/}"
        done
}

# newcomer: the one that came into $NAMESPACE since $BEFORE.
newcomer() { in_namespace "$NAMESPACE" | grep -vxF "$BEFORE"; }

is_traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$1/status"; }

# bats test_tags=native
@test "CVE-2016-9962: what is the host's is closed before a command is in the container" {
        local pid tracer command open
        start_waiting c
        NAMESPACE=$(readlink "/proc/$(field c .State.Pid)/ns/mnt")
        BEFORE=$(in_namespace "$NAMESPACE")
        pid=$(daemon_pid)
        # Each stays a while where it has just entered.
        strace -qq -f -p "$pid" -e trace=setns -e inject=setns:delay_exit=3000000 -o /dev/null 3>&- &
        tracer=$!
        await 20 is_traced "$pid"
        "$PROGRAMS/pocketdocker" exec c true 3>&- &
        command=$!
        await 20 newcomer
        open=$(find "/proc/$(newcomer | head -n 1)/fd" -printf '%l\n' | grep -vE '^(pipe:.*|socket:.*|/dev/null|anon_inode:\[pidfd\]|pidfd:.*|)$' || true)
        wait $command
        kill $tracer
        wait $tracer || true
        assert_equal "$open" ""
}

@test "CVE-2024-21626: no fd is leaked, and no working directory is outside the root" {
        local n dir
        holds -- fds
        pocketdocker run -d --name c hostile:1 sleep 3600 >/dev/null
        run -0 pocketdocker exec c escape fds
        for n in {3..20}; do
                for dir in "/proc/self/fd/$n" "/proc/self/fd/$n/../../../.." "/proc/1/fd/$n"; do
                        run pocketdocker run --rm -w "$dir" hostile:1 escape fds
                        [ "$status" != 1 ] || fail_with "run -w $dir: $output"
                        run pocketdocker run --rm -w "$dir" hostile:1 escape walk "$E2E_HOME/sentinel"
                        [ "$status" != 1 ] || fail_with "run -w $dir: $output"
                        run pocketdocker exec -w "$dir" c escape walk "$E2E_HOME/sentinel"
                        [ "$status" != 1 ] || fail_with "exec -w $dir: $output"
                done
        done
}

@test "the host's files are not reached by '..' from any directory, link or descriptor, nor by a second chroot" {
        holds -- walk "$E2E_HOME/sentinel"
        holds -- chroot "$E2E_HOME/sentinel"
}

@test "CVE-2014-3519 (shocker): the host's root is not opened by a made-up file handle" { holds -- handle; }

@test "CVE-2022-0492: no release_agent is set, not in a user namespace of one's own either" { holds -- release-agent; }

@test "core_pattern, modprobe, uevent_helper and sysrq-trigger are not the workload's" { holds -- core-pattern; }

@test "CVE-2019-16884: /proc mounted elsewhere or once more shows nothing of what is masked" {
        LAYERS=("" "--security-opt seccomp=unconfined")
        holds -- masked
}

@test "what the masks hide is the host's, where they are off or can be taken off, too" { holds -- beneath; }

@test "a node for the disk, or for memory, is not made or not opened" { holds -- mknod; }

@test "CVE-2017-5226: TIOCSTI types nothing into the caller's terminal" {
        local flags
        for flags in "" -i -t -it; do
                # shellcheck disable=SC2016 # the inner shell's; a line that was typed would be read by it
                run "$E2E_SOURCE/with-pty" "expect:asks" "send:typed by hand\\r" "expect:got" -- bash -c \
                        '"$0" run --rm '"$flags"' hostile:1 escape terminal; echo asks; read -r line; echo "got <$line>"' "$PROGRAMS/pocketdocker"
                [ "$status" = 0 ] || fail_with "run $flags: $output"
                [[ $output == *'got <typed by hand>'* ]] || fail_with "run $flags: $output"
        done
}

@test "keyrings: a key of the host's session and of its root is not found, read or asked for" {
        holds -- keys "$KEY"
        pocketdocker run -d --name c hostile:1 sleep 3600 >/dev/null
        run -0 pocketdocker exec c escape keys "$KEY"
}

@test "ptrace and signals reach no process of another container, of the host or of the engine" {
        local victim host daemon monitor pid
        pocketdocker run -d --name victim hostile:1 sleep 3600 >/dev/null
        victim=$(field victim .State.Pid)
        monitor=$(awk '/^PPid/ { print $2 }' "/proc/$victim/status")
        daemon=$(daemon_pid)
        sleep 3600 3>&- &
        host=$!
        for pid in "$victim" "$monitor" "$daemon" "$host"; do
                holds -- signal "$pid"
                for i in "$victim" "$monitor" "$daemon" "$host"; do
                        ! process_gone "$i" || fail_with "process $i is gone"
                done
        done
        kill "$host"
        assert_equal "$(field victim .State.Status)" running
}

@test "another container's files, and the host's, are not had by taking its ids" {
        pocketdocker run -d --name victim hostile:1 sh -c 'umask 077; echo secret >/secret; exec sleep 3600' >/dev/null
        local id
        id=$(awk '/^Uid/ { print $2 }' "/proc/$(field victim .State.Pid)/status")
        holds -- ids "$id"
        holds -- ids 2147352576
        holds -- ids 70000
        # And from outside: what it wrote is no user's of the host, below a directory that is root's alone.
        [ "$(stat -c %a "$STATE")" = 700 ]
        [ "$(find "$STATE/containers" -name secret -printf '%U %m\n')" = "2147352576 600" ]
}

@test "a link in the image leads a mount's target, /proc and /dev no further than the root" {
        local name target
        mkdir -p "$E2E_HOME/outside" "$E2E_HOME/links"
        for name in proc dev sys data etc; do
                target=$E2E_HOME/outside
                rm -rf "$E2E_HOME/links"
                mkdir "$E2E_HOME/links"
                ln -s "../../../../../../..$target" "$E2E_HOME/links/$name"
                cp "$E2E_HOME/hostile.tar" "$E2E_HOME/link.tar"
                tar --delete -f "$E2E_HOME/link.tar" "./$name" 2>/dev/null || true
                tar -C "$E2E_HOME/links" --append -f "$E2E_HOME/link.tar" "./$name"
                pocketdocker import "$E2E_HOME/link.tar" link:1 >/dev/null
                run pocketdocker run --rm --tmpfs /data/x --tmpfs "/$name/y" link:1 sh -c 'echo x >/data/x/file; echo y >/etc/z; ls /proc/1'
                [ -z "$(ls -A "$target")" ] || fail_with "$name: $(ls "$target")"
                [ -z "$(grep -F "$target" /proc/self/mountinfo)" ]
                pocketdocker rmi link:1 >/dev/null
        done
}

@test "a directory that is bound in is not walked up with '..', not after it was moved away on the host either" {
        mkdir -p "$E2E_HOME/shared/a/b"
        holds -v "$E2E_HOME/shared:/shared" -w /shared/a/b -- walk "$E2E_HOME/sentinel"
        pocketdocker run -d --name c -v "$E2E_HOME/shared:/shared" -w /shared/a/b hostile:1 \
                sh -c 'echo waiting; until [ -e /go ]; do sleep 0.1; done; exec escape walk "$0"' "$E2E_HOME/sentinel" >/dev/null
        await 30 logged c waiting
        mv "$E2E_HOME/shared/a/b" "$E2E_HOME/moved"
        pocketdocker exec -w / c touch /go
        run pocketdocker wait c
        run -0 pocketdocker logs c
        [ "${lines[-1]}" = held ] || fail_with "$output"
        rm -rf "$E2E_HOME/shared" "$E2E_HOME/moved"
}

swapping() { logged swapper swapping; }

@test "CVE-2021-30465: a link that is swapped in under a mount's target leads it nowhere else" {
        local outside=$E2E_HOME/outside i worked=0
        rm -rf "$outside"
        mkdir -p "$outside" "$E2E_HOME/swap"
        pocketdocker run --rm -v "$E2E_HOME/swap:/vol" hostile:1 sh -c 'mkdir /vol/dir && ln -s "../../../../../../..$0" /vol/link' "$outside"
        pocketdocker run -d --name swapper -v "$E2E_HOME/swap:/vol" hostile:1 escape swap /vol/dir /vol/link >/dev/null
        await 30 swapping
        for i in {1..25}; do
                run pocketdocker run --rm -v "$E2E_HOME/swap:/vol" --tmpfs /vol/dir/sub hostile:1 sh -c 'echo x >/vol/dir/sub/file; echo x >/vol/dir/file'
                [ "$status" != 0 ] || worked=$((worked + 1))
                [ -z "$(ls -A "$outside")" ] || fail_with "got out: $(ls "$outside")"
                [ -z "$(grep -F "$outside" /proc/self/mountinfo)" ]
        done
        [ $worked -gt 0 ] # else nothing was tried
        run pocketdocker exec swapper touch /stop # likewise
        run -0 pocketdocker wait swapper
}

@test "without a user namespace the other layers hold the same" {
        LAYERS=("--userns host")
        local victim monitor pid
        holds -- fds
        holds -- walk "$E2E_HOME/sentinel"
        holds -- chroot "$E2E_HOME/sentinel"
        holds -- handle
        holds -- mknod
        holds -- release-agent
        holds -- core-pattern
        holds -- masked
        holds -- keys "$KEY"
        pocketdocker run -d --name victim --userns host hostile:1 sleep 3600 >/dev/null
        victim=$(field victim .State.Pid)
        monitor=$(awk '/^PPid/ { print $2 }' "/proc/$victim/status")
        for pid in "$victim" "$monitor" "$(daemon_pid)"; do
                holds -- signal "$pid"
                ! process_gone "$victim" && ! process_gone "$pid" || fail_with "process $pid is gone"
        done
        pocketdocker run -d --name watcher --userns host hostile:1 escape watch >/dev/null
        await 30 watching
        for pid in {1..10}; do
                run -0 pocketdocker exec watcher true
        done
        run pocketdocker exec watcher touch /stop # it may be killed with the container, which ends at once
        run -0 pocketdocker wait watcher
        run -0 pocketdocker logs watcher
        [ "${lines[-1]}" = held ] || fail_with "$output"
        # A command that is the engine's program is the container's own, and it may look into that; not write it.
        pocketdocker run -d --name writer --userns host hostile:1 escape watch writes >/dev/null
        await 30 logged writer watching
        for pid in {1..10}; do
                pocketdocker exec writer /proc/self/exe >/dev/null 2>&1 || true
        done
        run pocketdocker exec writer touch /stop # it may be killed with the container, which ends at once
        run -0 pocketdocker wait writer
        run -0 pocketdocker logs writer
        [ "${lines[-1]}" = held ] || fail_with "$output"
}
