#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }

teardown() {
        teardown_test
        pocketdocker images -q --no-trunc --filter dangling=true | sort -u | xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        pocketdocker images --format '{{.Repository}}:{{.Tag}}' | grep -v -x -e "$IMAGE" -e '<none>:<none>' |
                xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
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
