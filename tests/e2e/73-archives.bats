#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native
# Images in and out of archives, beside the engines that wrote them or are to take them.
load helpers

# An image of three layers: files, links, a hard link, a pipe, then one more directory, then a whiteout; with a config.
make_layout() {
        local dir=$E2E_HOME/made
        mkdir -p "$dir"/{one,two}/etc
        cp "$(command -v busybox)" "$dir/one/busybox"
        echo one >"$dir/one/etc/one"
        echo gone >"$dir/one/etc/gone"
        ln "$dir/one/etc/one" "$dir/one/etc/hard"
        ln -s one "$dir/one/etc/link"
        chown 1000:50 "$dir/one/etc/one"
        chmod 4755 "$dir/one/busybox"
        python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.colour", b"red")' "$dir/one/etc/one"
        echo two >"$dir/two/two"
        mkfifo "$dir/two/pipe"
        umoci init --layout "$LAYOUT"
        umoci new --image "$LAYOUT:base"
        umoci insert --image "$LAYOUT:base" "$dir/one" /
        umoci tag --image "$LAYOUT:base" made
        umoci insert --image "$LAYOUT:made" "$dir/two" /more
        umoci insert --image "$LAYOUT:made" --whiteout /etc/gone
        umoci config --image "$LAYOUT:made" --config.cmd /busybox --config.env A=1 --config.label l=v --config.workingdir /more
} 2>/dev/null >&2

setup_file() {
        setup_engine
        export LAYOUT=$E2E_HOME/layout
        make_layout
        MADE=$(skopeo inspect --config --raw "oci:$LAYOUT:made" | sha256sum | cut -c1-64)
        export MADE
}

teardown_file() { teardown_engine; }

teardown() {
        local status=0
        teardown_test || status=1
        pocketdocker images -q --no-trunc | sort -u | grep -v "$(pocketdocker inspect -f '{{.Id}}' "$IMAGE")" |
                xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        rm -rf "$E2E_HOME"/*.archive "$E2E_HOME"/copy*
        await 20 images_tidied || status=1
        return $status
}

image_id() { pocketdocker inspect -f '{{.Id}}' "$1"; }
config_of() { skopeo inspect --config --raw "$1" | sha256sum | cut -c1-64; }
diff_ids_of() { skopeo inspect --config --raw "$1" | jq -r '.rootfs.diff_ids[]'; }

# digests OF-A-LAYOUT: manifest-independent: config and, of each layer uncompressed, its digest
same_tree() { diff <(cd "$1" && find . -printf '%p %y %m %U:%G %s %l\n' | sort) <(cd "$2" && find . -printf '%p %y %m %U:%G %s %l\n' | sort); }

@test "a docker-archive of skopeo gives the image with its name and its own id" {
        skopeo copy -q "oci:$LAYOUT:made" "docker-archive:$E2E_HOME/a.archive:some/made:1"
        run -0 pocketdocker load -i "$E2E_HOME/a.archive"
        assert_equal "$output" "Loaded image: some/made:1"
        assert_equal "$(image_id some/made:1)" "sha256:$MADE"
        run -0 pocketdocker run --rm some/made:1 /busybox sh -c '/busybox cat /etc/one two; echo $A; /busybox ls -A /etc'
        assert_equal "$output" $'one\ntwo\n1\nhard\nlink\none'
        assert_equal "$(pocketdocker history some/made:1 | grep -c 'umoci')" 4
}

@test "an oci-archive gives the same image, and so does the layout as a directory" {
        skopeo copy -q "oci:$LAYOUT:made" "oci-archive:$E2E_HOME/b.archive:registry.example/made:2"
        run -0 pocketdocker load -i "$E2E_HOME/b.archive"
        assert_equal "$output" "Loaded image: registry.example/made:2"
        assert_equal "$(image_id registry.example/made:2)" "sha256:$MADE"
        pocketdocker rmi registry.example/made:2
        run -0 pocketdocker load -i "$LAYOUT"
        [[ $output == *"Loaded image ID: sha256:$MADE"* ]]
        run -0 pocketdocker inspect "sha256:$MADE"
}

@test "archives come from standard input, and packed by gzip, zstd, xz and bzip2" {
        local packer
        skopeo copy -q "oci:$LAYOUT:made" "docker-archive:$E2E_HOME/a.archive:packed:0"
        run -0 bash -c '"$0" load <"$1"' "$PROGRAMS/pocketdocker" "$E2E_HOME/a.archive"
        pocketdocker rmi packed:0
        for packer in cat gzip zstd xz bzip2; do
                run -0 bash -c '"$2" <"$1" | "$0" load' "$PROGRAMS/pocketdocker" "$E2E_HOME/a.archive" "$packer"
                assert_equal "$(image_id packed:0)" "sha256:$MADE"
                pocketdocker rmi packed:0
        done
}

@test "an archive of gzip and of zstd layers gives the same image" {
        local kind
        for kind in gzip zstd; do
                skopeo copy -q --dest-compress-format "$kind" --dest-oci-accept-uncompressed-layers=false "oci:$LAYOUT:made" \
                        "oci:$E2E_HOME/copy-$kind:made"
                tar -C "$E2E_HOME/copy-$kind" -cf "$E2E_HOME/c.archive" .
                run -0 pocketdocker load -i "$E2E_HOME/c.archive"
                assert_equal "$(image_id "sha256:$MADE")" "sha256:$MADE"
                pocketdocker rmi "sha256:$MADE"
        done
}

@test "images of buildah come as they were made" {
        local storage=(--root "$E2E_HOME/copy-storage" --runroot "$E2E_HOME/copy-run" --storage-driver vfs) container
        container=$(buildah "${storage[@]}" from scratch)
        buildah "${storage[@]}" add -q "$container" "$E2E_HOME/rootfs.tar" /
        buildah "${storage[@]}" config --cmd /bin/sh --env KIND=buildah "$container"
        buildah "${storage[@]}" commit -q "$container" "docker-archive:$E2E_HOME/d.archive:built:1"
        buildah "${storage[@]}" rm "$container" >/dev/null
        run -0 pocketdocker load -i "$E2E_HOME/d.archive"
        assert_equal "$(image_id built:1)" "sha256:$(config_of "docker-archive:$E2E_HOME/d.archive")"
        assert_equal "$(pocketdocker run --rm built:1 sh -c 'echo $KIND')" buildah
}

@test "saved in either form it has the config and the layers that came" {
        local form
        pocketdocker load -i "$LAYOUT"
        pocketdocker tag "$MADE" kept:1
        for form in docker-archive oci-archive; do
                pocketdocker save --format "$form" -o "$E2E_HOME/$form.archive" kept:1
                assert_equal "$(config_of "$form:$E2E_HOME/$form.archive")" "$MADE"
                assert_equal "$(diff_ids_of "$form:$E2E_HOME/$form.archive")" "$(diff_ids_of "oci:$LAYOUT:made")"
                skopeo copy -q "$form:$E2E_HOME/$form.archive" "dir:$E2E_HOME/copy-dir-$form"
                assert_equal "$(jq -r .config.digest "$E2E_HOME/copy-dir-$form/manifest.json")" "sha256:$MADE"
                # Of Docker's form it writes the config anew on its way to OCI's; the tree is the same.
                skopeo copy -q "$form:$E2E_HOME/$form.archive" "oci:$E2E_HOME/copy-$form:made"
                umoci unpack --image "$E2E_HOME/copy-$form:made" "$E2E_HOME/copy-tree-$form" 2>/dev/null
        done
        umoci unpack --image "$LAYOUT:made" "$E2E_HOME/copy-tree" 2>/dev/null
        same_tree "$E2E_HOME/copy-tree/rootfs" "$E2E_HOME/copy-tree-docker-archive/rootfs"
        same_tree "$E2E_HOME/copy-tree/rootfs" "$E2E_HOME/copy-tree-oci-archive/rootfs"
}

@test "the layers in a saved archive are byte for byte those of the layout" {
        local id
        pocketdocker load -i "$LAYOUT"
        pocketdocker save "$MADE" | tar -C "$E2E_HOME" -x --one-top-level=copy-saved
        diff_ids_of "oci:$LAYOUT:made" | while read -r id; do
                assert_equal "$(sha256sum <"$E2E_HOME/copy-saved/${id#sha256:}.tar" | cut -c1-64)" "${id#sha256:}"
        done
}

@test "what was saved is loaded with the same id and names, several images at once" {
        pocketdocker load -i "$LAYOUT"
        pocketdocker tag "$MADE" first:1
        pocketdocker tag "$MADE" first:2
        pocketdocker save -o "$E2E_HOME/e.archive" first:1 first:2 "$IMAGE" "$MADE"
        pocketdocker rmi first:1 first:2
        run -0 pocketdocker load -i "$E2E_HOME/e.archive"
        [[ $output == *"Loaded image: first:1"*"Loaded image: first:2"*"Loaded image: $IMAGE"* ]]
        assert_equal "$(image_id first:2)" "sha256:$MADE"
        pocketdocker save --format oci-archive first:1 "$IMAGE" >"$E2E_HOME/f.archive"
        pocketdocker rmi first:1 first:2
        run -0 pocketdocker load <"$E2E_HOME/f.archive"
        assert_equal "$(image_id first:1)" "sha256:$MADE"
}

@test "podman loads what is saved, and what it saves is loaded" {
        command -v podman >/dev/null || skip "podman is not installed"
        local podman=(podman --root "$E2E_HOME/copy-storage" --runroot "$E2E_HOME/copy-run" --storage-driver vfs) form
        pocketdocker load -i "$LAYOUT"
        pocketdocker tag "$MADE" registry.example/podman:1
        for form in docker-archive oci-archive; do
                pocketdocker save --format "$form" -o "$E2E_HOME/g.archive" registry.example/podman:1
                "${podman[@]}" load -q -i "$E2E_HOME/g.archive"
                assert_equal "$("${podman[@]}" image inspect --format '{{.Id}}' registry.example/podman:1)" "$MADE"
                rm "$E2E_HOME/g.archive"
                "${podman[@]}" save -q --format "$form" -o "$E2E_HOME/g.archive" registry.example/podman:1
                pocketdocker rmi registry.example/podman:1
                pocketdocker load -i "$E2E_HOME/g.archive"
                assert_equal "$(image_id registry.example/podman:1)" "sha256:$MADE"
                rm "$E2E_HOME/g.archive"
        done
}

@test "docker loads what is saved, in either form" {
        local daemon form docker=(docker -H "unix://$E2E_HOME/copy-docker/socket")
        command -v dockerd >/dev/null || skip "docker is not installed"
        mkdir "$E2E_HOME/copy-docker"
        dockerd --data-root "$E2E_HOME/copy-docker/data" --exec-root "$E2E_HOME/copy-docker/run" -p "$E2E_HOME/copy-docker/pid" \
                -H "unix://$E2E_HOME/copy-docker/socket" --iptables=false --bridge=none --storage-driver vfs >"$E2E_HOME/copy-docker/log" 2>&1 3>&- &
        daemon=$!
        await 30 bash -c '! kill -0 "$1" 2>/dev/null || docker -H "unix://$0" version' "$E2E_HOME/copy-docker/socket" "$daemon"
        kill -0 "$daemon" 2>/dev/null || skip "docker's daemon does not run here: $(tail -n 1 "$E2E_HOME/copy-docker/log")"
        pocketdocker load -i "$LAYOUT"
        pocketdocker tag "$MADE" docked:1
        for form in docker-archive oci-archive; do
                pocketdocker save --format "$form" docked:1 | "${docker[@]}" load
                assert_equal "$("${docker[@]}" image inspect --format '{{.Id}}' docked:1)" "sha256:$MADE"
                "${docker[@]}" rmi docked:1
        done
        kill "$daemon"
        wait "$daemon" || true
}

@test "an archive that lies about a digest, or is cut off, leaves nothing" {
        local blob
        cp -a "$LAYOUT" "$E2E_HOME/copy-bad"
        blob=$(skopeo inspect --raw "oci:$LAYOUT:made" | jq -r '.layers[1].digest')
        printf x | dd of="$E2E_HOME/copy-bad/blobs/sha256/${blob#sha256:}" bs=1 seek=40 conv=notrunc status=none
        run -1 --separate-stderr pocketdocker load -i "$E2E_HOME/copy-bad"
        assert_equal "$(wc -l <<<"$stderr")" 1
        run -1 pocketdocker inspect "sha256:$MADE"
        # The layout's other image, which came before, is whole.
        pocketdocker rmi "sha256:$(config_of "oci:$LAYOUT:base")"
        skopeo copy -q "oci:$LAYOUT:made" "docker-archive:$E2E_HOME/a.archive:cut:1"
        truncate -s 100000 "$E2E_HOME/a.archive"
        run -1 --separate-stderr pocketdocker load -i "$E2E_HOME/a.archive"
        assert_sentence "$stderr" "$E2E_HOME/a.archive"
        run -1 pocketdocker inspect cut:1
        run -1 --separate-stderr pocketdocker load -i /etc/passwd
        assert_sentence "$stderr" /etc/passwd
        await 20 images_tidied
        assert_equal "$(find "$STATE/images/layers" -mindepth 1 -maxdepth 1 | wc -l)" 1
}

@test "a daemon that is killed while it loads leaves no half of an image" {
        mkfifo "$E2E_HOME/copy-pipe"
        skopeo copy -q "oci:$LAYOUT:made" "docker-archive:$E2E_HOME/a.archive:half:1"
        pocketdocker load <"$E2E_HOME/copy-pipe" >/dev/null 2>&1 3>&- &
        exec 9>"$E2E_HOME/copy-pipe"
        head -c 500000 "$E2E_HOME/a.archive" >&9
        await 20 bash -c "busctl --address='$(bus_address)' tree org.pocketdocker.Manager 2>/dev/null | grep -q operation/"
        kill_daemon
        exec 9>&-
        wait $! || true
        start_daemon
        run -1 pocketdocker inspect half:1
        await 20 images_tidied
        assert_equal "$(find "$STATE/images/layers" -mindepth 1 -maxdepth 1 | wc -l)" 1
}

@test "a reader of a saved archive that goes away ends the save, and a slow one keeps nobody else waiting" {
        run -0 bash -c '"$0" save "$1" 2>/dev/null | head -c 1000 | wc -c' "$PROGRAMS/pocketdocker" "$IMAGE"
        assert_equal "$output" 1000
        mkfifo "$E2E_HOME/copy-slow"
        pocketdocker save "$IMAGE" >"$E2E_HOME/copy-slow" 3>&- &
        exec 9<"$E2E_HOME/copy-slow"
        head -c 1 <&9 >/dev/null
        run -0 pocketdocker run --rm "$IMAGE" true
        cat <&9 >/dev/null
        exec 9<&-
        wait $!
}

@test "save names what is not there, and refuses a form that is none; a file that did not become whole is not there" {
        run -1 --separate-stderr pocketdocker save absent:1 -o "$E2E_HOME/h.archive"
        assert_sentence "$stderr" absent:1
        run -1 --separate-stderr pocketdocker save --format zip "$IMAGE" -o "$E2E_HOME/h.archive"
        assert_sentence "$stderr" zip
        [ -z "$(find "$E2E_HOME" -maxdepth 1 -name 'h.archive*')" ]
}

@test "export gives the container's own tree, with owners as inside, and import makes an image of it" {
        pocketdocker run --name out --tmpfs /tmp "$IMAGE" sh -c 'echo new >/root/new; chown app:staff /root/new; rm /etc/plain
                mkdir "/with blank"; ln /root/new "/with blank/hard"; mkfifo /root/pipe; echo hidden >/tmp/hidden'
        pocketdocker export -o "$E2E_HOME/i.archive" out
        run -0 tar --numeric-owner -tvf "$E2E_HOME/i.archive"
        [[ $output == *"1000/50"*"root/new"* ]]
        [[ $output == *"./with blank/hard"* || $output == *"with blank/hard"* ]]
        [[ $output == *p*root/pipe* ]]
        [[ $output != *etc/plain* ]]
        [[ $output != *tmp/hidden* ]]
        pocketdocker import "$E2E_HOME/i.archive" exported:1
        assert_equal "$(pocketdocker run --rm exported:1 sh -c 'cat /root/new; stat -c %u:%g:%h /root/new; ls /etc/plain 2>&1 | wc -l')" $'new\n1000:50:2\n1'
        assert_equal "$(pocketdocker export out | sha256sum)" "$(sha256sum <"$E2E_HOME/i.archive")"
}

@test "export works while the container runs, and leaves no mount" {
        start_waiting live
        pocketdocker export live | tar -t >"$E2E_HOME/copy-list"
        grep -q busybox "$E2E_HOME/copy-list"
        assert_equal "$(grep -c "$STATE" /proc/self/mountinfo)" 0
        run -1 --separate-stderr pocketdocker export nobody -o "$E2E_HOME/j.archive"
        assert_sentence "$stderr" nobody
}

@test "events tell of loads and saves" {
        pocketdocker load -i "$LAYOUT"
        pocketdocker tag "$MADE" told:1
        pocketdocker save told:1 >/dev/null
        run -0 pocketdocker events --since 10m --until 0s --filter event=load --filter event=save --format '{{.Action}}'
        [[ $output == *load*save* ]]
}

# refused_by KEY=VALUE SENTENCE COMMAND...: with this bound the archive is refused in one sentence, and nothing of it stays.
refused_by() {
        local bound=$1 sentence=$2
        shift 2
        daemon_with "[Pull]
$bound"
        run -1 --separate-stderr pocketdocker "$@"
        assert_equal "$(wc -l <<<"$stderr")" 1
        assert_match "$stderr" "$sentence"
        run ! has_image bounded:1
        await 20 images_tidied
}

has_image() { pocketdocker inspect --type image "$1"; }

# bats test_tags=embedded
@test "bounds of the configuration hold for import and load as for a pull" {
        local dir=$E2E_HOME/bounded archive
        mkdir -p "$dir/a/b/c"
        head -c 3000000 /dev/zero >"$dir/a/b/c/zeros"
        head -c 300000 /dev/urandom >"$dir/random"
        tar -C "$dir" -czf "$E2E_HOME/bounded.tar.gz" .
        umoci new --image "$LAYOUT:bounded"
        umoci insert --image "$LAYOUT:bounded" "$dir" / 2>/dev/null
        skopeo copy -q "oci:$LAYOUT:bounded" "oci-archive:$E2E_HOME/b.archive:bounded:1"
        for archive in "import $E2E_HOME/bounded.tar.gz bounded:1" "load -i $E2E_HOME/b.archive"; do
                # shellcheck disable=SC2086 # words
                {
                        refused_by LayerBytesMax=2m '(limit is|larger than) 2097152' $archive
                        refused_by ImageBytesMax=1m '(limit is|larger than) 1048576' $archive
                        refused_by EntriesMax=3 'more than 3 entries' $archive
                        refused_by PathDepthMax=2 'deeper than 2 directories' $archive
                }
        done
        # What is small when unpacked may be compressed as well as it likes.
        truncate -s 1100M "$dir/zeros"
        tar -C "$dir" -c zeros | zstd -q >"$E2E_HOME/zeros.tar.zst"
        rm "$dir/zeros"
        refused_by RatioMax=500 'more than 500 times as large' import "$E2E_HOME/zeros.tar.zst" bounded:1
        unset POCKETDOCKER_CONFIG
        end_daemon
        # shellcheck disable=SC2086 # as above
        pocketdocker $archive
        has_image bounded:1
}
