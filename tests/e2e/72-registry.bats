#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native
# Pulls from Debian's docker-registry, in each of the ways in which registries let one in, and through nasty.py from one
# that behaves as badly as it is told to. All on this machine's loopback.
load helpers

setup_file() {
        local dir
        REGISTRY=$(mktemp -d /var/lib/pocketdocker-registry.XXXXXX)
        export REGISTRY DOCKER_CONFIG=$REGISTRY/docker REGISTRY_TOOLS=$E2E_SOURCE/../registry
        mkdir "$DOCKER_CONFIG" "$REGISTRY/certs"
        printf '%s\n' '[Registries]' "CertificateDirectory=$REGISTRY/certs" '[Pull]' Retries=3 >"$REGISTRY/pocketdocker.conf"
        export POCKETDOCKER_CONFIG=$REGISTRY/pocketdocker.conf
        make_certificates
        htpasswd -Bbc "$REGISTRY/htpasswd" ann secret 2>/dev/null
        start_registry plain
        start_registry tls "  tls: {certificate: $REGISTRY/own.crt, key: $REGISTRY/own.key}"
        start_registry basic "" "auth: {htpasswd: {realm: Here, path: $REGISTRY/htpasswd}}"
        start_service nasty
        start_service tokens "$REGISTRY/own.key" "$REGISTRY/own.crt"
        start_registry token "" "auth: {token: {realm: 'http://127.0.0.1:$(port tokens)/token', service: here, issuer: tests, rootcertbundle: $REGISTRY/own.crt}}"
        setup_engine
        fill
        DAEMON=$(daemon_pid)
        export DAEMON
}

teardown_file() {
        local file
        teardown_engine
        for file in "$REGISTRY"/*.pid; do
                kill "$(cat "$file")"
        done
        rm -rf "$REGISTRY"
}

teardown() {
        local status=0
        teardown_test || status=1
        pocketdocker images --format '{{.Repository}}:{{.Tag}}' | grep -v -x -e "$IMAGE" -e '<none>:<none>' |
                xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        pocketdocker images -q --no-trunc --filter dangling=true | sort -u | xargs -r "$PROGRAMS/pocketdocker" rmi -f >/dev/null 2>&1 || true
        rm -f "$DOCKER_CONFIG/config.json"
        await 20 images_tidied || status=1
        return $status
}

port() { cat "$REGISTRY/$1.port"; }
at() { echo "127.0.0.1:$(port "$1")"; }

# Two authorities, each of which vouches for 127.0.0.1 itself. The first signs tokens as well.
make_certificates() {
        local name
        for name in own other; do
                openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -addext "subjectAltName=IP:127.0.0.1" \
                        -keyout "$REGISTRY/$name.key" -out "$REGISTRY/$name.crt" 2>/dev/null
        done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_registry NAME [HTTP] [MORE]: all of them have the same data. Another may take the port meanwhile: then one more is tried.
start_registry() {
        local try
        for try in 1 2 3; do
                free_port >"$REGISTRY/$1.port"
                printf 'version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp:\n  addr: 127.0.0.1:%s\n%s\n%s\n' \
                        "$REGISTRY/data" "$(port "$1")" "${2:-}" "${3:-}" >"$REGISTRY/$1.yml"
                docker-registry serve "$REGISTRY/$1.yml" >"$REGISTRY/$1.log" 2>&1 3>&- &
                echo $! >"$REGISTRY/$1.pid"
                await 20 listens_or_gone "$1"
                process_gone "$!" || return 0
        done
        fail_with "docker-registry does not start: $(cat "$REGISTRY/$1.log")"
}

listens_or_gone() { process_gone "$(cat "$REGISTRY/$1.pid")" || (exec 4<>"/dev/tcp/127.0.0.1/$(port "$1")"); }

start_service() {
        "$REGISTRY_TOOLS/$1.py" "$REGISTRY/$1.port" "${@:2}" >"$REGISTRY/$1.log" 2>&1 3>&- &
        echo $! >"$REGISTRY/$1.pid"
        await 20 test -s "$REGISTRY/$1.port"
}

# The tests' image with one more layer, in each of its forms.
fill() {
        mkdir "$REGISTRY/more"
        head -c 3000000 /dev/urandom >"$REGISTRY/more/noise"
        ln "$REGISTRY/more/noise" "$REGISTRY/more/link"
        tar -C "$REGISTRY/more" --numeric-owner -cf "$REGISTRY/more.tar" noise link
        "$REGISTRY_TOOLS/fill.py" "$(at plain)" e2e/bb "$E2E_HOME/rootfs.tar" "$REGISTRY/more.tar" >"$REGISTRY/digests"
        "$REGISTRY_TOOLS/fill.py" "$(at plain)" open/bb "$E2E_HOME/rootfs.tar" >/dev/null
}

digest() { awk -v tag="$1" '$1 == tag { print $2 }' "$REGISTRY/digests"; }

# log_in HOST [PASSWORD]: as Docker stores it.
log_in() {
        printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$1" "$(printf 'ann:%s' "${2:-secret}" | base64)" >"$DOCKER_CONFIG/config.json"
}

# assert_runs REFERENCE: what was pulled is what was put there.
assert_runs() {
        run -0 pocketdocker run --rm --pull never "$1" sha256sum /noise /link
        assert_equal "$output" "$(cd "$REGISTRY/more" && sha256sum noise link | sed 's# \(noise\|link\)$# /\1#')"
}

# refused REFERENCE PATTERN...: it fails with one sentence, in which all the words are; no image comes of it.
refused() {
        local before word
        before=$(pocketdocker images -q --no-trunc --digests | sort)
        run -1 --separate-stderr pocketdocker pull "$1"
        assert_equal "${#stderr_lines[@]}" 1
        for word in "${@:2}"; do [[ $stderr == *"$word"* ]] || fail_with "no '$word' in: $stderr"; done
        assert_equal "$(pocketdocker images -q --no-trunc --digests | sort)" "$before"
        await 20 images_tidied
}

@test "an image comes in each of its forms from a plain registry, and runs" {
        local form
        for form in oci zstd plain docker index list; do
                run -0 pocketdocker pull "$(at plain)/e2e/bb:$form"
                assert_match "$output" "Digest: $(digest $form)"
                assert_runs "$(at plain)/e2e/bb:$form"
                pocketdocker rmi "$(at plain)/e2e/bb:$form"
        done
}

@test "the config is the registry's, byte for byte, and the image's id its digest" {
        local id
        pocketdocker pull -q "$(at plain)/e2e/bb:oci"
        id=$(pocketdocker inspect -f '{{.Id}}' "$(at plain)/e2e/bb:oci")
        id=${id#sha256:}
        assert_equal "$(sha256sum <"$STATE/images/blobs/sha256/$id")" "$id  -"
        assert_equal "$(skopeo inspect --raw --config --tls-verify=false "docker://$(at plain)/e2e/bb:oci" | sha256sum)" "$id  -"
}

@test "of an index another platform's image is had by name" {
        pocketdocker pull -q --platform linux/s390x "$(at plain)/e2e/bb:index"
        assert_equal "$(pocketdocker inspect -f '{{.Architecture}}' "$(at plain)/e2e/bb:index")" s390x
        run -1 pocketdocker pull --platform linux/mips "$(at plain)/e2e/bb:index"
        assert_match "$output" "linux/mips"
}

@test "by digest, whatever a tag says" {
        run -0 pocketdocker pull "$(at plain)/e2e/bb@$(digest docker)"
        assert_runs "$(at plain)/e2e/bb@$(digest docker)"
        refused "$(at plain)/e2e/bb@sha256:$(printf 'ab%.0s' {1..32})" "does not have" "manifest unknown"
}

@test "what is not there is told in the registry's words" {
        refused "$(at plain)/e2e/bb:nothing" "does not have the manifest" "manifest unknown"
        refused "$(at plain)/nobody/knows:1" "nobody/knows:1"
}

# bats test_tags=embedded
@test "TLS with a certificate of one's own: over HTTP/2, and only with the right authority" {
        mkdir "$REGISTRY/certs/$(at tls)"
        cp "$REGISTRY/other.crt" "$REGISTRY/certs/$(at tls)/ca.crt"
        refused "$(at tls)/e2e/bb:oci" "certificate" "$(at tls)" "not trusted"
        cp "$REGISTRY/own.crt" "$REGISTRY/certs/$(at tls)/second.crt"
        run -0 pocketdocker pull "$(at tls)/e2e/bb:oci"
        assert_runs "$(at tls)/e2e/bb:oci"
        rm -r "$REGISTRY/certs/$(at tls)"
        grep -q 'GET /v2/e2e/bb/blobs/.* HTTP/2.0' "$REGISTRY/tls.log"
}

# bats test_tags=embedded
@test "on this machine TLS that nobody vouches for is better than none" {
        run -0 pocketdocker pull "$(at tls)/e2e/bb:zstd"
        assert_runs "$(at tls)/e2e/bb:zstd"
}

@test "a password is asked for and given: htpasswd" {
        refused "$(at basic)/e2e/bb:oci" "asks for a login"
        log_in "$(at basic)" wrong
        refused "$(at basic)/e2e/bb:oci" "refuses the user's name or password"
        log_in "$(at basic)"
        run -0 pocketdocker pull "$(at basic)/e2e/bb:oci"
        assert_runs "$(at basic)/e2e/bb:oci"
}

@test "a token is had for nobody and for a user: a token service" {
        run -0 pocketdocker pull "$(at token)/open/bb:oci"
        refused "$(at token)/e2e/bb:oci" "may not exist, or need a login"
        log_in "$(at token)" wrong
        refused "$(at token)/e2e/bb:oci" "incorrect username or password"
        log_in "$(at token)"
        run -0 pocketdocker pull "$(at token)/e2e/bb:oci"
        assert_runs "$(at token)/e2e/bb:oci"
}

@test "registries that lie about digests and sizes leave nothing behind" {
        refused "$(at nasty)/wrong-layer:1" "digest of layer 1"
        refused "$(at nasty)/wrong-config:1" "digest of the config"
        refused "$(at nasty)/lying-header:1" "says that the digest"
        refused "$(at nasty)/short-layer:1" "bytes for layer 1"
        refused "$(at nasty)/long-layer:1" "bytes for layer 1"
        refused "$(at nasty)/endless-layer:1" "bytes for layer 1"
        refused "$(at nasty)/endless-manifest:1" "4194304 bytes"
        refused "$(at nasty)/more-than-four-mib:1" "4194304 bytes"
}

@test "images that are none are refused by what they are" {
        refused "$(at nasty)/foreign-docker:1" "foreign layer"
        refused "$(at nasty)/schema1:1" "schema 1"
        refused "$(at nasty)/artifact:1" "artifact"
        refused "$(at nasty)/both:1" "not clear what it is"
        refused "$(at nasty)/not-for-us:1" "no image for the platform"
        refused "$(at nasty)/html:1" "not valid JSON"
}

@test "registries that do not behave are left with a sentence" {
        refused "$(at nasty)/redirect-loop:1" "redirects more than 10 times"
        refused "$(at nasty)/redirect-plain:1" "must not be followed"
        refused "$(at nasty)/unauthorized-for-ever:1" "does not give the manifest" "never"
        refused "$(at nasty)/header-bomb:1" "headers"
        refused "$(at nasty)/no-http:1" "$(at nasty)"
        refused "$(at nasty)/denied:1" "requested access is"
        refused "$(at nasty)/failing-for-ever:1" "status 500" "sorry"
}

@test "what breaks off goes on, and what is large is taken" {
        run -0 pocketdocker pull "$(at nasty)/broken-layer:1"
        run -0 pocketdocker pull "$(at nasty)/broken-without-range:1"
        run -0 pocketdocker pull "$(at nasty)/four-mib:1"
        run -0 pocketdocker pull "$(at nasty)/redirect-elsewhere:1"
        run -0 pocketdocker pull "$(at nasty)/token-expires:1"
}

@test "a layer fetched anew because it was put together wrongly is unpacked anew" {
        run -0 pocketdocker pull "$(at nasty)/broken-and-wrong:1"
        run -0 pocketdocker pull "$(at nasty)/good:1"
        assert_equal "$(pocketdocker inspect -f '{{.Id}}' "$(at nasty)/broken-and-wrong:1")" "$(pocketdocker inspect -f '{{.Id}}' "$(at nasty)/good:1")"
}

@test "what a registry has to say to its users is shown" {
        run -0 pocketdocker pull "$(at nasty)/warning:1"
        assert_match "$output" "This image is old"
}

@test "none of this has ended the daemon" {
        assert_equal "$(daemon_pid)" "$DAEMON"
}
