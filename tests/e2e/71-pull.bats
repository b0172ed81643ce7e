#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native
load helpers

# Debian's docker-registry, open, and another with a password; a gate before the first, which counts and holds.
setup_file() {
        setup_engine
        export REGISTRY_TOOLS=$E2E_SOURCE/../registry DOCKER_CONFIG=$E2E_HOME/docker GATE=$E2E_HOME/gate
        mkdir -p "$GATE" "$E2E_HOME/tars" "$DOCKER_CONFIG"
        OPEN=127.0.0.1:$(free_port)
        LOCKED=127.0.0.1:$(free_port)
        htpasswd -Bbc "$E2E_HOME/htpasswd" walter zebra-4711 2>/dev/null
        start_registry open "$OPEN" ''
        start_registry locked "$LOCKED" "auth: {htpasswd: {realm: test, path: $E2E_HOME/htpasswd}}"
        "$REGISTRY_TOOLS/gate.py" "$OPEN" "$GATE" 3>&- 2>"$GATE.err" &
        echo $! >"$E2E_HOME/gate.pid"
        await 20 test -s "$GATE/port"
        HOST=127.0.0.1:$(cat "$GATE/port")
        export OPEN LOCKED HOST
        cp "$E2E_HOME/rootfs.tar" "$E2E_HOME/tars/base.tar"
        local name
        for name in one two three; do make_tar "$name" 300000; done
}

teardown_file() {
        local file
        for file in "$E2E_HOME"/{gate,open,locked}.pid; do kill "$(cat "$file")" 2>/dev/null || true; done
        teardown_engine
}

teardown() {
        local status=0
        [ -z "${AWAY:-}" ] || kill "$AWAY"
        [ -z "${NETWORK:-}" ] || kill "$NETWORK"
        find "$GATE" -type f ! -name log ! -name port -delete
        teardown_test || status=1
        pocketdocker images -q --no-trunc | sort -u | grep -v "$(image_id "$IMAGE")" | xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        await 20 images_tidied || status=1
        return $status
}

free_port() {
        python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_registry NAME ADDRESS YAML
start_registry() {
        printf '%s\n' 'version: 0.1' 'log: {level: error}' "storage: {filesystem: {rootdirectory: $E2E_HOME/$1-data}}" \
                "http: {addr: '$2', secret: x}" "$3" >"$E2E_HOME/$1.yml"
        docker-registry serve "$E2E_HOME/$1.yml" 3>&- >"$E2E_HOME/$1.log" 2>&1 &
        echo $! >"$E2E_HOME/$1.pid"
        await 20 bash -c "exec 9<>/dev/tcp/${2/://}"
}

# make_tar NAME BYTES: a layer with one file that does not compress.
make_tar() {
        mkdir -p "$E2E_HOME/tars/$1"
        head -c "$2" /dev/urandom >"$E2E_HOME/tars/$1/$1.bin"
        tar -C "$E2E_HOME/tars/$1" --numeric-owner -cf "$E2E_HOME/tars/$1.tar" "$1.bin"
}

# push NAME:TAG [OPTION|LAYER]...: layers by their short names; prints the digest, and with --layers those of the layers.
push() {
        local words=() word
        for word in "${@:2}"; do
                if [ -e "$E2E_HOME/tars/$word.tar" ]; then words+=("$E2E_HOME/tars/$word.tar"); else words+=("$word"); fi
        done
        "$REGISTRY_TOOLS/push.py" "$OPEN" "$1" "${words[@]}"
}

# asked PATTERN: how often the registry was asked for it.
asked() { grep -cE -- "$1" "$GATE/log" 2>/dev/null || true; }

# hold DIGEST, release DIGEST: of a blob
hold() { touch "$GATE/${1#sha256:}"; }
release() { rm -f "$GATE/${1#sha256:}"; }

image_id() { pocketdocker inspect -f '{{.Id}}' "$1"; }
has_image() { pocketdocker inspect --type image "$1" >/dev/null 2>&1; }
images_are() { assert_equal "$(pocketdocker images -q --no-trunc | sort -u | wc -l)" "$1"; }
layers_on_disk() { find "$STATE/images/layers" -mindepth 1 -maxdepth 1 | wc -l; }

# operations [STATE]: paths of pulls
operation_paths() {
        bus tree --list org.pocketdocker.Manager 2>/dev/null | grep /operation/ || true
}
last_operation() { operation_paths | sort -t/ -k5 -n | tail -n 1; }
operation_property() { bus get-property org.pocketdocker.Manager "$1" org.pocketdocker.Operation "$2"; }

# layers_in STATE COUNT: of the last operation
layers_in() { [ "$(operation_property "$(last_operation)" Layers | grep -o "\"$1\"" | wc -l)" = "$2" ]; }

# Processes that fetch or unpack for this engine.
workers() {
        local pid
        for pid in $(pgrep -P "$(daemon_pid)" 2>/dev/null); do
                tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE "^pocketdocker-pull $1" && echo "$pid"
        done
        return 0
}
has_worker() { [ -n "$(workers "$1")" ]; }

# assert_ends PID STATUS: a command of this shell's
assert_ends() {
        local status=0
        wait "$1" || status=$?
        assert_equal "$status" "$2"
}

no_workers() { [ -z "$(workers '(fetch|unpack)')" ]; }

@test "pull brings an image by its tag: layers, config, names, digest" {
        local digest
        digest=$(push app:1 base one --config '{"Cmd": ["cat", "/etc/plain"], "Env": ["A=1"]}')
        run -0 --separate-stderr pocketdocker pull "$HOST/app:1"
        [[ $output == *"Pull complete"*"Digest: $digest"*"Status: Downloaded newer image for $HOST/app:1"*"$HOST/app:1" ]]
        assert_equal "$(pocketdocker inspect -f '{{json .RepoTags}} {{json .RepoDigests}}' "$HOST/app:1")" \
                "[\"$HOST/app:1\"] [\"$HOST/app@$digest\"]"
        run -0 pocketdocker run --rm "$HOST/app:1"
        assert_equal "$output" "plain text"
        run -0 pocketdocker run --rm "$HOST/app:1" sh -c 'echo $A; sha256sum /one.bin'
        assert_match "$output" "^1
$(sha256sum <"$E2E_HOME/tars/one/one.bin" | cut -d' ' -f1) "
        assert_equal "$(pocketdocker pull -q "$HOST/app:1")" "$HOST/app:1"
        run -0 pocketdocker run --rm "$HOST/app@$digest" echo by-digest
        await 20 no_workers
}

@test "what is here is not fetched again, by tag or by digest" {
        local digest blobs all
        digest=$(push app:2 base two)
        pocketdocker pull -q "$HOST/app:2"
        blobs=$(asked 'GET .*/blobs/')
        run -0 pocketdocker pull "$HOST/app:2"
        [[ $output == *"Digest: $digest"*"Image is up to date for $HOST/app:2"* ]]
        assert_equal "$(asked 'GET .*/blobs/')" "$blobs"
        all=$(asked .)
        run -0 pocketdocker pull "$HOST/app@$digest"
        [[ $output == *"Digest: $digest"*"Image is up to date"* ]]
        assert_equal "$(asked .)" "$all"
        pocketdocker rmi "$HOST/app:2"
        run -0 pocketdocker pull "$HOST/app@$digest"
        [[ $output == *"Downloaded newer image"* ]]
        assert_equal "$(pocketdocker inspect -f '{{json .RepoTags}}' "$HOST/app@$digest")" "[]"
        run -1 --separate-stderr pocketdocker pull "$HOST/app@sha256:$(printf '0%.0s' {1..64})"
        assert_sentence "$stderr" "$HOST/app@sha256:$(printf '0%.0s' {1..64})"
}

@test "a tag that names something new moves, and the old image keeps its digest" {
        local old
        push moving:1 base one
        pocketdocker pull -q "$HOST/moving:1"
        old=$(image_id "$HOST/moving:1")
        push moving:1 base two
        run -0 pocketdocker pull "$HOST/moving:1"
        [[ $output == *"Already exists"*"Downloaded newer image"* ]]
        [ "$(image_id "$HOST/moving:1")" != "$old" ]
        assert_equal "$(pocketdocker inspect -f '{{json .RepoTags}}' "$old")" "[]"
}

@test "two pulls at once fetch the layer that they share once" {
        local shared digests
        make_tar shared 300000
        mapfile -t digests < <(push left:1 base shared three --layers)
        shared=${digests[2]}
        push right:1 base two shared
        hold "$shared"
        "$PROGRAMS/pocketdocker" pull -q "$HOST/left:1" 3>&- &
        local left=$!
        await 30 bash -c "grep -q 'GET .*$shared' '$GATE/log'"
        "$PROGRAMS/pocketdocker" pull -q "$HOST/right:1" 3>&- &
        local right=$!
        await 30 layers_in waiting 1
        release "$shared"
        wait $left
        wait $right
        assert_equal "$(asked "GET .*(left|right).*$shared")" 1
        run -0 pocketdocker run --rm "$HOST/right:1" cat /shared.bin /two.bin
        run -0 pocketdocker run --rm "$HOST/left:1" cat /shared.bin /three.bin
}

@test "who waits for another's layer takes it over when that pull is cancelled" {
        local shared digests path
        make_tar over 300000
        mapfile -t digests < <(push over:1 base over --layers)
        shared=${digests[2]}
        push take:1 base two over
        hold "$shared"
        "$PROGRAMS/pocketdocker" pull -q "$HOST/over:1" 3>&- &
        local first=$!
        await 30 bash -c "grep -q 'GET .*over.*$shared' '$GATE/log'"
        path=$(last_operation)
        "$PROGRAMS/pocketdocker" pull -q "$HOST/take:1" 3>&- &
        local second=$!
        await 30 layers_in waiting 1
        bus call org.pocketdocker.Manager "$path" org.pocketdocker.Operation Cancel
        assert_ends $first 1
        await 30 bash -c "grep -q 'GET .*take.*$shared' '$GATE/log'"
        release "$shared"
        wait $second
        run ! has_image "$HOST/over:1"
        run -0 pocketdocker run --rm "$HOST/take:1" cat /over.bin
}

@test "a pull that kill -9 of the daemon interrupts goes on from the layers that were whole" {
        local digests name
        for name in first second third; do make_tar "$name" 300000; done
        mapfile -t digests < <(push resumed:1 base first second third --layers)
        hold "${digests[4]}"
        "$PROGRAMS/pocketdocker" pull "$HOST/resumed:1" 3>&- >/dev/null 2>&1 &
        local cli=$!
        await 30 layers_in fetching 1
        await 30 bash -c "grep -q 'GET .*resumed.*${digests[4]}' '$GATE/log'"
        await 30 layers_in done 2
        kill_daemon
        assert_ends $cli 1
        start_daemon
        run ! has_image "$HOST/resumed:1"
        await 20 images_tidied
        release "${digests[4]}"
        run -0 pocketdocker pull "$HOST/resumed:1"
        [[ $output == *"Already exists"* ]]
        local digest
        for digest in "${digests[@]:1:3}"; do
                [ "$(asked "GET .*resumed.*$digest")" -le 1 ] || fail_with "$digest was fetched again"
        done
        assert_equal "$(asked "GET .*resumed.*${digests[4]}")" 2
        run -0 pocketdocker run --rm "$HOST/resumed:1" cat /first.bin /second.bin /third.bin
}

@test "a pull that is cancelled leaves no image, no process and nothing half-made" {
        local digests path
        make_tar cancelled 300000
        mapfile -t digests < <(push cancelled:1 base cancelled --layers)
        hold "${digests[2]}"
        "$PROGRAMS/pocketdocker" pull "$HOST/cancelled:1" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1 &
        local cli=$!
        await 30 bash -c "grep -q 'GET .*cancelled.*${digests[2]}' '$GATE/log'"
        path=$(last_operation)
        kill -INT $cli
        assert_ends $cli 1
        grep -q cancelled "$BATS_TEST_TMPDIR/out" || fail_with "$(cat "$BATS_TEST_TMPDIR/out")"
        assert_equal "$(operation_property "$path" State)" 's "cancelled"'
        run ! has_image "$HOST/cancelled:1"
        assert_equal "$(workers '(fetch|unpack)')" ""
        await 20 images_tidied
}

@test "a caller that goes does not end its pull" {
        local digests
        make_tar gone 300000
        mapfile -t digests < <(push gone:1 base gone --layers)
        hold "${digests[2]}"
        "$PROGRAMS/pocketdocker" pull "$HOST/gone:1" 3>&- >/dev/null 2>&1 &
        local cli=$!
        await 30 bash -c "grep -q 'GET .*gone.*${digests[2]}' '$GATE/log'"
        kill -KILL $cli
        assert_ends $cli 137
        release "${digests[2]}"
        await 30 has_image "$HOST/gone:1"
}

@test "wrong bytes are told by their digest and leave nothing visible" {
        local digests file before
        make_tar wrong 300000
        mapfile -t digests < <(push wrong:1 base wrong --layers)
        file=$E2E_HOME/open-data/docker/registry/v2/blobs/sha256/${digests[2]:7:2}/${digests[2]:7}/data
        cp "$file" "$BATS_TEST_TMPDIR/blob"
        printf 'XXXX' | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
        before=$(pocketdocker images -q --no-trunc | sort -u)
        run -1 --separate-stderr pocketdocker pull "$HOST/wrong:1"
        cp "$BATS_TEST_TMPDIR/blob" "$file"
        assert_equal "$(wc -l <<<"$stderr")" 1
        [[ $stderr == *digest*"${digests[2]}"* ]]
        assert_equal "$(pocketdocker images -q --no-trunc | sort -u)" "$before"
        await 20 images_tidied
        run -0 pocketdocker pull "$HOST/wrong:1"
}

@test "a layer that is not the one of the config is refused, and leaves nothing visible" {
        local before
        make_tar lying 300000
        push lying:1 lying --diff-id "$(printf 'ab%.0s' {1..32})"
        before=$(layers_on_disk)
        run -1 --separate-stderr pocketdocker pull "$HOST/lying:1"
        assert_equal "$(wc -l <<<"$stderr")" 1
        run ! has_image "$HOST/lying:1"
        await 20 images_tidied
        assert_equal "$(layers_on_disk)" "$before"
}

@test "policies: missing and never ask no registry for what is here, newer does without one" {
        local all id
        push policy:1 base one
        run -1 --separate-stderr pocketdocker pull --policy never "$HOST/policy:1"
        assert_sentence "$stderr" "$HOST/policy:1"
        assert_equal "$(asked 'policy')" 0
        run -0 pocketdocker pull --policy missing "$HOST/policy:1"
        id=$(image_id "$HOST/policy:1")
        push policy:1 base two
        all=$(asked policy)
        local policy
        for policy in missing never; do
                run -0 pocketdocker pull --policy "$policy" "$HOST/policy:1"
                [[ $output == *"Image is up to date"* ]]
        done
        assert_equal "$(asked policy)" "$all"
        assert_equal "$(image_id "$HOST/policy:1")" "$id"
        run -0 pocketdocker pull --policy newer "$HOST/policy:1"
        [ "$(image_id "$HOST/policy:1")" != "$id" ]
        pocketdocker tag "$HOST/policy:1" 127.0.0.1:1/policy:1
        run -0 --separate-stderr pocketdocker pull --policy newer 127.0.0.1:1/policy:1
        [[ $output == *"Image is up to date"* && $stderr == "Warning: "*127.0.0.1:1* ]]
        run -1 pocketdocker pull 127.0.0.1:1/policy:1
        run -1 --separate-stderr pocketdocker pull --policy often "$HOST/policy:1"
        assert_sentence "$stderr" often
}

@test "run pulls what is missing, always or never as it is told, and says so on standard error" {
        make_tar runs 1000
        push runs:1 base runs
        run -125 --separate-stderr pocketdocker run --rm --pull never "$HOST/runs:1" echo hello
        assert_sentence "$stderr" "$HOST/runs:1"
        run -0 --separate-stderr pocketdocker run --rm "$HOST/runs:1" echo hello
        assert_equal "$output" hello
        [[ $stderr == *"Pull complete"* ]]
        push runs:1 base one
        run -0 --separate-stderr pocketdocker run --rm --pull always -q "$HOST/runs:1" test -e /one.bin
        assert_equal "$stderr" ""
        run -0 pocketdocker create --name made --pull always "$HOST/runs:1" true
        run -125 --separate-stderr pocketdocker run --rm "$HOST/no-such:1" true
        assert_sentence "$stderr" "$HOST/no-such:1"
        run -125 --separate-stderr pocketdocker run --rm --pull often "$HOST/runs:1" true
        assert_sentence "$stderr" often
}

@test "an index gives the image of the platform that is asked for" {
        local digest machine
        machine=$(dpkg --print-architecture)
        digest=$(push many:1 base --platform linux/s390x --platform "linux/$machine")
        run -0 pocketdocker pull "$HOST/many:1"
        [[ $output == *"Digest: $digest"* ]]
        assert_equal "$(pocketdocker inspect -f '{{.Architecture}}' "$HOST/many:1")" "$machine"
        run -0 pocketdocker pull --platform linux/s390x "$HOST/many:1"
        assert_equal "$(pocketdocker inspect -f '{{.Architecture}}' "$HOST/many:1")" s390x
        run -0 --separate-stderr pocketdocker run --rm --platform "linux/$machine" "$HOST/many:1" echo runs
        assert_equal "$output" runs
        run -1 --separate-stderr pocketdocker pull --platform linux/mips64le "$HOST/many:1"
        assert_equal "$(wc -l <<<"$stderr")" 1
        run -1 --separate-stderr pocketdocker pull --platform a/b/c/d "$HOST/many:1"
        assert_sentence "$stderr" a/b/c/d
}

@test "login lets in, is stored as Docker reads it, and logout takes it back" {
        "$REGISTRY_TOOLS/push.py" "$LOCKED" private:1 --user walter:zebra-4711 "$E2E_HOME/tars/base.tar"
        printf '{"other": {"kept": true}, "auths": {"elsewhere.example": {"auth": "eDp5"}}}' >"$DOCKER_CONFIG/config.json"
        run -1 --separate-stderr pocketdocker pull "$LOCKED/private:1"
        assert_sentence "$stderr" "$LOCKED"
        run -0 bash -c 'echo wrong | "$0" login -u walter --password-stdin "$1"' "$PROGRAMS/pocketdocker" "$LOCKED"
        run -1 --separate-stderr pocketdocker pull "$LOCKED/private:1"
        run -0 bash -c 'echo zebra-4711 | "$0" login -u walter --password-stdin "http://$1/v2/"' "$PROGRAMS/pocketdocker" "$LOCKED"
        assert_equal "$(stat -c %a "$DOCKER_CONFIG/config.json")" 600
        assert_equal "$(jq -r --arg host "$LOCKED" '.auths[$host].auth | @base64d' "$DOCKER_CONFIG/config.json")" walter:zebra-4711
        assert_equal "$(jq -c '[.other.kept, .auths["elsewhere.example"].auth]' "$DOCKER_CONFIG/config.json")" '[true,"eDp5"]'
        run -0 skopeo inspect --authfile "$DOCKER_CONFIG/config.json" --tls-verify=false "docker://$LOCKED/private:1"
        run -0 pocketdocker pull "$LOCKED/private:1"
        run -0 pocketdocker run --rm --pull always "$LOCKED/private:1" true
        grep -rqs -e zebra-4711 -e d2FsdGVyOnplYnJh "$STATE" && fail_with "the daemon keeps credentials"
        run -0 pocketdocker logout "$LOCKED"
        assert_equal "$(jq -c '.auths | keys' "$DOCKER_CONFIG/config.json")" '["elsewhere.example"]'
        run -1 pocketdocker pull "$LOCKED/private:1"
        run -0 pocketdocker logout "$LOCKED"
        local words
        for words in "-u a:b --password-stdin $LOCKED" "--password-stdin $LOCKED" "-u x --password-stdin not/a@registry"; do
                # shellcheck disable=SC2086 # words
                run -1 --separate-stderr pocketdocker login $words <<<zebra-4711
                assert_equal "$(wc -l <<<"$stderr")" 1
        done
        run -1 pocketdocker login -u x --password-stdin "$LOCKED" </dev/null
        run -0 "$E2E_SOURCE/with-pty" 'expect:Username: ' 'send:walter\r' 'expect:Password: ' 'secret:zebra-4711\r' \
                -- "$PROGRAMS/pocketdocker" login "$LOCKED"
        [[ $output != *zebra* ]]
        run -0 pocketdocker pull "$LOCKED/private:1"
        run -0 pocketdocker logout "$LOCKED"
}

@test "a credential helper is asked as the user, and passed over where it fails" {
        mkdir -p "$BATS_TEST_TMPDIR/bin"
        printf '%s\n' '#!/bin/sh' 'read -r key' 'echo "$1 $key" >>"$(dirname "$0")/asked"' '[ "$1" = get ] || exit 0' \
                '[ ! -e "$(dirname "$0")/broken" ] || { echo it is locked; exit 1; }' \
                'echo "{\"ServerURL\": \"x\", \"Username\": \"walter\", \"Secret\": \"zebra-4711\"}"' >"$BATS_TEST_TMPDIR/bin/docker-credential-test"
        chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-test"
        jq -n --arg host "$LOCKED" '{credHelpers: {($host): "test"}}' >"$DOCKER_CONFIG/config.json"
        "$REGISTRY_TOOLS/push.py" "$LOCKED" private:2 --user walter:zebra-4711 "$E2E_HOME/tars/base.tar"
        PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 pocketdocker pull "$LOCKED/private:2"
        assert_equal "$(cat "$BATS_TEST_TMPDIR/bin/asked")" "get $LOCKED"
        touch "$BATS_TEST_TMPDIR/bin/broken"
        PATH=$BATS_TEST_TMPDIR/bin:$PATH run -1 --separate-stderr pocketdocker pull "$LOCKED/private:2"
        [[ $stderr == *"it is locked"* ]]
        echo zebra-4711 | PATH=$BATS_TEST_TMPDIR/bin:$PATH pocketdocker login -u walter --password-stdin "$LOCKED"
        assert_equal "$(jq -c --arg host "$LOCKED" '.auths[$host]' "$DOCKER_CONFIG/config.json")" '{}'
        PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 pocketdocker logout "$LOCKED"
        grep -q "^erase $LOCKED" "$BATS_TEST_TMPDIR/bin/asked"
        rm "$DOCKER_CONFIG/config.json"
}

@test "run honours what the config of a pulled image says" {
        push honours:1 base --config '{"User": "app", "Env": ["GREETING=hello", "PATH=/bin"], "Entrypoint": ["sh", "-c"],
                "Cmd": ["echo $GREETING $(id -un) $(pwd)"], "WorkingDir": "/home/app", "Labels": {"team": "web"}, "StopSignal": "SIGUSR1",
                "ExposedPorts": {"80/tcp": {}}}'
        run -0 pocketdocker run --rm -q "$HOST/honours:1"
        assert_equal "$output" "hello app /home/app"
        run -0 pocketdocker run --rm -e GREETING=hi -w / -u root "$HOST/honours:1" 'echo $GREETING $(id -un) $(pwd)'
        assert_equal "$output" "hi root /"
        pocketdocker run -d --name honoured "$HOST/honours:1" 'trap "echo usr1; exit 3" USR1; echo ready; while :; do sleep 3600 & wait $!; done'
        await 30 logged honoured ready
        assert_equal "$(field honoured 'index .Config.Labels "team"')" web
        assert_equal "$(field honoured .Config.StopSignal)" SIGUSR1
        pocketdocker stop honoured
        logged honoured usr1
        assert_equal "$(field honoured .State.ExitCode)" 3
}

@test "HEALTHCHECK of a pulled image is run" {
        push healthy:1 base --config '{"Cmd": ["sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 3600 & wait $!; done"],
                "Healthcheck": {"Test": ["CMD-SHELL", "test -e /tmp/well"], "Interval": 100000000, "Retries": 1}}'
        pocketdocker pull -q "$HOST/healthy:1"
        pocketdocker run -d --name health "$HOST/healthy:1"
        timeout 60 "$PROGRAMS/pocketdocker" wait --condition unhealthy health
        pocketdocker exec health touch /tmp/well
        timeout 60 "$PROGRAMS/pocketdocker" wait --condition healthy health
        pocketdocker run -d --name without --no-healthcheck "$HOST/healthy:1"
        assert_equal "$(field without .State.Health.Status)" none
}

@test "an image with the same layer twice runs" {
        push twice:1 base one base
        run -0 pocketdocker run --rm "$HOST/twice:1" sh -c 'cat /etc/plain; test -e /one.bin'
        assert_equal "${lines[-1]}" "plain text"
}

@test "a tar is pulled by its URL and its SHA-256, and becomes an image without a name" {
        local port sum id
        port=$(free_port)
        python3 -m http.server --bind 127.0.0.1 --directory "$E2E_HOME/tars" "$port" 3>&- >/dev/null 2>&1 &
        local server=$!
        await 20 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port"
        sum=$(sha256sum <"$E2E_HOME/tars/base.tar" | cut -d' ' -f1)
        run -0 --separate-stderr pocketdocker pull -q --sha256 "$sum" "http://127.0.0.1:$port/base.tar"
        id=$output
        assert_equal "$id" "$(image_id "$IMAGE")"
        run -1 --separate-stderr pocketdocker pull "http://127.0.0.1:$port/base.tar"
        assert_equal "$(wc -l <<<"$stderr")" 1
        run -1 --separate-stderr pocketdocker pull --sha256 "${sum/[0-9a-f]/0}x" "http://127.0.0.1:$port/base.tar"
        assert_equal "$(wc -l <<<"$stderr")" 1
        sum=$(sha256sum <"$E2E_HOME/tars/one.tar" | cut -d' ' -f1)
        run -1 --separate-stderr pocketdocker pull --sha256 "$sum" "http://127.0.0.1:$port/two.tar"
        assert_equal "$(wc -l <<<"$stderr")" 1
        [[ $stderr == *"$sum"* ]]
        run -1 pocketdocker pull --sha256 "$sum" "http://user:password@127.0.0.1:$port/one.tar"
        kill $server
        await 20 images_tidied
}

@test "a process that crashes ends its pull with a sentence, and nothing else" {
        local digests role
        make_tar crash 300000
        mapfile -t digests < <(push crash:1 base crash --layers)
        start_waiting steady
        for role in fetch unpack; do
                hold "${digests[2]}"
                "$PROGRAMS/pocketdocker" pull "$HOST/crash:1" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1 &
                local cli=$!
                await 30 layers_in fetching 1
                await 30 bash -c "grep -q 'GET .*crash.*${digests[2]}' '$GATE/log'"
                await 30 has_worker "$role"
                kill -SEGV "$(workers "$role" | head -n 1)"
                assert_ends $cli 1
                grep -q "ended without a result" "$BATS_TEST_TMPDIR/out" || fail_with "$role: $(cat "$BATS_TEST_TMPDIR/out")"
                release "${digests[2]}"
                await 20 no_workers
                await 20 images_tidied
                state_is steady running
        done
        run -0 pocketdocker pull -q "$HOST/crash:1"
}

# bats test_tags=embedded
@test "the configuration blocks registries, names the default one and its mirrors" {
        local digest
        digest=$(push library:1 base)
        daemon_with "[Registries]
Default=$OPEN
Blocked=blocked.example $LOCKED
Mirror=$OPEN=http://$HOST"
        run -1 --separate-stderr pocketdocker pull blocked.example/x
        assert_sentence "$stderr" blocked.example
        run -1 pocketdocker pull "$LOCKED/private:1"
        run -0 pocketdocker pull library:1
        [[ $output == *"Digest: $digest"*"$OPEN/library:1" ]]
        [ "$(asked library)" -gt 0 ]
        run -0 pocketdocker run --rm library:1 true
        run -0 pocketdocker images --format '{{.Repository}}'
        [[ $output == *library* ]]
        unset POCKETDOCKER_CONFIG
        end_daemon
        run -0 pocketdocker images --format '{{.Repository}}'
        [[ $output == *"$OPEN/library"* ]]
        printf '[Registries]\nBloked=evil.example\n' >"$E2E_HOME/test.conf"
        end_daemon
        POCKETDOCKER_CONFIG=$E2E_HOME/test.conf run -1 --separate-stderr pocketdocker info
        [[ $stderr == *"Line 2 of '$E2E_HOME/test.conf'"*Bloked* ]]
}

# in_network COMMAND...: in the one that the test has made
in_network() { nsenter --net="/proc/$NETWORK/ns/net" "$@"; }
network_is_made() { [ "$(readlink "/proc/$NETWORK/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# daemon_in_network TEXT: the engine anew, there, with this configuration
daemon_in_network() {
        end_daemon
        printf '%s\n' "$1" >"$E2E_HOME/test.conf"
        POCKETDOCKER_CONFIG=$E2E_HOME/test.conf in_network "$PROGRAMS/pocketdocker" info >/dev/null
}

# bats test_tags=embedded
@test "a registry that is not this machine is spoken to without TLS only where the configuration says so" {
        [ "$E2E_MODE" = embedded ] || skip "the command starts a daemon, in its own network, in embedded mode only"
        local away=10.99.0.1:5000
        push away:1 base >/dev/null
        unshare --net sleep infinity 3>&- &
        NETWORK=$!
        await 20 network_is_made
        in_network busybox ip link set lo up
        in_network busybox ip address add 10.99.0.1/32 dev lo
        sed "s/addr: '[^']*'/addr: '$away'/" "$E2E_HOME/open.yml" >"$E2E_HOME/away.yml"
        # Not by the function, whose shell would be what is killed.
        nsenter --net="/proc/$NETWORK/ns/net" docker-registry serve "$E2E_HOME/away.yml" 3>&- >"$E2E_HOME/away.log" 2>&1 &
        AWAY=$!
        await 20 in_network bash -c "exec 9<>/dev/tcp/${away/://}"

        daemon_in_network ''
        run -1 --separate-stderr pocketdocker pull "$away/away:1"
        assert_sentence "$stderr" "$away"
        daemon_in_network "[Registries]
Insecure=elsewhere.example $away"
        run -0 pocketdocker pull "$away/away:1"
        run -0 pocketdocker run --rm "$away/away:1" true
        end_daemon
}

# bats test_tags=embedded
@test "a process that hangs ends its pull after the time that the configuration gives" {
        local digests role
        make_tar hangs 300000
        mapfile -t digests < <(push hangs:1 base hangs --layers)
        daemon_with "[Pull]
Timeout=10"
        for role in fetch unpack; do
                hold "${digests[2]}"
                "$PROGRAMS/pocketdocker" pull "$HOST/hangs:1" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1 &
                local cli=$!
                await 30 has_worker "$role"
                kill -STOP "$(workers "$role" | head -n 1)"
                release "${digests[2]}"
                assert_ends $cli 1
                grep -q "made no progress" "$BATS_TEST_TMPDIR/out"
                await 20 no_workers
                await 20 images_tidied
        done
        unset POCKETDOCKER_CONFIG
        end_daemon
        run -0 pocketdocker pull -q "$HOST/hangs:1"
}

# bats test_tags=embedded
@test "bounds of the configuration are named when an image is beyond them" {
        make_tar large 300000
        push large:1 base large
        daemon_with "[Pull]
LayerBytesMax=200k"
        run -1 --separate-stderr pocketdocker pull "$HOST/large:1"
        assert_equal "$(wc -l <<<"$stderr")" 1
        run ! has_image "$HOST/large:1"
        mkdir -p "$E2E_HOME/tars/several"
        touch "$E2E_HOME/tars/several"/{1,2,3,4,5}
        tar -C "$E2E_HOME/tars/several" -cf "$E2E_HOME/tars/several.tar" .
        push several:1 base several
        daemon_with "[Pull]
EntriesMax=3"
        run -1 --separate-stderr pocketdocker pull "$HOST/several:1"
        assert_equal "$(wc -l <<<"$stderr")" 1
        run ! has_image "$HOST/several:1"
        await 20 images_tidied
        unset POCKETDOCKER_CONFIG
        end_daemon
        run -0 pocketdocker pull -q "$HOST/large:1"
}

# Anonymous memory, which is what a flood could grow.
daemon_memory() { awk '/^RssAnon:/ { print $2 }' "/proc/$(daemon_pid)/status"; }

# bats test_tags=embedded
@test "a process that floods, talks nonsense or says nothing ends its pull, and others are served meanwhile" {
        local name before
        copy_programs "$E2E_HOME/bad"
        cp "$PROGRAMS/tests/e2e/bad-fetch" "$E2E_HOME/bad/pocketdocker-pull"
        end_daemon
        local PROGRAMS=$E2E_HOME/bad
        printf '[Pull]\nTimeout=15\n' >"$E2E_HOME/test.conf"
        export POCKETDOCKER_CONFIG=$E2E_HOME/test.conf
        pocketdocker info >/dev/null
        for name in garbage early; do
                run -1 --separate-stderr pocketdocker pull "$HOST/$name:1"
                assert_equal "$(wc -l <<<"$stderr")" 1
        done
        before=$(daemon_memory)
        for name in flood deaf; do
                "$PROGRAMS/pocketdocker" pull "$HOST/$name:1" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1 &
                local cli=$!
                await 30 has_worker fetch
                for _ in {1..20}; do pocketdocker ps >/dev/null; done
                assert_ends $cli 1
                grep -q "made no progress" "$BATS_TEST_TMPDIR/out"
        done
        # A sanitizer keeps what was freed for a while, 256 MiB of it.
        [ -n "${SANITIZER_LOG:-}" ] || [ "$(daemon_memory)" -lt $((before + 16384)) ] || fail_with "the daemon has grown from $before to $(daemon_memory) KiB"
        unset POCKETDOCKER_CONFIG
        end_daemon
}
