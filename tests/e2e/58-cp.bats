#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Files out of containers and into them. What a container may have done to its own tree must lead nowhere else.
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }

setup() {
        HERE=$BATS_TEST_TMPDIR/here
        mkdir "$HERE"
        cd "$HERE" || return
}
teardown() { teardown_test; }

# running [FLAG...]: a container that stays
running() { pocketdocker run -d --name c --stop-signal KILL "$@" "$IMAGE" sleep 1000 >/dev/null; }
inside() { pocketdocker exec c sh -c "$1"; }

stay() {
        pocketdocker rm -f c >/dev/null 2>&1 || true
        pocketdocker create --name c --stop-signal KILL "$IMAGE" sleep 1000 >/dev/null
}

make_tree() {
        mkdir -p tree/sub/deep
        echo one >tree/one
        echo two >tree/sub/two
        ln -s one tree/link
        ln tree/one tree/hard
        mkfifo tree/pipe
        chmod 750 tree/sub
        chmod 4711 tree/sub/two
        touch -d @1000000000 tree/sub/two tree/sub
        echo umlaut >tree/sub/grün
}

@test "a tree goes in and comes out as it was: names, types, modes, times, links" {
        for state in running created; do
                rm -rf tree back
                make_tree
                stay
                [ $state = created ] || pocketdocker start c >/dev/null
                run -0 pocketdocker cp tree c:/srv
                assert_equal "$output" ""
                pocketdocker cp c:/srv/ back || pocketdocker cp c:/srv back
                diff <(cd tree && find . -printf '%p %y %m %n %l %Ts %s\n' | sed '/ d /s/ [0-9]*$//' | sort) \
                        <(cd back && find . -printf '%p %y %m %n %l %Ts %s\n' | sed '/ d /s/ [0-9]*$//' | sort)
                diff -r --exclude pipe tree back
                [ -p back/pipe ]
                rm -rf tree back
        done
}

@test "a file becomes a file, comes into a directory, and takes a file's place" {
        running
        echo new >file
        pocketdocker cp file c:/tmp/named
        pocketdocker cp file c:/tmp
        pocketdocker cp file c:/tmp/
        pocketdocker cp ./file c:tmp/named
        run -0 inside 'cat /tmp/named /tmp/file'
        assert_equal "$output" $'new\nnew'
        run ! pocketdocker cp file c:/absent/
        assert_match "$output" "no directory"
        run ! pocketdocker cp file c:/absent/file
        assert_match "$output" "no '/absent/file'"
        run ! pocketdocker cp file c:/bin/busybox/
        assert_sentence "$output" /bin/busybox/
        pocketdocker cp c:/tmp/named other
        pocketdocker cp c:/tmp/named .
        run -0 cat other named
        assert_equal "$output" $'new\nnew'
        run ! pocketdocker cp c:/tmp/named absent/
        assert_sentence "$output" absent/
        [ ! -e absent ]
        run ! pocketdocker cp c:/tmp/named absent/file
        assert_match "$output" "absent"
}

@test "a directory comes into one that is there, becomes one that is not, and /. means what is in it" {
        running
        inside 'mkdir -p /opt'
        mkdir -p dir/sub
        echo x >dir/sub/x
        pocketdocker cp dir c:/tmp
        pocketdocker cp dir c:/tmp/new
        pocketdocker cp dir/. c:/opt/contents
        pocketdocker cp dir/. c:/tmp
        run -0 inside 'cd / && ls -d tmp/dir/sub/x tmp/new/sub/x tmp/sub/x opt/contents/sub/x'
        assert_equal "${#lines[@]}" 4
        pocketdocker cp c:/tmp/dir/. out
        pocketdocker cp c:/tmp/dir .
        pocketdocker cp c:/tmp/dir/. .
        [ -f out/sub/x ] && [ -f sub/x ] && [ -f dir/sub/x ] && [ ! -e dir/dir ]
        run ! pocketdocker cp dir c:/bin/busybox
        assert_match "$output" "cannot take the place of a file"
        echo file >sub/dir
        mkdir taken
        mkdir taken/x
        run ! pocketdocker cp c:/tmp/sub/x taken
        assert_match "$output" "cannot take the place of a directory"
}

@test "owners are root's, or with -a the numbers that there are; out of it the caller's" {
        running
        echo x >file
        chown 1234:567 file
        pocketdocker cp file c:/tmp/plain
        pocketdocker cp -a file c:/tmp/kept
        run -0 inside 'stat -c %u:%g /tmp/plain /tmp/kept'
        assert_equal "$output" $'0:0\n1234:567'
        pocketdocker cp c:/tmp/kept plain
        pocketdocker cp -a c:/tmp/kept kept
        run -0 stat -c %u:%g plain kept
        assert_equal "$output" "$(id -u):$(id -g)"$'\n1234:567'
        chown 70000 file
        run ! pocketdocker cp -a file c:/tmp/many
        assert_sentence "$output" file
        assert_match "$output" 70000
}

@test "a link is copied, and with -L what it leads to" {
        running
        inside 'echo x >/tmp/real && ln -s real /tmp/link && mkdir /tmp/d && ln -s /tmp/d /tmp/dlink'
        pocketdocker cp c:/tmp/link link
        pocketdocker cp -L c:/tmp/link followed
        assert_equal "$(readlink link)" real
        [ -f followed ] && [ ! -L followed ]
        ln -s followed here
        pocketdocker cp here c:/tmp/as-link
        pocketdocker cp -L here c:/tmp/as-file
        run -0 inside 'readlink /tmp/as-link; cat /tmp/as-file'
        assert_equal "$output" $'followed\nx'
        pocketdocker cp followed c:/tmp/dlink
        pocketdocker cp followed c:/tmp/link
        run -0 inside 'ls /tmp/d; readlink /tmp/link'
        assert_equal "$output" $'followed\nreal'
}

@test "a tar goes in by standard input and comes out by standard output" {
        running
        inside 'mkdir -p /home'
        make_tree
        tar -c tree | pocketdocker cp - c:/tmp
        tar -cz tree | pocketdocker cp - c:/home
        run -0 inside 'cat /tmp/tree/sub/two /home/tree/one'
        assert_equal "$output" $'two\none'
        pocketdocker cp c:/tmp/tree - | tar -t >names
        grep -qx tree/sub/two names
        run ! bash -c "tar -c tree | '$PROGRAMS/pocketdocker' cp - c:/absent"
        assert_sentence "$output" /absent
        run ! pocketdocker cp - c:/tmp <names
        assert_sentence "$output" archive
        run ! bash -c "tar -c tree | head -c 3000 | '$PROGRAMS/pocketdocker' cp - c:/tmp"
        assert_sentence "$output" archive
}

@test "what runs shows its mounts, and nothing of the kernel's below" {
        running --tmpfs /scratch -v vol:/vol
        inside 'echo t >/scratch/t; echo v >/vol/v'
        pocketdocker cp c:/scratch/t .
        pocketdocker cp c:/vol .
        echo n >n
        pocketdocker cp n c:/vol/n
        [ -f t ] && [ -f vol/v ]
        run -0 inside 'cat /vol/n'
        assert_equal "$output" n
        pocketdocker cp c:/ - | tar -t >names
        run -1 grep 'proc/.\|sys/.' names
        grep -q 'vol/n' names
        pocketdocker rm -f c >/dev/null
        pocketdocker volume rm vol >/dev/null
}

@test "what is read-only refuses by a sentence and stays as it is" {
        echo x >file
        running --read-only --tmpfs /scratch -v vol:/vol:ro
        for place in /etc/file /vol/file; do
                run ! pocketdocker cp file c:$place
                assert_match "$output" "read-only"
        done
        pocketdocker cp file c:/scratch/file
        pocketdocker rm -f c >/dev/null
        pocketdocker volume rm vol >/dev/null
        pocketdocker create --name c --read-only "$IMAGE" true >/dev/null
        run ! pocketdocker cp file c:/etc/file
        assert_equal "$output" "pocketdocker: Container 'c' is read-only"
}

@test "links of a container lead inside, out of it and into it" {
        echo secret >"$BATS_TEST_TMPDIR/secret"
        running
        inside "mkdir -p '/in$BATS_TEST_TMPDIR' && ln -s '$BATS_TEST_TMPDIR/secret' /file && ln -s '$BATS_TEST_TMPDIR' /dir && ln -s ../../../../../../.. /up && ln -s /proc/1/root /magic && ln -s /proc/self/root /self"
        for path in /file /dir/secret "/up$BATS_TEST_TMPDIR/secret" "/magic$BATS_TEST_TMPDIR/secret" "/self$BATS_TEST_TMPDIR/secret" \
                "/../../../../..$BATS_TEST_TMPDIR/secret" "/proc/1/root$BATS_TEST_TMPDIR/secret" "/proc/1/cwd/..$BATS_TEST_TMPDIR/secret"; do
                run ! pocketdocker cp -L "c:$path" out
                [ ! -e out ]
        done
        echo written >mine
        for path in /file /dir/new "/up$BATS_TEST_TMPDIR/new" "/magic$BATS_TEST_TMPDIR/new" "/self$BATS_TEST_TMPDIR/new"; do
                run ! pocketdocker cp mine "c:$path"
                assert_sentence "$output" "$path"
        done
        assert_equal "$(cat "$BATS_TEST_TMPDIR/secret")" secret
        [ ! -e "$BATS_TEST_TMPDIR/new" ]
        inside "mkdir -p '$BATS_TEST_TMPDIR'"
        pocketdocker cp mine c:/dir/new
        run -0 inside "cat '$BATS_TEST_TMPDIR/new'"
        assert_equal "$output" written
        [ ! -e "$BATS_TEST_TMPDIR/new" ]
}

# CVE-2018-15664: the path was looked at, then walked again when it had become a link.
@test "a directory that becomes a link while it is copied leads nowhere else" {
        local i flag=flag-$BATS_ROOT_PID-of-a-copy
        echo host >"/tmp/$flag"
        echo stolen >mine
        running
        pocketdocker exec -d c sh -c 'mkdir -p /safe/tmp; cd /; while :; do mv safe away; ln -s / safe; rm safe; mv away safe; done'
        for ((i = 0; i < 40; i++)); do
                pocketdocker cp mine "c:/safe/tmp/$flag" 2>/dev/null || true
                pocketdocker cp "c:/safe/tmp/$flag" "out$i" 2>/dev/null || true
        done
        assert_equal "$(cat "/tmp/$flag")" host
        rm "/tmp/$flag"
        assert_equal "$(cat out* 2>/dev/null | grep -c host || true)" 0
        [ ! -e "/safe" ]
}

@test "a copy into one that does not run keeps it from starting, and ends with it" {
        pocketdocker create --name c "$IMAGE" true >/dev/null
        mkfifo in
        pocketdocker cp - c:/tmp <in &
        local copy=$!
        exec 9>in
        await 10 copying
        run ! pocketdocker start c
        assert_match "$output" "being copied into"
        pocketdocker rm c >/dev/null
        run ! wait $copy
        exec 9>&-
}
copying() { pgrep -P "$(daemon_pid)" -f 'copy-to --in-fd' >/dev/null; }

@test "a copy ends with its container's run" {
        running
        mkfifo in
        pocketdocker cp - c:/tmp <in &
        local copy=$!
        exec 9>in
        await 10 copying
        pocketdocker stop -t 0 c >/dev/null
        run ! wait $copy
        exec 9>&-
        pocketdocker start c >/dev/null
}

@test "numbers and names are what the container has them for, whoever its users are" {
        local flags
        mkdir d
        echo x >"d/grün-日本"
        chown 5:6 d/*
        for flags in --userns=host --userns=keep-id --privileged; do
                running $flags
                pocketdocker cp -a d c:/tmp/d
                pocketdocker pause c >/dev/null
                pocketdocker cp -a d c:/tmp/paused
                pocketdocker unpause c >/dev/null
                pocketdocker stop -t 0 c >/dev/null
                pocketdocker cp -a d c:/tmp/stopped
                pocketdocker cp -a c:/tmp/d "./$flags"
                pocketdocker start c >/dev/null
                run -0 pocketdocker exec -u 0 c sh -c 'stat -c "%u:%g %n" /tmp/*/*'
                assert_equal "$output" $'5:6 /tmp/d/grün-日本\n5:6 /tmp/paused/grün-日本\n5:6 /tmp/stopped/grün-日本'
                assert_equal "$(stat -c %u:%g "./$flags/grün-日本")" 5:6
                pocketdocker rm -f c >/dev/null
        done
}

# The worker's program is the host's, and so is all that it loads: the container's tables of character sets are none of them.
@test "a worker reads no library and no table of the container's" {
        local copy maps inode path table
        running
        # A table that is none is passed over, so it gets a good one.
        table=$(find /usr/lib -path '*/gconv/gconv-modules.cache' | head -n 1)
        inside "mkdir -p '${table%/*}'"
        pocketdocker cp "$table" "c:$table"
        mkfifo in
        pocketdocker cp - c:/tmp <in &
        copy=$!
        exec 9>in
        await 10 copying
        echo x >"grün"
        head -c 8M /dev/zero >more
        tar -c --format=pax "grün" more | head -c 4M >&9 # it reads ahead, so more has to follow
        await 10 arrived
        maps=$(cat "/proc/$(pgrep -P "$(daemon_pid)" -f 'copy-to --in-fd')/maps")
        exec 9>&-
        run ! wait "$copy" # it was cut off
        # shellcheck disable=SC2016 # awk's
        run -0 awk '$6 ~ "^/usr/|^/lib" && !seen[$6]++ { print $5, $6 }' <<<"$maps"
        assert_match "$output" "libarchive"
        while read -r inode path; do
                assert_equal "$(stat -L -c %i "$path") $path" "$inode $path"
        done <<<"$output"
        pocketdocker cp "c:/tmp/grün" out
        assert_equal "$(cat out)" x
}
arrived() { inside 'test -s /tmp/grün'; }

@test "what cannot be copied is said in a sentence" {
        running
        for words in 'a b' 'c:/a c:/b' 'absent:/x .' 'c:/absent .' './absent c:/tmp' 'c: .'; do
                # shellcheck disable=SC2086 # words
                run ! pocketdocker cp $words
                assert_equal "${#lines[@]}" 1
                assert_match "$output" "^pocketdocker: "
        done
        assert_equal "$(ls)" ""
}
