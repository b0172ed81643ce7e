#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What users and root may have mounted of the host's. Several users take a polkit that says yes to them, so the engine and
# the bus of most of these are the script's own.
load helpers

setup_file() { setup_engine && chmod 755 "$E2E_HOME"; } # the bus in it is for several users
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

# mounts WORD...: the cases whose sentence has the words; there is one at least.
mounts() {
        TMPDIR=$E2E_HOME run "$E2E_SOURCE/mounts.py" "$E2E_HOME/rootfs.tar" "$@"
        [ "$status" = 0 ] || fail_with "$output"
        [[ $output == *"ok 1 - "* ]]
        assert_equal "$(grep -c "$E2E_HOME" /proc/self/mountinfo)" 0
}

# bats test_tags=native, embedded
@test "a directory that a user hands over is his within, and what is written there is his" { mounts 'hands over'; }

# bats test_tags=native, embedded
@test "it is the container's user's, by number and by name" { mounts 'by number and by a name'; }

# bats test_tags=native, embedded
@test "a passwd that is mounted does not say who the user is" { mounts 'mounted over its passwd'; }

# bats test_tags=native, embedded
@test "files of others are nobody's" { mounts 'files of others'; }

# bats test_tags=native, embedded
@test "chown and create as uid 999" { mounts 'uid 999'; }

# bats test_tags=native, embedded
@test "O_PATH" { mounts O_PATH; }

# bats test_tags=native, embedded
@test "a descriptor from another mount namespace" { mounts 'another mount namespace'; }

# bats test_tags=native, embedded
@test "a file that is deleted" { mounts 'nowhere any more'; }

# bats test_tags=native, embedded
@test "a regular file" { mounts 'regular file'; }

# bats test_tags=native, embedded
@test "a read-only source" { mounts 'mounted read-only'; }

# bats test_tags=native, embedded
@test "submounts" { mounts 'mounted below'; }

# bats test_tags=native, embedded
@test "a setuid file on the source" { mounts setuid; }

# bats test_tags=native, embedded
@test "directories of proc, sysfs and cgroups" { mounts 'proc, sysfs'; }

# bats test_tags=native, embedded
@test "a directory or a link that took the place meanwhile" { mounts 'same path'; }

# bats test_tags=native, embedded
@test "a link that took the place of a directory above meanwhile" { mounts 'directory above'; }

# bats test_tags=native, embedded
@test "a target behind a link" { mounts 'behind a link'; }

# bats test_tags=native, embedded
@test "each start looks again, also of a daemon that was killed meanwhile" { mounts 'checked at each start'; }

# bats test_tags=native, embedded
@test "forty bind mounts" { mounts forty; }

# bats test_tags=native, embedded
@test "a token is one connection's and one container's" { mounts 'one connection'; }

# bats test_tags=native, embedded
@test "a path by its name needs the right privileged" { mounts 'by its name'; }

# bats test_tags=native, embedded
@test "another user's volume needs the right manage" { mounts 'another user'; }

# bats test_tags=native, embedded
@test "what another container has mounted" { mounts 'another container has mounted'; }

# bats test_tags=native,embedded
@test "the command hands over what its user names" { mounts 'the command'; }

@test "root's directory has its ids as they are" {
        local dir=$BATS_TEST_TMPDIR/dir
        mkdir "$dir" && echo text >"$dir/file" && chown 999:998 "$dir/file"
        run -0 pocketdocker run --rm -v "$dir:/place" "$IMAGE" sh -c 'stat -c %u:%g /place/file; touch /place/new; chown 4242 /place/new'
        assert_equal "$output" 999:998
        assert_equal "$(stat -c %u "$dir/new")" 4242
        run -1 pocketdocker run --rm -v "$dir:/place:ro" "$IMAGE" touch /place/other
        run -0 pocketdocker run --rm --mount "type=bind,source=$dir,target=/place,idmap=none" "$IMAGE" stat -c %u /place/file
        assert_equal "$output" 65534
        run -0 pocketdocker run --rm --mount "type=bind,\"source=$dir\",target=/place,idmap=caller" "$IMAGE" stat -c %u /place/file
        assert_equal "$output" 65534
}

@test "a read-only mount is made writable by nobody but who may mount" {
        local dir=$BATS_TEST_TMPDIR/dir flags
        mkdir "$dir"
        for flags in '' '--security-opt seccomp=unconfined' '--cap-add NET_ADMIN --cap-add SYS_RESOURCE --security-opt seccomp=unconfined'; do
                # shellcheck disable=SC2086 # words
                run ! pocketdocker run --rm $flags -v "$dir:/place:ro" "$IMAGE" sh -c 'mount -o remount,bind,rw /place && touch /place/new'
        done
        assert_equal "$(ls "$dir")" ""
}

@test "what is mounted below root's directory follows, and later mounts as asked for" {
        local dir=$BATS_TEST_TMPDIR/dir other=$BATS_TEST_TMPDIR/other
        # Not of type tmpfs: it can map ids from Linux 6.3 on only.
        mkdir -p "$dir/below" "$dir/late" "$other" && touch "$other/file"
        mount --bind "$dir" "$dir" && mount --make-private "$dir" && mount --bind "$other" "$dir/below"
        run pocketdocker run --rm -v "$dir:/place" "$IMAGE" ls /place/below
        assert_equal "$status $output" "0 file"
        run pocketdocker run --rm --mount "type=bind,source=$dir,target=/place,bind-nonrecursive" "$IMAGE" ls /place/below
        assert_equal "$status $output" "0 "
        mount --make-shared "$dir"
        start_waiting slave -v "$dir:/place:rslave"
        start_waiting private -v "$dir:/place"
        mount --bind "$other" "$dir/late"
        run pocketdocker exec slave ls /place/late
        assert_equal "$output" file
        run pocketdocker exec private ls /place/late
        assert_equal "$output" ""
        pocketdocker rm -f slave private
        umount "$dir/late" "$dir/below" "$dir"
}

@test "what cannot be mounted is refused with one sentence, and nothing is left" {
        local -a refused=(
                "-v /proc:/x|'/proc'" "-v nowhere:relative|'nowhere:relative'" "-v a:/proc/sys|'/proc/sys'" "-v a:/|'/'"
                "-v a:/x:shiny|'shiny'" "--mount type=bind,src=/nowhere/at/all,dst=/x|'/nowhere/at/all'" "--mount type=nfs,dst=/x|'nfs'"
                "--mount type=tmpfs,dst=/x,volume-nocopy|'volume-nocopy'" "--mount type=volume,src=a|'type=volume,src=a'"
                "--mount type=volume,src=.a,dst=/x|'.a'" "-v a:/x -v b:/x|'/x'" "--mount type=bind,token=x,dst=/x|'/x'"
                "--mount dst=/x,volume-driver=nfs|'nfs'" "--mount dst=/x,colour=red|'colour'" "-v a:/x --tmpfs /x|'/x'"
        )
        local entry
        for entry in "${refused[@]}"; do
                # shellcheck disable=SC2086 # a flag and its value
                run -125 --separate-stderr pocketdocker run --rm ${entry%%|*} "$IMAGE" true
                assert_equal "$(wc -l <<<"$stderr")" 1
                [[ $stderr == *"${entry##*|}"* ]] || fail_with "$entry: $stderr"
        done
        assert_equal "$(pocketdocker volume ls -q)" ""
        assert_nothing_left
}

@test "a directory that is not there is made by --volume, and by nothing else" {
        local dir=$BATS_TEST_TMPDIR/new/one
        run -125 pocketdocker run --rm --mount "type=bind,source=$dir,target=/x" "$IMAGE" true
        [ ! -e "$dir" ]
        pocketdocker run --rm -v "$dir:/x" "$IMAGE" touch /x/file
        [ -e "$dir/file" ]
        cd "$BATS_TEST_TMPDIR"
        run -0 pocketdocker run --rm -v ./new/one:/x "$IMAGE" ls /x
        assert_equal "$output" file
}

@test "a tmpfs has its size and mode" {
        run -0 pocketdocker run --rm --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700 "$IMAGE" \
                sh -c 'stat -c %a /t; head -c 2000000 /dev/zero >/t/f 2>/dev/null; stat -c %s /t/f'
        assert_equal "${lines[0]}" 700
        assert_equal "${lines[-1]}" 1048576
        run -1 pocketdocker run --rm --mount type=tmpfs,target=/t,readonly "$IMAGE" touch /t/x
}

@test "what is mounted within another mount is seen, in whatever order it was given" {
        run -0 pocketdocker run --rm -v inner:/a/b/c -v outer:/a --mount type=tmpfs,target=/a/b "$IMAGE" \
                sh -c 'touch /a/outer /a/b/middle /a/b/c/inner; grep -c " /a" /proc/self/mountinfo'
        assert_equal "$output" 3
        run -0 pocketdocker run --rm -v inner:/x "$IMAGE" ls /x
        assert_equal "$output" inner
        pocketdocker volume rm inner outer
}

@test "inspect shows what is mounted" {
        pocketdocker create --name c -v "$BATS_TEST_TMPDIR:/b:ro" -v data:/v --mount type=tmpfs,target=/t "$IMAGE" true
        assert_equal "$(pocketdocker inspect c | jq -c '[.[0].Mounts[] | [.Type, .Destination, .RW]]')" \
                '[["bind","/b",false],["volume","/v",true],["tmpfs","/t",true]]'
        assert_equal "$(pocketdocker inspect c | jq -r '.[0].Mounts[1] | .Name, .Source')" "data"$'\n'"$STATE/volumes/data/data"
        pocketdocker rm c && pocketdocker volume rm data
}
