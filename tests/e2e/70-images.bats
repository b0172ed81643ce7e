#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }

teardown() {
        local status=0
        teardown_test || status=1
        pocketdocker images -q --no-trunc --filter dangling=true | sort -u | xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        pocketdocker images --format '{{.Repository}}:{{.Tag}}' | grep -v -x -e "$IMAGE" -e '<none>:<none>' |
                xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        return $status
}

# What images have on disk, beside what is about to be deleted.
stored() { find "$STATE/images/layers" "$STATE/images/blobs/sha256" -mindepth 1 -maxdepth 1 | sort; }

image_id() { pocketdocker inspect "$1" | jq -r '.[0].Id'; }

@test "the same archive imported twice is stored once, under the same id" {
        local first second before
        before=$(stored)
        first=$(pocketdocker import "$E2E_HOME/rootfs.tar" again:1)
        second=$(pocketdocker import "$E2E_HOME/rootfs.tar" again:2)
        assert_equal "$second" "$first"
        assert_equal "$(image_id again:1)" "$(image_id "$IMAGE")"
        assert_equal "$(stored)" "$before"
        await 20 images_tidied
}

@test "gzip, xz and zstd archives give the image of the plain one" {
        gzip -c "$E2E_HOME/rootfs.tar" >"$E2E_HOME/rootfs.tar.gz"
        xz -0 -c "$E2E_HOME/rootfs.tar" >"$E2E_HOME/rootfs.tar.xz"
        zstd -q -f "$E2E_HOME/rootfs.tar" -o "$E2E_HOME/rootfs.tar.zst"
        local kind
        for kind in gz xz zst; do
                pocketdocker import "$E2E_HOME/rootfs.tar.$kind" "packed:$kind"
                assert_equal "$(image_id "packed:$kind")" "$(image_id "$IMAGE")"
        done
}

# bats test_tags=native
@test "import reads standard input" {
        pocketdocker import - piped <"$E2E_HOME/rootfs.tar"
        assert_equal "$(image_id piped:latest)" "$(image_id "$IMAGE")"
        zstd -q -c "$E2E_HOME/rootfs.tar" | pocketdocker import - piped:2
        assert_equal "$(image_id piped:2)" "$(image_id "$IMAGE")"
}

# bats test_tags=native
@test "without a tag it is latest, without a name it is untagged" {
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        pocketdocker import "$E2E_HOME/other.tar" plain
        run -0 pocketdocker images --format '{{.Repository}}:{{.Tag}}'
        [[ $output == *plain:latest* ]]
        local id
        mkdir -p "$E2E_HOME/empty"
        tar -C "$E2E_HOME/empty" -cf "$E2E_HOME/empty.tar" .
        id=$(pocketdocker import "$E2E_HOME/empty.tar")
        run -0 pocketdocker images --filter dangling=true -q
        [ -n "$output" ]
        run -0 pocketdocker rmi "$id"
}

# bats test_tags=native
@test "images lists name, tag, id and size under Docker's headings" {
        run -0 pocketdocker images
        assert_match "${lines[0]}" '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$'
        assert_match "${lines[1]}" '^bb +1 +[0-9a-f]{12} +.*(kB|MB)$'
        assert_equal "$(pocketdocker images --format json | jq -r '.Repository + ":" + .Tag')" "$IMAGE"
}

# bats test_tags=native
@test "a tag given to another image moves" {
        local old
        pocketdocker import "$E2E_HOME/rootfs.tar" moving:1
        old=$(image_id moving:1)
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        pocketdocker import "$E2E_HOME/other.tar" moving:1
        [ "$(image_id moving:1)" != "$old" ]
        assert_equal "$(image_id "$IMAGE")" "$old"
}

@test "rmi takes a tag away and the image with the last one" {
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        pocketdocker import "$E2E_HOME/other.tar" two:1
        pocketdocker import "$E2E_HOME/other.tar" two:2
        run -0 pocketdocker rmi two:1
        [[ $output == *two:1* ]]
        run -0 pocketdocker inspect two:2
        run -0 pocketdocker rmi two:2
        run -1 --separate-stderr pocketdocker inspect two:2
        assert_sentence "$stderr" two:2
}

@test "rmi of an image in use is refused and names the container" {
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        pocketdocker import "$E2E_HOME/other.tar" used:1
        pocketdocker create --name holder used:1 /rootfs.tar
        run -1 --separate-stderr pocketdocker rmi used:1
        [[ $stderr == *holder* ]]
        pocketdocker rm holder
        run -0 pocketdocker rmi used:1
}

# bats test_tags=native
@test "names that are none are refused, as Docker refuses them" {
        local name
        for name in UPPER library/UPPER ':tag' 'a:b:c' '-leading' 'double//slash' "$(printf 'x%.0s' {1..300})"; do
                run -1 --separate-stderr pocketdocker import "$E2E_HOME/rootfs.tar" -- "$name" 3>&-
                assert_equal "$(wc -l <<<"$stderr")" 1
        done
        # A capital before the first slash makes it a registry's name, of which case is no part.
        run -0 pocketdocker import "$E2E_HOME/rootfs.tar" REGISTRY/case
        run -1 --separate-stderr pocketdocker import /no/such/file x
        assert_sentence "$stderr" /no/such/file
}

@test "what is no archive is refused by its file's name" {
        run -1 --separate-stderr pocketdocker import /etc/passwd x
        assert_sentence "$stderr" /etc/passwd
        run -1 --separate-stderr bash -c 'echo text | "$0" import - x' "$PROGRAMS/pocketdocker"
        assert_sentence "$stderr" "standard input"
        run -125 --separate-stderr pocketdocker run --rm /etc/passwd true
        assert_sentence "$stderr" /etc/passwd
}

# bats test_tags=native
@test "images are found by id, by a prefix of it and by their full name" {
        local id
        id=$(image_id "$IMAGE")
        id=${id#sha256:}
        assert_match "$id" '^[0-9a-f]{64}$'
        run -0 pocketdocker run --rm "$id" echo by-id
        run -0 pocketdocker run --rm "${id:0:12}" echo by-prefix
        run -0 pocketdocker run --rm "docker.io/library/$IMAGE" echo by-full-name
        assert_equal "$output" by-full-name
}

@test "images NAME shows the tags that match, not all that the image has" {
        pocketdocker import "$E2E_HOME/rootfs.tar" shown:1
        pocketdocker import "$E2E_HOME/rootfs.tar" shown:2
        assert_equal "$(pocketdocker images --format '{{.Repository}}:{{.Tag}}' shown:1)" shown:1
        assert_equal "$(pocketdocker images --format '{{.Repository}}:{{.Tag}}' -f 'reference=shown:*' | sort | tr '\n' ' ')" "shown:1 shown:2 "
        pocketdocker rmi shown:1 shown:2
}

@test "tag gives more names, moves them, and untag leaves the image" {
        local id
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        id=$(pocketdocker import "$E2E_HOME/other.tar" named:1)
        run -0 pocketdocker tag named:1 named:2 registry.example:5000/a/b
        assert_equal "$(image_id registry.example:5000/a/b:latest)" "$id"
        run -0 pocketdocker tag "$IMAGE" named:2
        assert_equal "$(image_id named:2)" "$(image_id "$IMAGE")"
        run -0 pocketdocker untag named:1 registry.example:5000/a/b
        assert_equal "$(pocketdocker images -q --no-trunc --filter dangling=true)" "$id"
        run -1 --separate-stderr pocketdocker untag named:1
        assert_sentence "$stderr" named:1
        run -1 --separate-stderr pocketdocker untag "$id"
        [ -n "$(pocketdocker images -q --filter dangling=true)" ]
        run -1 --separate-stderr pocketdocker tag "$IMAGE" 'UPPER'
        assert_sentence "$stderr" UPPER
}

@test "names survive the daemon, and events tell of each" {
        pocketdocker tag "$IMAGE" kept:1
        kill_daemon
        start_daemon
        assert_equal "$(image_id kept:1)" "$(image_id "$IMAGE")"
        pocketdocker untag kept:1
        run -0 pocketdocker events --since 10m --until 0s --filter event=tag --filter event=untag --format '{{.Action}} {{.Actor.Attributes.name}}'
        [[ $output == *"tag kept:1"*"untag kept:1"* ]]
}

@test "image prune deletes what has no name, with --all what no container uses, and says how much" {
        local id
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        id=$(pocketdocker import "$E2E_HOME/other.tar")
        pocketdocker tag "$IMAGE" stays:1
        run -0 pocketdocker image prune </dev/null
        [ -n "$(pocketdocker images -q --filter dangling=true)" ]
        run -0 pocketdocker image prune --force --filter until=1h
        assert_equal "$output" "Total reclaimed space: 0B"
        run -0 pocketdocker image prune <<<y
        [[ $output == *"deleted: $id"*"Total reclaimed space: "*B ]]
        [[ $output != *"space: 0B"* ]]
        pocketdocker create --name user "$IMAGE" true
        pocketdocker import "$E2E_HOME/other.tar" unused:1
        run -0 pocketdocker image prune -a -f
        run -1 pocketdocker inspect unused:1
        run -0 pocketdocker inspect stays:1
        await 20 images_tidied
}

# bats test_tags=native
@test "history shows an import as the one step that it is" {
        pocketdocker import -m 'by hand' "$E2E_HOME/rootfs.tar" told:1
        run -0 pocketdocker history told:1
        assert_match "${lines[0]}" '^IMAGE +CREATED +CREATED BY +SIZE +COMMENT$'
        assert_match "${lines[1]}" '^[0-9a-f]{12} .*MB +by hand$'
        assert_equal "$(pocketdocker history -q --no-trunc told:1)" "$(image_id told:1)"
        assert_match "$(pocketdocker history --human=false --format '{{.Size}}' told:1)" '^[0-9]+$'
        run -1 --separate-stderr pocketdocker history absent:1
        assert_sentence "$stderr" absent:1
}

# bats test_tags=native
@test "images tells what other images share" {
        pocketdocker import -m 'another config' "$E2E_HOME/rootfs.tar" shares:1
        assert_equal "$(pocketdocker images --format '{{.UniqueSize}}' shares:1)" 0B
        assert_equal "$(pocketdocker images --format '{{.SharedSize}}' shares:1)" "$(pocketdocker images --format '{{.Size}}' shares:1)"
        pocketdocker rmi shares:1
        assert_equal "$(pocketdocker images --format '{{.SharedSize}}' "$IMAGE")" 0B
        run -0 pocketdocker images --digests
        assert_match "${lines[0]}" '^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE$'
}

@test "system prune removes containers that have ended, and images without a name" {
        pocketdocker run --name ended "$IMAGE" true
        start_waiting up
        tar -C "$E2E_HOME" -cf "$E2E_HOME/other.tar" rootfs.tar
        pocketdocker import "$E2E_HOME/other.tar"
        run -0 pocketdocker system prune -f
        [[ $output == *"Deleted Containers:"*"Deleted Images:"*"Total reclaimed space: "* ]]
        assert_equal "$(pocketdocker ps --format '{{.Names}}')" up
        assert_equal "$(pocketdocker images -q --filter dangling=true)" ""
}

# bats test_tags=native
@test "system df counts a shared layer once, and as reclaimable what no container's image has" {
        local alone
        alone=$(pocketdocker system df --format '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}' | head -n 1)
        assert_match "$alone" '^Images 1 0 .*MB .*MB \(100%\)$'
        pocketdocker import -m 'another config' "$E2E_HOME/rootfs.tar" shares:1
        assert_equal "$(pocketdocker system df --format '{{.Size}}' | head -n 1)" "$(awk '{ print $4 }' <<<"$alone")"
        pocketdocker create --name user -v used:/x "$IMAGE" true
        pocketdocker volume create unused
        run -0 pocketdocker system df
        assert_match "${lines[0]}" '^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$'
        assert_match "${lines[1]}" '^Images +2 +1 +.*MB +0B \(0%\)$'
        assert_match "${lines[2]}" '^Containers +1 +0 '
        assert_match "${lines[3]}" '^Local Volumes +2 +1 '
        pocketdocker rm user
        pocketdocker volume rm used unused
}

# usage TYPE FIELD: of one kind, in bytes
usage() { bus --json=short call org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager GetDiskUsage | jq ".data[0].$1.data.$2.data"; }

assert_between() { [ "$1" -ge "$2" ] && [ "$1" -lt "$3" ] || fail_with "$1 is not between $2 and $3"; }

@test "system df measures what the files of containers and volumes take, and what goes with the unused" {
        assert_equal "$(usage Containers Size) $(usage Volumes Size)" "0 0"
        start_waiting up -v used:/data
        pocketdocker exec -u 0 up sh -c 'head -c 3000000 /dev/zero >/data/file; ln /data/file /data/link; head -c 2000000 /dev/zero >/own
                mkdir -m 700 -p /data/closed/below && head -c 1000000 /dev/zero >/data/closed/below/file; chown -R 5:5 /data/closed'
        pocketdocker run --name down -v unused:/data "$IMAGE" sh -c 'head -c 5000000 /dev/zero >/data/file; head -c 6000000 /dev/zero >/own; sync'
        pocketdocker rm down
        pocketdocker run --name down "$IMAGE" sh -c 'head -c 6000000 /dev/zero >/own; sync'
        pocketdocker exec up sync
        assert_between "$(usage Volumes Size)" 9000000 9500000
        assert_between "$(usage Volumes Reclaimable)" 5000000 5200000
        assert_between "$(usage Containers Size)" 8000000 8500000
        assert_between "$(usage Containers Reclaimable)" 6000000 6200000
        run -0 pocketdocker system df --format '{{.Size}} {{.Reclaimable}}'
        assert_match "${lines[1]}" '^8\.[0-9]+MB 6\.[0-9]+MB \([67][0-9]%\)$'
        assert_match "${lines[2]}" '^9\.[0-9]+MB 5\.[0-9]+MB \(5[0-9]%\)$'
        # Several at once share the measuring.
        local n pids=()
        for n in 1 2 3 4 5 6; do
                pocketdocker system df >"$E2E_HOME/df.$n" &
                pids+=($!)
        done
        wait "${pids[@]}"
        for n in 2 3 4 5 6; do cmp "$E2E_HOME/df.1" "$E2E_HOME/df.$n"; done
        pocketdocker rm -f up down
        pocketdocker volume rm used unused
}
