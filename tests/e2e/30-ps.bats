#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=native
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

@test "ps shows every container under Docker's headings" {
        start_waiting up
        pocketdocker run --name down "$IMAGE" sh -c 'exit 3' || true
        pocketdocker create --name fresh "$IMAGE" true
        run -0 pocketdocker ps
        assert_match "${lines[0]}" '^CONTAINER ID +NAME +IMAGE +COMMAND +STATUS +STARTED$'
        assert_equal "${#lines[@]}" 4
        [[ ${lines[1]} == *fresh*Created* ]]
        [[ ${lines[2]} == *down*"$IMAGE"*"Stopped (3)"*ago* ]]
        [[ ${lines[3]} == *up*"$IMAGE"*"Running ("*")"* ]]
        assert_equal "$(pocketdocker ps -a)" "$(pocketdocker ps)"
}

@test "ps -r and --filter status=running show what runs" {
        start_waiting up
        pocketdocker create --name fresh "$IMAGE" true
        assert_equal "$(pocketdocker ps -r --format '{{.Names}}')" up
        assert_equal "$(pocketdocker ps --running --format '{{.Names}}')" up
        assert_equal "$(pocketdocker ps --filter status=running --format '{{.Names}}')" up
        assert_equal "$(pocketdocker ps --filter status=created --format '{{.Names}}')" fresh
}

@test "ps -q prints short ids, --no-trunc whole ones" {
        local id
        id=$(pocketdocker create "$IMAGE" true)
        assert_equal "$(pocketdocker ps -q)" "${id:0:12}"
        assert_equal "$(pocketdocker ps -q --no-trunc)" "$id"
}

@test "an image without a name is shown by its short id, --no-trunc by its whole one" {
        local id
        pocketdocker create "$E2E_HOME/rootfs.tar" true
        id=$(pocketdocker images -q --no-trunc "$IMAGE")
        id=${id#sha256:}
        assert_equal "$(pocketdocker ps --format '{{.Image}}')" "${id:0:12}"
        assert_equal "$(pocketdocker ps --no-trunc --format '{{.Image}}')" "$id"
}

@test "ps -n and -l show the newest" {
        local i
        for i in 1 2 3; do
                pocketdocker create --name "c$i" "$IMAGE" true
        done
        assert_equal "$(pocketdocker ps -n 2 --format '{{.Names}}' | tr '\n' ' ')" "c3 c2 "
        assert_equal "$(pocketdocker ps -l --format '{{.Names}}')" c3
}

@test "filters take name, id, label, exit code and image, as Docker's" {
        local id
        id=$(pocketdocker create --name one -l tier=front "$IMAGE" true)
        pocketdocker run --name two -l tier=back "$IMAGE" sh -c 'exit 9' || true
        assert_equal "$(pocketdocker ps --filter name=on --format '{{.Names}}')" one
        assert_equal "$(pocketdocker ps --filter "id=${id:0:10}" --format '{{.Names}}')" one
        assert_equal "$(pocketdocker ps --filter label=tier=back --format '{{.Names}}')" two
        assert_equal "$(pocketdocker ps --filter exited=9 --format '{{.Names}}')" two
        assert_equal "$(pocketdocker ps --filter "ancestor=$IMAGE" -q | wc -l)" 2
        pocketdocker import "$E2E_HOME/rootfs.tar" other-name:1
        assert_equal "$(pocketdocker ps --filter ancestor=other-name:1 -q | wc -l)" 2
        pocketdocker rmi other-name:1
        run -1 --separate-stderr pocketdocker ps --filter nonsense=1
        assert_equal "$stderr" "pocketdocker: There is no filter 'nonsense'"
        run -1 --separate-stderr pocketdocker images --filter nonsense=1
        assert_equal "$stderr" "pocketdocker: There is no filter 'nonsense'"
}

@test "--format json gives an object a line with Docker's words" {
        start_waiting up
        pocketdocker run --name down "$IMAGE" true
        run -0 pocketdocker ps --format json
        assert_equal "${#lines[@]}" 2
        assert_equal "$(jq -r '.Names + " " + .State' <<<"$output" | tr '\n' ' ')" "down exited up running "
}

@test "--format takes templates and table templates" {
        pocketdocker run --name c "$IMAGE" true
        assert_equal "$(pocketdocker ps --format '{{.Names}}|{{.Image}}|{{.State}}')" "c|$IMAGE|exited"
        assert_equal "$(pocketdocker ps --format '{{upper .Names}} {{json .Names}}')" 'C "c"'
        run -0 pocketdocker ps --format 'table {{.Names}}\t{{.Image}}'
        assert_match "${lines[0]}" '^NAME +IMAGE$'
        assert_match "${lines[1]}" "^c +$IMAGE\$"
        run -1 pocketdocker ps --format '{{.NoSuchField}}'
        run -1 pocketdocker ps --format '{{.Names'
}

@test "inspect gives Docker's field names" {
        start_waiting c -e A=b --hostname box
        run -0 pocketdocker inspect c
        assert_equal "$(jq -r '.[0] | [.Name, .State.Status, .State.Running, .State.ExitCode, .RestartCount, .Config.Hostname] | map(tostring) | join(" ")' <<<"$output")" \
                "/c running true 0 0 box"
        [ "$(jq '.[0].State.Pid' <<<"$output")" -gt 1 ]
        [ "$(jq -r '.[0].Config.Env | index("A=b") != null' <<<"$output")" = true ]
        assert_equal "$(pocketdocker inspect --format '{{.State.Status}} {{.Config.Hostname}}' c)" "running box"
        assert_equal "$(pocketdocker inspect -f '{{range .Config.Env}}{{.}};{{end}}' c | grep -o 'A=b;')" "A=b;"
        assert_equal "$(pocketdocker inspect -f '{{len .Config.Cmd}}' c)" 3
}

@test "inspect of several is one array, and a missing one is named" {
        pocketdocker create --name a "$IMAGE" true
        pocketdocker create --name b "$IMAGE" true
        assert_equal "$(pocketdocker inspect a b | jq length)" 2
        run -1 --separate-stderr pocketdocker inspect a nowhere
        assert_sentence "$stderr" nowhere
        assert_equal "$(jq length <<<"$output")" 1
}

@test "times and counts agree between ps, inspect and the bus" {
        pocketdocker run --name c "$IMAGE" sh -c 'exit 8' || true
        local id
        id=$(field c .Id)
        run -0 bus get-property org.pocketdocker.Manager "/org/pocketdocker/container/$id" org.pocketdocker.Container State ExitCode RestartCount
        assert_equal "${lines[*]}" 's "exited" i 8 u 0'
}

@test "version and info answer" {
        run -0 pocketdocker version
        [[ $output == *[0-9].[0-9]* ]]
        run -0 pocketdocker info
        [[ $output == *"$STATE"* ]]
        run -0 pocketdocker version --format json
        jq -e . <<<"$output"
        run -0 pocketdocker info --format json
        jq -e . <<<"$output"
        run -0 pocketdocker info --format '{{.NCPU}} {{.Driver}} {{.CgroupVersion}} {{.OSType}}/{{.Architecture}}'
        assert_equal "$output" "$(getconf _NPROCESSORS_ONLN) overlay 2 linux/$(uname -m)"
}

@test "an unknown verb is refused and named" {
        run -1 --separate-stderr pocketdocker frobnicate
        assert_sentence "$stderr" frobnicate
        run -1 --separate-stderr pocketdocker container frobnicate
        assert_sentence "$stderr" "container frobnicate"
        run -0 pocketdocker --help
        [[ $output == *run* && $output == *logs* ]]
        assert_equal "$(pocketdocker help)" "$(pocketdocker --help)"
        assert_equal "$(pocketdocker help run)" "$(pocketdocker run --help)"
        run -1 --separate-stderr pocketdocker help frobnicate
        assert_sentence "$stderr" frobnicate
}

@test "Docker's longer spellings find what they name, and nothing else" {
        pocketdocker create --name kind "$IMAGE" true
        assert_equal "$(pocketdocker container ls -q)" "$(pocketdocker ps -q)"
        assert_equal "$(pocketdocker image ls -q)" "$(pocketdocker images -q)"
        assert_equal "$(pocketdocker container inspect -f '{{.Name}}' kind)" /kind
        run -1 pocketdocker image inspect kind # no prefix of an id
        run -1 pocketdocker container inspect "$IMAGE"
        run -0 pocketdocker image inspect "$IMAGE"
        run -0 pocketdocker system info
}

@test "the network is kept as it was typed, default where nothing was" {
        pocketdocker create --name typed --network none "$IMAGE" true
        pocketdocker create --name said --network default "$IMAGE" true
        pocketdocker create --name unsaid "$IMAGE" true
        assert_equal "$(pocketdocker inspect -f '{{.HostConfig.NetworkMode}}' typed said unsaid | tr '\n' ' ')" "none default default "
        assert_equal "$(pocketdocker ps --filter network=none --format '{{.Names}}')" typed
        assert_equal "$(pocketdocker ps --filter network=default --format '{{.Names}}' | tr '\n' ' ')" "unsaid said "
}

# complete WORD…: what the shell would offer for the last one.
complete_words() {
        bash -c 'PATH=$1:$PATH; . "$2"; shift 2
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
                _pocketdocker; printf "%s\n" "${COMPREPLY[@]}"' complete "$PROGRAMS" "$E2E_SOURCE/../../src/cli/completion/"* "$@" | sort
}

# bats test_tags=native
@test "the shell completes verbs, flags and names" {
        start_waiting up
        pocketdocker create --name unborn "$IMAGE" true
        assert_equal "$(complete_words pocketdocker ren)" rename
        assert_equal "$(complete_words pocketdocker run --env-)" --env-file
        assert_equal "$(complete_words pocketdocker start u | tr '\n' ' ')" "unborn up "
        assert_equal "$(complete_words pocketdocker stop u)" up
}
