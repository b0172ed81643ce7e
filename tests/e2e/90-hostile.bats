#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }

teardown() {
        local status=0
        teardown_test || status=1
        teardown_small_disk || status=1
        return $status
}

@test "hostile archives are refused with a sentence or stay inside" {
        local outside=$E2E_HOME/outside archives=$E2E_HOME/archives file name broken=0
        mkdir -p "$outside" "$archives"
        echo untouched >"$outside/victim"
        "$E2E_SOURCE/make-hostile" "$archives" "$outside"
        for file in "$archives"/*.tar; do
                name=$(basename "$file" .tar)
                run --separate-stderr timeout 300 "$PROGRAMS/pocketdocker" import "$file" hostile:1
                case $name in
                should-fail-*) [ "$status" = 1 ] || { echo "$name: status $status" >&2; broken=1; } ;;
                should-work-*) [ "$status" = 0 ] || { echo "$name: status $status: $stderr" >&2; broken=1; } ;;
                esac
                if [ "$status" = 0 ]; then
                        pocketdocker rmi hostile:1 >/dev/null
                elif [ "$(wc -l <<<"$stderr")" != 1 ] || [ -z "$stderr" ]; then
                        echo "$name: not one sentence: $stderr" >&2
                        broken=1
                fi
                [ "$(ls "$outside")" = victim ] && [ "$(cat "$outside/victim")" = untouched ] || { echo "$name: got out" >&2; broken=1; }
        done
        [ ! -e /escape ] && [ ! -e "$STATE/escape" ] && [ ! -e "$STATE/images/escape" ]
        assert_equal "$broken" 0
}

@test "what a refused archive unpacked is taken away" {
        local before
        await 60 images_tidied # of what the test before has left to be deleted
        before=$(find "$STATE/images" | sort)
        tar -C "$E2E_HOME" -cf "$E2E_HOME/whole.tar" rootfs.tar
        head -c 100000 "$E2E_HOME/whole.tar" >"$E2E_HOME/cut.tar"
        run -1 pocketdocker import "$E2E_HOME/cut.tar" cut
        await 20 images_tidied
        assert_equal "$(find "$STATE/images" | sort)" "$before"
}

@test "device nodes of an archive are not made" {
        mkdir -p "$E2E_HOME/archives"
        "$E2E_SOURCE/make-hostile" "$E2E_HOME/archives" "$E2E_HOME/outside"
        pocketdocker import "$E2E_HOME/archives/should-work-devices.tar" devices
        assert_equal "$(find "$STATE/images" -type b -o -type c ! -size 0 | head -n 1)" ""
        pocketdocker rmi devices
}

# bats test_tags=native
@test "arguments beyond all bounds are refused and the engine goes on" {
        local long
        long=$(head -c 100000 /dev/zero | tr '\0' x)
        run -125 --separate-stderr pocketdocker run --name "$long" "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --hostname "$long" "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --stop-timeout "$long" "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --ulimit "$long" "$IMAGE" true
        run -125 --separate-stderr pocketdocker run --tmpfs "$long" "$IMAGE" true
        run -125 --separate-stderr pocketdocker run -u "$long" "$IMAGE" true
        run -0 pocketdocker run --rm -e "A=$long" "$IMAGE" true
        run -0 pocketdocker run --rm "$IMAGE" true
}

# bats test_tags=native
@test "what an image's passwd says is parsed with care" {
        local dir=$E2E_HOME/odd
        mkdir -p "$dir"
        tar -C "$dir" -xf "$E2E_HOME/rootfs.tar"
        head -c 1000000 /dev/urandom | tr '\n' : >"$dir/etc/passwd"
        printf '\nlate:x:77:88::/:/bin/sh\nbad:x:99999999999999:1::/:/bin/sh\nneg:x:-1:1::/:/bin/sh\n' >>"$dir/etc/passwd"
        rm -f "$dir/etc/group"
        ln -s /etc/group "$dir/etc/group"
        tar -C "$dir" -cf "$E2E_HOME/odd.tar" .
        pocketdocker import "$E2E_HOME/odd.tar" odd
        run pocketdocker run --rm -u late odd id -u
        [ "$status" = 125 ] || assert_equal "$output" 77
        run -125 pocketdocker run --rm -u bad odd id -u
        run -125 pocketdocker run --rm -u neg odd id -u
        pocketdocker rmi odd
}

@test "mount points that are symlinks lead nowhere outside" {
        local dir=$E2E_HOME/links
        mkdir -p "$dir" "$E2E_HOME/outside2"
        tar -C "$dir" -xf "$E2E_HOME/rootfs.tar"
        rm -rf "$dir/proc" "$dir/dev" "$dir/sys"
        ln -s "$E2E_HOME/outside2" "$dir/proc"
        ln -s "../../../../../../../$E2E_HOME/outside2" "$dir/dev"
        ln -s /proc/self/root "$dir/sys"
        tar -C "$dir" -cf "$E2E_HOME/links.tar" .
        pocketdocker import "$E2E_HOME/links.tar" links
        run pocketdocker run --rm links true
        assert_equal "$(ls -A "$E2E_HOME/outside2")" ""
        pocketdocker ps -aq | xargs -r "$PROGRAMS/pocketdocker" rm -f
        pocketdocker rmi links
}

# A second engine, embedded, whose state lies on a small disk of its own.
small_disk() {
        SMALL=$E2E_HOME/small
        mkdir -p "$SMALL"
        truncate -s "$1" "$E2E_HOME/small.img"
        mke2fs -q -t ext4 -O ^has_journal -m 0 "$E2E_HOME/small.img"
        modprobe -q loop || true # it may be built in
        mount -o loop "$E2E_HOME/small.img" "$SMALL"
        chmod 700 "$SMALL"
        export POCKETDOCKER_ROOT=$SMALL/state POCKETDOCKER_RUN_ROOT=$E2E_HOME/small-run
}

teardown_small_disk() {
        local pid
        [ -n "${SMALL:-}" ] || return 0
        remove_all
        if pid=$(E2E_MODE=embedded STATE=$POCKETDOCKER_ROOT daemon_pid); then
                kill -TERM "$pid"
                await 20 process_gone "$pid" || kill -KILL "$pid"
        fi
        await 20 umount "$SMALL" || return 1
        rm -rf "$E2E_HOME/small.img" "$E2E_HOME/small-run"
}

@test "a full disk during an import is told, leaves nothing and is over when there is room" {
        local before
        small_disk 24M
        pocketdocker import "$E2E_HOME/rootfs.tar" fits
        head -c 40000000 /dev/urandom >"$E2E_HOME/big"
        tar -C "$E2E_HOME" -cf "$E2E_HOME/big.tar" big
        before=$(find "$SMALL/state/images" | sort)
        run -1 --separate-stderr pocketdocker import "$E2E_HOME/big.tar" too-big
        assert_equal "$(wc -l <<<"$stderr")" 1
        assert_equal "$(find "$SMALL/state/images" | sort)" "$before"
        run -0 pocketdocker run --rm fits echo still fine
        assert_equal "$output" "still fine"
        assert_equal "$(pocketdocker images --format '{{.Repository}}')" fits
}

@test "an import that would leave no room for containers is refused and leaves nothing" {
        local before free
        small_disk 24M
        pocketdocker import "$E2E_HOME/rootfs.tar" fits
        free=$(($(stat -f -c '%f * %S' "$SMALL")))
        head -c $((free - 600000)) /dev/urandom >"$E2E_HOME/big"
        tar -C "$E2E_HOME" -cf "$E2E_HOME/big.tar" big
        before=$(find "$SMALL/state/images" | sort)
        run -1 --separate-stderr pocketdocker import "$E2E_HOME/big.tar" too-big
        [[ $stderr == *"Cannot store the image"* ]]
        assert_equal "$(find "$SMALL/state/images" | sort)" "$before"
        assert_equal "$(pocketdocker run --rm fits echo still fine)" "still fine"
}

@test "what rmi deletes on a short disk is there for the next import" {
        local n # not i, which `run` uses
        small_disk 24M
        head -c 14000000 /dev/urandom >"$E2E_HOME/big"
        tar -C "$E2E_HOME" -cf "$E2E_HOME/big.tar" big
        for n in 1 2 3; do
                run -0 pocketdocker import "$E2E_HOME/big.tar" "big:$n"
                run -0 pocketdocker rmi "big:$n"
        done
}

@test "a full disk during logging blocks no workload and loses no exit code" {
        small_disk 24M
        pocketdocker import "$E2E_HOME/rootfs.tar" fits
        pocketdocker run -d --name c --log-opt max-size=-1 fits sh -c 'head -c 60000000 /dev/urandom; exit 5'
        assert_equal "$(timeout 120 "$PROGRAMS/pocketdocker" wait c)" 5
        assert_equal "$(field c .State.ExitCode)" 5
        # The log says how much it does not have.
        pocketdocker logs c 2>&1 | tr -d '\0' | grep -aqE '[0-9]+ bytes of output lost: no space left on device'
        run -0 pocketdocker rm c
        assert_equal "$(find "$SMALL/state/containers" "$SMALL/state/logs" "$SMALL/state/trash" -mindepth 1)" ""
        run -0 pocketdocker run --rm fits echo room again
}

@test "a state directory that is read-only is told, and works when it can be written to" {
        small_disk 24M
        pocketdocker import "$E2E_HOME/rootfs.tar" fits
        pocketdocker create --name c fits echo made before
        STATE=$POCKETDOCKER_ROOT E2E_MODE=embedded end_daemon
        mount -o remount,ro "$SMALL"
        run -1 --separate-stderr pocketdocker ps
        assert_equal "$(wc -l <<<"$stderr")" 1
        [[ $stderr == *"$POCKETDOCKER_ROOT"*"Read-only file system"* ]]
        mount -o remount,rw "$SMALL"
        assert_equal "$(pocketdocker start -a c)" "made before"
}

@test "what cannot be written while the daemon runs fails its call alone, and works when it can" {
        local place
        small_disk 24M
        pocketdocker import "$E2E_HOME/rootfs.tar" fits
        for place in containers logs images/staging; do
                chattr +i "$SMALL/state/$place"
                if [ "$place" = images/staging ]; then
                        run -1 --separate-stderr pocketdocker import "$E2E_HOME/rootfs.tar" other
                else
                        run -125 --separate-stderr pocketdocker run --name "c-${place##*/}" fits true
                fi
                echo "$place: $stderr"
                assert_equal "$(wc -l <<<"$stderr")" 1
                [[ $stderr == *"Operation not permitted"* ]]
                chattr -i "$SMALL/state/$place"
                assert_equal "$(pocketdocker run --rm fits echo works)" works
        done
        assert_equal "$(pocketdocker images --format '{{.Repository}}')" fits
        pocketdocker ps -aq | xargs -r "$PROGRAMS/pocketdocker" rm
}

# bats test_tags=native
@test "a daemon without another file descriptor refuses what takes one, loses nothing, and goes on when it has" {
        local daemon limits n open last words
        start_waiting c
        daemon=$(daemon_pid)
        limits=$(prlimit --pid "$daemon" --nofile --noheadings --raw -o SOFT,HARD | tr ' ' :)
        open=$(find "/proc/$daemon/fd" -mindepth 1 | wc -l)
        for ((n = open + 24; n >= open; n--)); do
                prlimit --pid "$daemon" --nofile="$n:${limits#*:}"
                run --separate-stderr timeout 60 "$PROGRAMS/pocketdocker" run --rm "$IMAGE" echo works
                case $status in
                0) assert_equal "$output" works ;;
                1 | 125)
                        assert_equal "$(wc -l <<<"$stderr")" 1
                        [ -n "$stderr" ]
                        ;;
                *) fail_with "$n descriptors: status $status: $output $stderr" ;;
                esac
                last=$status
                [ $((n % 3)) = 0 ] || continue
                for words in 'exec c true' 'logs c' 'stats --no-stream c' "import $E2E_HOME/rootfs.tar" 'system df' "cp c:/etc/passwd $E2E_HOME/copy"; do
                        # shellcheck disable=SC2086 # words
                        run --separate-stderr timeout 60 "$PROGRAMS/pocketdocker" $words
                        case $status in
                        0) ;;
                        1 | 125) [ -n "$stderr" ] && [ "$(wc -l <<<"$stderr")" = 1 ] || fail_with "$n descriptors, $words: $stderr" ;;
                        *) fail_with "$n descriptors, $words: status $status: $stderr" ;;
                        esac
                done
        done
        [ "$last" != 0 ] # at last there were too few
        prlimit --pid "$daemon" --nofile="$limits"
        assert_equal "$(daemon_pid)" "$daemon"
        await 40 trash_is_empty
        assert_equal "$(field c .State.Status)" running
        assert_equal "$(pocketdocker run --rm "$IMAGE" echo works)" works
}
