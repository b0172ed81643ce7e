#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native
# What images' layers mean, beside what others make of them: images of every making are unpacked by umoci, layer upon
# layer into one tree, and here each layer by itself, put together by overlayfs as a container has them. Both are told line by
# line: names, types, modes, owners, times, attributes, contents, what is linked to what.
load helpers

# The host's number of a container's root
FOREIGN=2147352576

setup_file() {
        setup_engine
        # buildah's and skopeo's own places, and no word of a registry
        export STORAGE_DRIVER=vfs XDG_RUNTIME_DIR=$E2E_HOME/run BUILDAH_ISOLATION=chroot TMPDIR=$E2E_HOME
        mkdir -p "$E2E_HOME/run"
        printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' "$E2E_HOME" "$E2E_HOME" >"$E2E_HOME/storage.conf"
        export CONTAINERS_STORAGE_CONF=$E2E_HOME/storage.conf
        start_registry
}

teardown_file() {
        kill "$(cat "$E2E_HOME/registry.pid")"
        teardown_engine
}

# A port that nobody has, on loopback; whoever takes it in between is noticed, and another one tried.
start_registry() {
        local try
        for try in 1 2 3 4 5; do
                REGISTRY=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
                export REGISTRY
                printf '%s\n' 'version: 0.1' 'log: {level: error}' "storage: {filesystem: {rootdirectory: $E2E_HOME/registry}}" \
                        "http: {addr: $REGISTRY}" >"$E2E_HOME/registry.yml"
                docker-registry serve "$E2E_HOME/registry.yml" >"$E2E_HOME/registry.log" 2>&1 3>&- &
                echo $! >"$E2E_HOME/registry.pid"
                if await 20 curl -sf "http://$REGISTRY/v2/" && ! process_gone "$(cat "$E2E_HOME/registry.pid")"; then
                        return 0
                fi
        done
        fail_with "no registry after $try tries: $(cat "$E2E_HOME/registry.log")"
}

setup() {
        work=$(mktemp -d "$E2E_HOME/test.XXXXXX")
        mkdir "$work/mounted" "$work/empty"
}

teardown() {
        ! mountpoint -q "$work/mounted" || umount "$work/mounted" || return 1
        rm -rf "$work"
        pocketdocker rmi "$REGISTRY/test:1" >/dev/null 2>&1 || true
        teardown_test
}

layers() { python3 "$E2E_SOURCE/layers.py" "$@"; }

# theirs LAYOUT:TAG: the tree as umoci makes it, told
theirs() {
        umoci unpack --image "$1" "$work/bundle" >/dev/null 2>&1
        layers list "$work/bundle/rootfs"
        rm -rf "$work/bundle"
}

# ours TRANSPORT:IMAGE: the tree as a container of the pulled image has it, told
ours() {
        local stack
        skopeo copy --quiet --preserve-digests --dest-tls-verify=false "$1" "docker://$REGISTRY/test:1" >/dev/null
        pocketdocker pull --quiet "$REGISTRY/test:1" >/dev/null || return 1
        pocketdocker inspect "$REGISTRY/test:1" | jq -r '.[0].RootFS.Layers[] | sub("sha256:"; "")' >"$work/layers"
        # the topmost first; overlayfs wants two, so an empty one is below
        stack=$(tac "$work/layers" | sed "s#.*#$STATE/images/layers/&/root#" | paste -sd:)
        mount -t overlay overlay -o "ro,userxattr,lowerdir=$stack:$work/empty" "$work/mounted"
        layers list "$work/mounted" $FOREIGN
        umount "$work/mounted"
        pocketdocker rmi "$REGISTRY/test:1" >/dev/null
}

# assert_same A B: files with what theirs and ours told
assert_same() {
        [ -s "$1" ] || fail_with "nothing was told" || return 1
        diff "$1" "$2" >"$work/diff" || fail_with "$(cut -c1-300 "$work/diff" | head -n 40)"
}

# change_tree ROOT: some of all that can be done to a tree that another layer is below of
change_tree() {
        local root=$1
        rm -r "$root/etc/alternatives-of-old" "$root/usr/share/old"
        mkdir -m 751 "$root/usr/share/old"
        echo new >"$root/usr/share/old/new"
        rm "$root/usr/bin/one"
        ln -s ../lib/two "$root/usr/bin/one"
        rm -r "$root/srv/was-directory"
        echo file >"$root/srv/was-directory"
        rm "$root/srv/was-file"
        mkdir "$root/srv/was-file"
        echo deep >"$root/srv/was-file/deep"
        ln "$root/usr/bin/two" "$root/srv/hard"
        chmod 4711 "$root/usr/bin/two"
        chown 10:20 "$root/srv/owned"
        touch -d '2001-02-03 04:05:06.789' "$root/srv/touched"
        python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.added", b"yes")' "$root/srv/touched"
        setcap cap_net_raw+ep "$root/usr/bin/capable"
        truncate -s 3M "$root/srv/sparse"
        echo end >>"$root/srv/sparse"
        mkfifo -m 600 "$root/srv/fifo"
}

make_tree() {
        local root=$1
        mkdir -p "$root"/{etc/alternatives-of-old/sub,usr/share/old/older,usr/bin,usr/lib,srv/was-directory}
        echo 1 >"$root/etc/alternatives-of-old/f"
        echo 1 >"$root/etc/alternatives-of-old/sub/f"
        echo 2 >"$root/usr/share/old/older/f"
        echo one >"$root/usr/bin/one"
        echo two >"$root/usr/bin/two"
        chmod 755 "$root/usr/bin/two"
        ln "$root/usr/bin/two" "$root/usr/lib/two"
        echo capable >"$root/usr/bin/capable"
        echo x >"$root/srv/was-directory/x"
        echo x >"$root/srv/was-file"
        echo x >"$root/srv/owned"
        echo x >"$root/srv/touched"
        mkdir -m 1777 "$root/tmp"
        mkdir -m 700 "$root/root"
}

@test "whatever a layer may have is unpacked as umoci does it: gzip, zstd and plain" {
        layers make "$work/image"
        theirs "$work/image:gzip" >"$work/theirs"
        local tag
        for tag in gzip zstd plain; do
                ours "oci:$work/image:$tag" >"$work/ours"
                assert_same "$work/theirs" "$work/ours"
        done
        # Of what was compared something must have been there.
        grep -q "^'mail/root' file 660 0:0 " "$work/ours"
        grep -q "^'bin/capable' file 755 .* security.capability=01000000" "$work/ours"
        grep -q "^'deep/a/b/hard' file 4755 .* same as 'bin/hard'$" "$work/ours"
        grep -q "^'gone' dir 700 " "$work/ours"
        run -1 grep -E "^'(gone/f|gone/sub|opaque/old|opaque2/f|late/f|hidden-then-dir/f|became-dir/)" "$work/ours"
}

@test "an image typed as Docker's gives the tree of OCI's" {
        layers make "$work/image"
        theirs "$work/image:gzip" >"$work/theirs"
        skopeo copy --quiet --format v2s2 "oci:$work/image:gzip" "dir:$work/docker" >/dev/null
        grep -q vnd.docker.image.rootfs.diff.tar.gzip "$work/docker/manifest.json"
        ours "dir:$work/docker" >"$work/ours"
        assert_same "$work/theirs" "$work/ours"

        skopeo copy --quiet "oci:$work/image:gzip" "docker-archive:$work/image.tar:some:1" >/dev/null
        skopeo copy --quiet "docker-archive:$work/image.tar" "dir:$work/copy" >/dev/null # gives it a manifest
        ours "dir:$work/copy" >"$work/ours"
        assert_same "$work/theirs" "$work/ours"
}

without_times_of_directories() { sed -E "s/^('.*' dir [0-7]+ [0-9:]+) [0-9]+/\1/"; }

@test "umoci's own layers, each the difference to the one below, give umoci's tree" {
        umoci init --layout "$work/image"
        umoci new --image "$work/image:one"
        umoci unpack --image "$work/image:one" "$work/made" >/dev/null 2>&1
        make_tree "$work/made/rootfs"
        umoci repack --refresh-bundle --image "$work/image:one" "$work/made" >/dev/null 2>&1
        change_tree "$work/made/rootfs"
        umoci repack --refresh-bundle --image "$work/image:one" "$work/made" >/dev/null 2>&1
        rm -r "$work/made/rootfs/usr/share/old"
        echo last >"$work/made/rootfs/srv/touched"
        umoci repack --image "$work/image:one" "$work/made" >/dev/null 2>&1

        # Such a layer has no entry for the directories above a change: their times stay with umoci, which unpacks into
        # one tree, while a layer of its own cannot know them.
        theirs "$work/image:one" | without_times_of_directories >"$work/theirs"
        ours "oci:$work/image:one" | without_times_of_directories >"$work/ours"
        assert_equal "$(wc -l <"$work/layers")" 3
        assert_same "$work/theirs" "$work/ours"
}

# buildah_layer FROM NAME FUNCTION: one more layer
buildah_layer() {
        local container root
        container=$(buildah from "$1")
        root=$(buildah mount "$container")
        "$3" "$root"
        buildah umount "$container" >/dev/null
        buildah commit --quiet --rm "$container" "$2" >/dev/null
}

take_away() { rm -r "$1/usr/share/old" "$1/srv/hard"; }

@test "buildah's layers give the tree that umoci makes of them" {
        buildah_layer scratch localhost/one make_tree
        buildah_layer localhost/one localhost/two change_tree
        buildah_layer localhost/two localhost/three take_away
        buildah push --quiet localhost/three "oci:$work/image:three" >/dev/null
        buildah rmi --all --force >/dev/null

        theirs "$work/image:three" >"$work/theirs"
        ours "oci:$work/image:three" >"$work/ours"
        assert_same "$work/theirs" "$work/ours"
}

@test "tars of every dialect with sparse files give the contents that tar itself gives" {
        local dialect
        mkdir -p "$work/in"
        truncate -s 8M "$work/in/sparse"
        for at in 100 3000 7000; do
                dd if=/dev/urandom of="$work/in/sparse" bs=1K count=5 seek=$at conv=notrunc status=none
        done
        truncate -s 1M "$work/in/hole"
        head -c 300000 /dev/urandom >"$work/in/full"
        layers list "$work/in" >"$work/theirs"
        for dialect in "--format=gnu" "--format=oldgnu" "--format=posix --sparse-version=0.0" \
                "--format=posix --sparse-version=0.1" "--format=posix --sparse-version=1.0"; do
                # shellcheck disable=SC2086 # words
                tar -C "$work/in" $dialect --sparse --numeric-owner -cf "$work/a.tar" .
                layers import "$PROGRAMS/pocketdocker-pull" "$work/a.tar" "$work/unpacked"
                # what was written by whole seconds is compared so
                layers list "$work/unpacked/root" $FOREIGN | cut -d' ' -f1-4,6- >"$work/ours"
                cut -d' ' -f1-4,6- "$work/theirs" >"$work/without-times"
                assert_same "$work/without-times" "$work/ours"
                [ "$(stat -c %b "$work/unpacked/root/sparse")" -lt 200 ] || fail_with "the holes of $dialect were filled"
                rm -r "$work/unpacked"
        done
}

@test "what a layer cannot hold is listed: device nodes by type, number, mode and owner" {
        layers make "$work/image"
        skopeo copy --quiet "oci:$work/image:plain" "dir:$work/copy" >/dev/null
        mkdir "$work/layers"
        layers unpack "$PROGRAMS/pocketdocker-pull" "$work/copy" "$work/layers" >"$work/devices"
        assert_equal "$(cat "$work/devices")" "0 null c 1:3 666 0:0
0 disk b 8:1 660 0:6"
        [ ! -e "$work/layers/0/root/null" ] && [ ! -e "$work/layers/0/root/disk" ]
}

debian_base() { tar -C "$1" --numeric-owner --xattrs --xattrs-include='*' -xf "$BATS_FILE_TMPDIR/base.tar" --exclude './dev/*'; }

debian_users() {
        echo 'someone:x:1000:1000::/home/someone:/bin/sh' >>"$1/etc/passwd"
        cp -a "$1/etc/skel" "$1/home/someone"
        chown -R 1000:1000 "$1/home/someone"
        chroot "$1" dpkg --purge --force-all hostname >/dev/null 2>&1
        chown -R 1000:8 "$1/var/log"
        setcap cap_net_bind_service+ep "$1/usr/bin/perl"
}

debian_slim() {
        rm -r "$1/usr/share/doc" "$1/var/lib/dpkg/info"
        mkdir -m 711 "$1/usr/share/doc"
        chmod 2775 "$1/var/log"
}

# A mirror of Debian, by apt's own configuration, and a minute.
# bats test_tags=native
@test "a Debian in three layers gives the tree that umoci makes of it" {
        mmdebstrap --quiet --variant=essential --format=tar --aptopt='Acquire::Check-Valid-Until "false"' \
                stable "$BATS_FILE_TMPDIR/base.tar" 2>/dev/null || skip "no mirror of Debian can be reached"
        buildah_layer scratch localhost/debian1 debian_base
        buildah_layer localhost/debian1 localhost/debian2 debian_users
        buildah_layer localhost/debian2 localhost/debian3 debian_slim
        buildah push --quiet localhost/debian3 "oci:$work/image:debian" >/dev/null
        buildah rmi --all --force >/dev/null

        theirs "$work/image:debian" >"$work/theirs"
        [ "$(wc -l <"$work/theirs")" -gt 3000 ]
        ours "oci:$work/image:debian" >"$work/ours"
        assert_equal "$(wc -l <"$work/layers")" 3
        assert_same "$work/theirs" "$work/ours"
}
