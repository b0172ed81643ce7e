#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits: which values there are, what is refused and why, how they are kept and changed. Where the engine's tree has
# controllers the cgroup's files are held against them; where it has none each limit is refused, and all else works.
load helpers

setup_file() {
        setup_engine
        CONTROLLERS=" $(cat "$(engine_cgroup)/cgroup.subtree_control") "
        export CONTROLLERS
}
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

has() { [[ $CONTROLLERS == *" $1 "* ]]; }

# limit CONTROLLER FILE VALUE FLAG...: a container made and started with the flags has the value in the file; or, without the
# controller, is refused with a sentence that names the option and the controller, and leaves nothing.
limit() {
        local controller=$1 file=$2 value=$3
        shift 3
        if has "$controller"; then
                start_waiting c "$@"
                assert_equal "$(cat "$(payload_of c)/$file")" "$value"
                pocketdocker rm -f c
                assert_nothing_left
                return
        fi
        run -125 pocketdocker run --name c "$@" "$IMAGE" true
        assert_sentence "$output" "$controller"
        assert_match "$output" "^pocketdocker: The limit '[a-z-]+' needs the cgroup controller '$controller', which .+"
        assert_nothing_left
}

payload_of() { echo "$(engine_cgroup)/u0/$(field "$1" .Id)/payload"; }

# host NAME FIELD...: of HostConfig
host() {
        local template field
        for field in "${@:2}"; do
                template+="{{.HostConfig.$field}} "
        done
        shown "$1" "${template% }"
}

# end_daemon: it is gone until the next call; one that is killed systemd would bring back at once
end_daemon() {
        case $E2E_MODE in
        system) systemctl stop pocketdocker.service ;;
        *) kill_daemon ;;
        esac
}

# refused NAME FLAG...: by its value, whatever there is
refused() {
        local name=$1
        shift
        run -125 pocketdocker create "$@" "$IMAGE" true
        assert_sentence "$output" "$name"
}

@test "info tells which controllers there are" {
        local list
        list=$(pocketdocker info --format '{{json .Controllers}}' | tr -d '[]"' | tr ',' '\n' | sort | xargs)
        assert_equal "$list" "$(tr ' ' '\n' <<<"$CONTROLLERS" | sort | xargs)"
}

@test "memory: bytes in memory.max, swap as much again, a reservation in memory.low" {
        limit memory memory.max 67108864 -m 64m
        limit memory memory.low 33554432 --memory 64m --memory-reservation 32m
        if has memory && [ -e "$(engine_cgroup)/u0/memory.swap.max" ]; then
                limit memory memory.swap.max 67108864 -m 64m
                limit memory memory.swap.max 0 -m 64m --memory-swap 64m
                limit memory memory.swap.max max -m 64m --memory-swap -1
        fi
}

@test "cpu: shares become a weight, cpus and a quota a bandwidth" {
        limit cpu ../cpu.weight 59 -c 512 # among the containers
        limit cpu cpu.max '150000 100000' --cpus 1.5
        limit cpu cpu.max '20000 50000' --cpu-quota 20000 --cpu-period 50ms
}

@test "cpusets and a number of processes" {
        limit cpuset cpuset.cpus 0 --cpuset-cpus 0
        limit cpuset cpuset.mems 0 --cpuset-mems 0
        limit pids pids.max 50 --pids-limit 50
}

@test "out of memory is the container's by default, where there is a controller" {
        if has memory; then
                limit memory memory.oom.group 1 -m 64m
                limit memory memory.oom.group 0 -m 64m --oom-group=false
        fi
        # Asking for what concerns memory without a limit of it costs nothing anywhere.
        pocketdocker run --rm --oom-group "$IMAGE" true
        pocketdocker run --rm --oom-group=false "$IMAGE" true
        pocketdocker run --rm -m -1 --pids-limit -1 --cpus 0 --cpu-shares 0 "$IMAGE" true
}

@test "a container without limits has none, and no controller is needed" {
        start_waiting c
        local file
        for file in memory.max memory.swap.max pids.max; do
                [ ! -e "$(payload_of c)/$file" ] || assert_equal "$(cat "$(payload_of c)/$file")" max
        done
        assert_equal "$(host c Memory MemorySwap CpuShares NanoCpus PidsLimit CpusetCpus)" \
                '0 0 0 0 0 '
}

@test "oom-score-adj is the workload's and needs no controller" {
        run -0 pocketdocker run --rm --oom-score-adj 500 "$IMAGE" cat /proc/self/oom_score_adj
        assert_equal "$output" 500
        start_waiting c --oom-score-adj 300
        assert_equal "$(pocketdocker exec c cat /proc/self/oom_score_adj)" 300
        assert_equal "$(field c .HostConfig.OomScoreAdj)" 300
        run -1 pocketdocker update --oom-score-adj 5 c
        refused 1001 --oom-score-adj 1001
}

@test "values that make no sense are refused, each with a sentence" {
        refused memory -m 5m
        refused memory-reservation --memory 64m --memory-reservation 128m
        refused memory-swap --memory-swap 64m
        refused memory-swap -m 64m --memory-swap 32m
        refused cpus --cpus 0.001
        refused cpus --cpus 8000
        refused many --cpus many
        refused cpu-quota --cpus 1 --cpu-quota 20000
        refused cpu-period --cpus 1 --cpu-period 50000
        refused cpu-quota --cpu-quota 999
        refused cpu-period --cpu-period 2s
        refused cpu-shares --cpu-shares -5
        refused cpuset-cpus --cpuset-cpus 0-
        refused cpuset-cpus --cpuset-cpus 8000
        refused cpuset-mems --cpuset-mems zero
        refused pids-limit --pids-limit -5
        refused pids-limit --pids-limit 99999999
        refused memory-swappiness --memory-swappiness 50
        refused kernel-memory --kernel-memory 64m
        assert_nothing_left
        assert_equal "$(pocketdocker ps -aq | wc -l)" 0
}

@test "a limit that a container has and this machine has not is refused at its start" {
        # As if it had come with the state directory from another machine.
        pocketdocker create --name c "$IMAGE" true >/dev/null
        end_daemon
        python3 - "$STATE/pocketdocker.db" <<'END'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
spec = json.loads(db.execute("SELECT spec FROM containers WHERE name = 'c'").fetchone()[0])
spec["resources"] = {"cpuset_cpus": "8000"}
db.execute("UPDATE containers SET spec = ? WHERE name = 'c'", (json.dumps(spec),))
db.commit()
END
        start_daemon
        run ! pocketdocker start c
        if has cpuset; then
                assert_sentence "$output" cpuset.cpus
        else
                assert_sentence "$output" cpuset
        fi
        assert_equal "$(field c .State.Status)" created
        assert_equal "$(field c .State.Error)" "${output#pocketdocker: }"
}

@test "update changes what it is given, on a container that runs and on one that does not" {
        start_waiting c
        pocketdocker create --name d "$IMAGE" true >/dev/null
        local name
        for name in c d; do
                run -0 pocketdocker update --cpu-shares 1024 "$name"
                assert_equal "$output" "$name"
                assert_equal "$(field "$name" .HostConfig.CpuShares)" 1024
                if has pids && has memory; then
                        pocketdocker update --pids-limit 60 -m 128m "$name"
                        pocketdocker update --memory 96m "$name"
                        assert_equal "$(host "$name" Memory MemorySwap PidsLimit CpuShares)" \
                                '100663296 201326592 60 1024'
                else
                        run -1 pocketdocker update --pids-limit 60 "$name"
                        assert_sentence "$output" pids
                        run -1 pocketdocker update --cpu-shares 2048 -m 128m "$name"
                        assert_equal "$(field "$name" .HostConfig.CpuShares)" 1024
                fi
        done
        has pids || return 0
        assert_equal "$(cat "$(payload_of c)/pids.max")" 60
        assert_equal "$(cat "$(payload_of c)/memory.max")" 100663296
        pocketdocker update --pids-limit -1 -m -1 c
        assert_equal "$(cat "$(payload_of c)/pids.max")" max
        assert_equal "$(cat "$(payload_of c)/memory.max")" max
}

@test "an update that is refused leaves everything as it was" {
        start_waiting c
        pocketdocker update --cpu-shares 1024 c
        run -1 pocketdocker update --cpu-shares 512 --memory 1m c
        assert_sentence "$output" memory
        run -1 pocketdocker update --cpus 1 --cpu-quota 5000 c
        run -1 pocketdocker update --cpu-shares 512 --restart sometimes c
        assert_equal "$(host c CpuShares Memory NanoCpus RestartPolicy.Name)" '1024 0 0 no'
        run -1 pocketdocker update --cpu-shares 512 missing
        run -1 bus call org.pocketdocker.Manager "/org/pocketdocker/container/$(field c .Id)" \
                org.pocketdocker.Container SetResources 'a{sv}' 1 env as 0
        assert_match "$output" "'env'"
}

@test "limits outlive the daemon, and a new one puts right what was not made" {
        start_waiting c
        pocketdocker update --cpu-shares 1024 --restart on-failure c
        end_daemon
        ! has pids || echo 70 >"$(payloads)/pids.max"
        start_daemon
        assert_equal "$(host c CpuShares RestartPolicy.Name)" '1024 on-failure'
        ! has pids || assert_equal "$(cat "$(payload_of c)/pids.max")" max
        assert_equal "$(field c .State.Status)" running
}

