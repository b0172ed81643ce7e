#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() {
        setup_engine
        make_filled_image
}
teardown_file() {
        remove_all
        pocketdocker rmi -f filled:1 >/dev/null 2>&1 || true
        teardown_engine
}
teardown() {
        local status=0
        teardown_test || status=1
        pocketdocker volume prune -af >/dev/null || status=1
        await 20 trash_is_empty || status=1
        assert_equal "$(find "$STATE/volumes" -mindepth 1 -maxdepth 1)" "" || status=1
        return $status
}

# An image with something in it where volumes will be.
make_filled_image() {
        local dir=$E2E_HOME/filled
        mkdir -p "$dir"
        tar -C "$dir" --numeric-owner -xf "$E2E_HOME/rootfs.tar"
        mkdir -p "$dir/srv/data/sub/deep"
        echo seed >"$dir/srv/data/file"
        ln -s file "$dir/srv/data/link"
        mkfifo -m 600 "$dir/srv/data/pipe"
        echo below >"$dir/srv/data/sub/deep/file"
        head -c 3000000 /dev/zero >"$dir/srv/data/big"
        chown -hR 999:998 "$dir/srv/data"
        chmod 4755 "$dir/srv/data/file"
        chmod 2750 "$dir/srv/data/sub"
        chmod 1777 "$dir/srv/data"
        touch -d @1000000000 "$dir/srv/data/file"
        tar -C "$dir" --numeric-owner -cf "$E2E_HOME/filled.tar" .
        rm -rf "$dir"
        pocketdocker import "$E2E_HOME/filled.tar" filled:1 >/dev/null
}

@test "a named volume keeps what one container wrote for the next" {
        pocketdocker run --rm -v kept:/data "$IMAGE" sh -c 'echo one >/data/file'
        run -0 pocketdocker run --rm --mount type=volume,source=kept,target=/elsewhere "$IMAGE" cat /elsewhere/file
        assert_equal "$output" one
        run -1 pocketdocker run --rm -v kept:/data:ro "$IMAGE" touch /data/other
}

@test "a new volume may be read-only from its first mount on, and has what the image has" {
        run -0 pocketdocker run --rm -v v:/srv/data:ro filled:1 cat /srv/data/file
        assert_equal "$output" seed
        run -1 pocketdocker run --rm -v w:/srv/data:ro filled:1 touch /srv/data/new
        run -1 pocketdocker run --rm --read-only -v x:/absent:ro "$IMAGE" touch /absent/new
}

@test "a new volume gets what the image has there, with owners, modes, times and links" {
        run -0 pocketdocker run --rm -v v:/srv/data filled:1 sh -c 'cd /srv/data && stat -c "%n %u:%g %a %F" . file link pipe sub sub/deep/file && stat -c %Y file && readlink link && cat sub/deep/file && stat -c %s big'
        assert_equal "$output" ". 999:998 1777 directory
file 999:998 4755 regular file
link 999:998 777 symbolic link
pipe 999:998 600 fifo
sub 999:998 2750 directory
sub/deep/file 999:998 644 regular file
1000000000
file
below
3000000"
        pocketdocker run --rm -v v:/srv/data filled:1 rm /srv/data/file
        run -0 pocketdocker run --rm -v v:/srv/data filled:1 ls /srv/data
        [[ $output != *file* ]] || fail_with "filled twice: $output"
        run -0 pocketdocker run --rm --mount type=volume,source=bare,target=/srv/data,volume-nocopy filled:1 ls -A /srv/data
        assert_equal "$output" ""
}

@test "two containers that have a new volume at once find it whole" {
        local i
        for i in 1 2 3 4; do
                pocketdocker run --rm -v v:/srv/data filled:1 sh -c 'ls -A /srv/data | wc -l' >"$BATS_TEST_TMPDIR/$i" &
        done
        wait
        assert_equal "$(sort -u "$BATS_TEST_TMPDIR"/[1-4])" 5
        assert_equal "$(ls "$STATE/volumes/v")" data
}

@test "who wrote in one container is who wrote in the next, and nobody of the host" {
        pocketdocker run --rm -u 999:998 -v v:/data --mount type=volume,source=v,target=/srv/data,volume-nocopy filled:1 true
        pocketdocker run --rm -v v:/data "$IMAGE" sh -c 'touch /data/zero; chown 999:998 /data'
        pocketdocker run --rm -u 999:998 -v v:/data "$IMAGE" touch /data/nine
        run -0 pocketdocker run --rm -v v:/data "$IMAGE" sh -c 'cd /data && stat -c "%n %u:%g" nine zero'
        assert_equal "$output" "nine 999:998"$'\n'"zero 0:0"
        assert_equal "$(stat -c %u "$STATE/volumes/v/data/nine")" $((2147352576 + 999))
}

@test "no container reads the files of a volume as those of the host, and no device is made in it" {
        run ! pocketdocker run --rm -v v:/data "$IMAGE" mknod /data/disk b 8 0
        run -0 pocketdocker run --rm -v v:/data "$IMAGE" sh -c 'grep " /data " /proc/self/mountinfo'
        [[ $output == *nodev* && $output == *idmapped* ]]
}

@test "create, ls, inspect and rm do what they say" {
        run -0 pocketdocker volume create --label team=web --label plain one.two-3
        assert_equal "$output" one.two-3
        run -0 pocketdocker volume create one.two-3
        run -0 pocketdocker volume create
        assert_match "$output" '^[0-9a-f]{64}$'
        assert_equal "$(pocketdocker volume ls -q --filter name=two)" one.two-3
        assert_equal "$(pocketdocker volume ls -q --filter label=team=web)" one.two-3
        assert_equal "$(pocketdocker volume ls --format '{{.Name}} {{.Driver}} {{.Owner}} {{.Label "team"}}' --filter label=team)" "one.two-3 local 0 web"
        assert_equal "$(pocketdocker volume inspect one.two-3 | jq -c '.[0] | [.Name, .Driver, .Owner, .Labels.team, .Anonymous]')" \
                '["one.two-3","local",0,"web",false]'
        assert_equal "$(pocketdocker inspect --format '{{.Mountpoint}}' one.two-3)" "$STATE/volumes/one.two-3/data"
        run -0 pocketdocker volume rm one.two-3
        run -1 pocketdocker volume rm one.two-3
        [[ $output == *"'one.two-3'"* ]]
        run -0 pocketdocker volume rm -f one.two-3
        run -1 pocketdocker volume create .hidden
        [[ $output == *"'.hidden'"* ]]
}

@test "a volume that a container has stays, whatever state that is in" {
        pocketdocker create --name c -v used:/data "$IMAGE" true
        run -1 pocketdocker volume rm used
        [[ $output == *"'used'"* ]]
        pocketdocker volume prune -af
        assert_equal "$(pocketdocker volume ls -q --filter dangling=false)" used
        pocketdocker rm c
        assert_equal "$(pocketdocker volume ls -q --filter dangling=true)" used
        run -0 pocketdocker volume rm used
        [ ! -e "$STATE/volumes/used" ]
}

@test "anonymous volumes go with --rm and rm -v, and stay otherwise; named ones stay" {
        pocketdocker run --rm -v /anonymous -v named:/named "$IMAGE" touch /anonymous/x /named/x
        assert_equal "$(pocketdocker volume ls -q)" named
        pocketdocker run --name c -v /anonymous -v named:/named "$IMAGE" true
        pocketdocker rm -v c
        assert_equal "$(pocketdocker volume ls -q)" named
        pocketdocker run --name c -v /anonymous "$IMAGE" true
        pocketdocker rm c
        assert_equal "$(pocketdocker volume ls -q | wc -l)" 2
        run -0 pocketdocker volume prune -f
        assert_equal "$(pocketdocker volume ls -q)" named
        run -0 pocketdocker volume prune -af
        assert_equal "$output" "Deleted Volumes:"$'\n'named
}

@test "a run that is refused makes no volume, and one that fails leaves none without a name" {
        run -125 pocketdocker run -v made:/data --network no-such-network "$IMAGE" true
        run -125 pocketdocker run -v made:/data --mount type=volume,source=.bad,target=/x "$IMAGE" true
        run -127 pocketdocker run --rm -v /data "$IMAGE" no-such-command
        assert_equal "$(pocketdocker volume ls -q)" ""
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "volumes and what containers have of them outlive a daemon that is killed" {
        pocketdocker run --rm -v kept:/data "$IMAGE" sh -c 'echo one >/data/file'
        start_waiting c -v kept:/data -v /anonymous
        kill_daemon
        start_daemon
        run -0 pocketdocker exec c cat /data/file
        assert_equal "$output" one
        run -1 pocketdocker volume rm kept
        pocketdocker restart -t 1 c
        run -0 pocketdocker exec c cat /data/file
        pocketdocker rm -fv c
        assert_equal "$(pocketdocker volume ls -q)" kept
        kill_daemon
        start_daemon
        pocketdocker volume rm kept
        kill_daemon
        start_daemon
        assert_equal "$(pocketdocker volume ls -q)" ""
}

@test "files of a volume without a row are put away by the next daemon" {
        [ "$E2E_MODE" != system ] || skip "the service's own directory is left alone"
        pocketdocker volume create kept
        kill_daemon
        mkdir -p "$STATE/volumes/stray/data" && touch "$STATE/volumes/stray/data/file"
        start_daemon
        assert_equal "$(pocketdocker volume ls -q)" kept
        await 20 test ! -e "$STATE/volumes/stray"
}

@test "events tell of volumes" {
        local since=$EPOCHSECONDS
        pocketdocker volume create told
        pocketdocker run --rm -v told:/a -v also:/b "$IMAGE" true
        pocketdocker volume rm told
        run -0 pocketdocker events --since "$since" --until 0s --filter type=volume --format '{{.Action}} {{.Actor.Attributes.name}}'
        [[ $output == *"create told"*"create also"*"destroy told"* ]] || fail_with "$output"
        run -0 pocketdocker events --since "$since" --until 0s --filter volume=also --format '{{.Action}}'
        assert_equal "${lines[-1]}" create
}

@test "D-Bus shows volumes as objects" {
        run -0 bus call org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager CreateVolume 'sa{sv}' a.b 0
        assert_equal "$output" 'o "/org/pocketdocker/volume/a_2eb"'
        run -0 bus get-property org.pocketdocker.Manager /org/pocketdocker/volume/a_2eb org.pocketdocker.Volume Mountpoint
        assert_equal "$output" "s \"$STATE/volumes/a.b/data\""
        run -0 bus call org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager RemoveVolume 'sa{sv}' a.b 0
}

@test "--volumes-from mounts what another container has, and what is asked for by itself goes first" {
        local dir=$BATS_TEST_TMPDIR/dir
        mkdir "$dir"
        start_waiting a -v one:/one -v /anonymous -v "$dir:/place" --tmpfs /scratch
        pocketdocker exec a sh -c 'echo a >/one/file; echo b >/anonymous/file; echo c >/place/file'
        run -0 pocketdocker run --rm --volumes-from a "$IMAGE" sh -c 'cat /one/file /anonymous/file /place/file; ls -d /scratch || true'
        assert_equal "$output" "a
b
c
ls: /scratch: No such file or directory"
        run ! pocketdocker run --rm --volumes-from a:ro "$IMAGE" sh -c 'touch /one/x || touch /place/x'
        assert_equal "$(ls "$dir")" file
        # Its own first, then the container that is named later.
        start_waiting b -v two:/one
        pocketdocker exec b sh -c 'echo d >/one/file'
        run -0 pocketdocker run --rm --volumes-from a --volumes-from b "$IMAGE" cat /one/file
        assert_equal "$output" d
        run -0 pocketdocker run --rm --volumes-from b --volumes-from a:rw "$IMAGE" cat /one/file
        assert_equal "$output" a
        run -0 pocketdocker run --rm --volumes-from a -v two:/one "$IMAGE" cat /one/file
        assert_equal "$output" d
        # An anonymous volume goes with the container that it was made for, and not before the last that uses it.
        pocketdocker create --name c --volumes-from a "$IMAGE" true >/dev/null
        pocketdocker rm -v c
        pocketdocker exec a cat /anonymous/file
        run -0 pocketdocker inspect -f '{{range .Mounts}}{{.Destination}} {{end}}' a
        assert_equal "$output" "/one /anonymous /place "
        pocketdocker rm -fv a
        assert_equal "$(pocketdocker volume ls -q | sort | tr '\n' ' ')" "one two "
}

@test "--volumes-from of what is not there or no such thing is refused with one sentence" {
        run -125 pocketdocker run --volumes-from nowhere "$IMAGE" true
        assert_equal "$output" "pocketdocker: No such container: 'nowhere'"
        start_waiting a
        run -125 pocketdocker run --volumes-from a:what "$IMAGE" true
        assert_equal "$output" "pocketdocker: 'a:what' of 'volumes-from' is not CONTAINER, CONTAINER:ro or CONTAINER:rw"
        assert_equal "$(pocketdocker ps -q | wc -l)" 1
}
