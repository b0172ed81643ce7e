#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

# checked NAME FLAG… [-- COMMAND…]: a container in the background with a health check.
checked() {
        local name=$1 flags=()
        shift
        while [ $# -gt 0 ] && [ "$1" != -- ]; do
                flags+=("$1")
                shift
        done
        shift || true
        [ $# -gt 0 ] || set -- sh -c 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'
        pocketdocker run -d --name "$name" "${flags[@]}" "$IMAGE" "$@" >/dev/null
}

health_is() { [ "$(field "$1" .State.Health.Status)" = "$2" ]; }
restarted() { [ "$(field "$1" .RestartCount)" -ge "$2" ]; }
results() { field "$1" 'len .State.Health.Log'; }
last() { pocketdocker inspect --format "{{(index .State.Health.Log $(($(results "$1") - 1))).$2}}" "$1"; }
probed_times() { [ "$(results "$1")" -ge "$2" ]; }

# From the outside: processes of the command NAME ARGUMENT, and cgroups of probes.
running() { pgrep -fx "$1" >/dev/null; }
probe_cgroups() { find "$(engine_cgroup)" -type d -name 'probe-*' 2>/dev/null; }
no_probe_cgroup() { [ -z "$(probe_cgroups)" ]; }

@test "a command's exit status makes a container healthy, unhealthy and healthy again" {
        checked c --health-cmd 'echo seen; test -e /up' --health-interval 100ms --health-retries 2
        assert_match "$(pocketdocker ps --format '{{.Status}}')" '^Running \(.*\) \((health: starting|unhealthy)\)$'
        pocketdocker wait --condition unhealthy c
        health_is c unhealthy
        [ "$(field c .State.Health.FailingStreak)" -ge 2 ]
        assert_equal "$(last c ExitCode)/$(last c Output)" "1/seen"
        assert_match "$(pocketdocker ps --format '{{.Status}}')" '^Running \(.*\) \(unhealthy\)$'
        assert_equal "$(pocketdocker ps -q --filter health=unhealthy | wc -l)" 1
        pocketdocker exec c touch /up
        pocketdocker wait --condition healthy c
        assert_equal "$(field c .State.Health.FailingStreak)" 0
        assert_match "$(pocketdocker ps --format '{{.Status}}')" '^Running \(.*\) \(healthy\)$'
        assert_equal "$(pocketdocker ps -q --filter health=unhealthy | wc -l)" 0
        pocketdocker exec c rm /up
        pocketdocker wait --condition unhealthy c
        await 20 probed_times c 5
        assert_equal "$(results c)" 5
        # By the container: the first page of all events is too short where many tests ran before.
        run -0 pocketdocker events --since 1h --until "$(($(date +%s) + 1))" --filter "container=$(field c .Id)" --filter event=health_status --format '{{.Actor.Attributes.health}}'
        assert_match "${lines[*]}" '^unhealthy healthy unhealthy'
        pocketdocker rm -f c
        assert_nothing_left
}

@test "a command that hangs is ended with all its children, and leaves no zombie" {
        # The first process reaps nothing, and is told nothing.
        checked c --health-cmd 'echo begun; (sleep 4001 &); sleep 4002 & sleep 4003' \
                --health-interval 100ms --health-timeout 300ms --health-retries 1 -- sleep 1000
        await 20 running 'sleep 4001'
        pocketdocker wait --condition unhealthy c
        assert_equal "$(last c ExitCode)" -1
        assert_match "$(last c Output)" 'took longer than 0.300 s'
        await 20 probed_times c 3
        pocketdocker pause c
        await 20 no_probe_cgroup
        ! running 'sleep 4001'
        ! running 'sleep 4002'
        ! running 'sleep 4003'
        pocketdocker unpause c
        assert_equal "$(pocketdocker exec c sh -c 'grep -c "^State:.Z" /proc/[0-9]*/status | grep -vc ":0"')" 0
        pocketdocker rm -f c
        assert_nothing_left
}

@test "what a command leaves running when it ends well ends with it" {
        checked c --health-cmd '(sleep 4004 &); sleep 4005 & exit 0' --health-interval 50ms -- sleep 1000
        pocketdocker wait --condition healthy c
        await 20 probed_times c 3
        pocketdocker pause c
        await 20 no_probe_cgroup
        ! running 'sleep 4004'
        ! running 'sleep 4005'
        pocketdocker unpause c
        assert_equal "$(pocketdocker exec c sh -c 'grep -c "^State:.Z" /proc/[0-9]*/status | grep -vc ":0"')" 0
}

@test "a command that cannot be run tells why, and its output is kept to 4096 bytes" {
        run -0 bus call org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager RunContainer 'sa{sv}' \
                "$IMAGE" 4 name s c command as 2 sleep 1000 health-cmd-exec as 2 no-such-probe x health-interval t 100000
        run -1 --separate-stderr pocketdocker healthcheck run c
        assert_sentence "$stderr" no-such-probe
        assert_equal "$(last c ExitCode)" 127
        checked d --health-cmd 'head -c 300000 /dev/zero | tr "\0" x; printf "\033[31m\377"'
        run -0 pocketdocker healthcheck run d
        assert_equal "$output" healthy
        assert_equal "$(last d Output | tr -d '\n' | wc -c)" 4096
        checked e --health-cmd 'printf "one\n\033[31mtwo\377"'
        run -0 pocketdocker healthcheck run e
        assert_equal "$(last e Output)" $'one\n?[31mtwo?'
}

@test "a port is asked without a process in the container" {
        checked web --health-http 8080/up --health-interval 100ms --health-retries 2 -- \
                sh -c 'mkdir /www; echo ok >/www/up; exec httpd -f -p 8080 -h /www'
        checked tcp --health-tcp 8080 --health-interval 100ms --health-retries 2 -- \
                sh -c 'mkdir /www; while [ ! -e /end ]; do sleep 0.1; done & exec httpd -f -p 8080 -h /www'
        pocketdocker wait --condition healthy web
        pocketdocker wait --condition healthy tcp
        assert_match "$(last web Output)" '^HTTP/1.[01] 200 OK'
        assert_equal "$(last tcp ExitCode)/$(last tcp Output)" 0/
        assert_equal "$(field web 'join .Config.Healthcheck.Test " "')" "HTTP 8080/up"
        pocketdocker exec web rm /www/up
        pocketdocker wait --condition unhealthy web
        assert_match "$(last web Output)" '^HTTP/1.[01] 404'
        no_probe_cgroup
        checked none --health-tcp 9 --health-interval 100ms --health-retries 1
        pocketdocker wait --condition unhealthy none
        assert_equal "$(last none Output)" "Connection refused"
        pocketdocker rm -f web tcp none
        assert_nothing_left
}

@test "failures in the start period do not count, and a first success ends it" {
        checked c --health-cmd 'test -e /up' --health-interval 10m --health-start-period 1h --health-start-interval 50ms \
                --health-retries 1
        await 20 probed_times c 3
        health_is c starting
        pocketdocker exec c touch /up
        pocketdocker wait --condition healthy c
        pocketdocker exec c rm /up
        run -1 pocketdocker healthcheck run c
        health_is c unhealthy
}

@test "healthcheck run probes now, and says why it cannot" {
        checked c --health-cmd 'test -e /up || { echo not yet; exit 3; }' --health-interval 1h
        run -1 --separate-stderr pocketdocker healthcheck run c
        assert_equal "$output/$stderr" "starting/pocketdocker: not yet"
        pocketdocker exec c touch /up
        run -0 pocketdocker healthcheck run c
        assert_equal "$output" healthy
        run -0 bus call org.pocketdocker.Manager "/org/pocketdocker/container/$(field c .Id)" org.pocketdocker.Container RunHealthcheck
        assert_equal "$output" 'sis "healthy" 0 ""'
        pocketdocker pause c
        run -125 --separate-stderr pocketdocker healthcheck run c
        assert_sentence "$stderr" c
        pocketdocker unpause c
        pocketdocker stop c
        health_is c none
        run -125 --separate-stderr pocketdocker healthcheck run c
        assert_sentence "$stderr" c
        start_waiting plain
        run -125 --separate-stderr pocketdocker healthcheck run plain
        assert_sentence "$stderr" plain
        run -125 --separate-stderr pocketdocker healthcheck walk plain
        assert_sentence "$stderr" walk
}

@test "wait for a health ends when the container does, or has none" {
        start_waiting plain
        run -1 --separate-stderr pocketdocker wait --condition healthy plain
        assert_sentence "$stderr" plain
        checked c --health-cmd false --health-interval 1h
        pocketdocker wait --condition healthy c 2>"$BATS_TEST_TMPDIR/err" 3>&- &
        local waiter=$!
        await 20 pgrep -fx '.*pocketdocker wait --condition healthy c'
        pocketdocker stop c
        ! wait $waiter
        assert_match "$(cat "$BATS_TEST_TMPDIR/err")" "'c' is not running"
        run -1 --separate-stderr pocketdocker wait --condition unhealthy c
        assert_sentence "$stderr" c
}

@test "health-on-failure kill ends it as any end, and the policy applies" {
        checked c --health-cmd false --health-interval 50ms --health-retries 2 --health-on-failure kill
        assert_equal "$(pocketdocker wait c)" 137
        assert_equal "$(field c .State.Status) $(field c .State.Health.Status)" "exited unhealthy"
        checked again --health-cmd 'test -e /up' --health-interval 50ms --health-retries 2 --health-on-failure kill --restart always
        await 30 restarted again 2
        pocketdocker stop again
        assert_equal "$(field again .State.Status)" exited
        pocketdocker rm c again
        assert_nothing_left
}

@test "health-on-failure restart is counted, and begins anew" {
        checked c --health-cmd 'test -e /up' --health-interval 50ms --health-retries 2 --health-on-failure restart -- \
                sh -c 'trap "touch /up; exit 0" TERM; while :; do sleep 3600 & wait $!; done'
        await 30 restarted c 1
        pocketdocker wait --condition healthy c
        assert_equal "$(field c .RestartCount)" 1
        assert_equal "$(field c .State.Health.FailingStreak)" 0
}

@test "health-on-failure stop stays so" {
        checked c --health-cmd false --health-interval 50ms --health-retries 2 --health-on-failure stop --restart always
        assert_equal "$(pocketdocker wait c)" 0
        assert_equal "$(field c .State.Status) $(field c .RestartCount)" "exited 0"
}

@test "probes rest while it is paused, and keep it neither from stopping nor from going" {
        checked c --health-cmd 'sleep 4006' --health-interval 10ms --health-timeout 1h
        await 20 running 'sleep 4006'
        pocketdocker pause c
        await 20 no_probe_cgroup
        assert_equal "$(results c)" 0
        pocketdocker unpause c
        await 20 running 'sleep 4006'
        pocketdocker stop c
        ! running 'sleep 4006'
        assert_equal "$(field c .State.ExitCode)" 0
        pocketdocker start c
        await 20 running 'sleep 4006'
        pocketdocker rm -f c
        ! running 'sleep 4006'
        assert_nothing_left
}

@test "status and streak outlive the daemon, and probes go on" {
        checked bad --health-cmd 'test -e /up' --health-interval 200ms --health-retries 2
        checked hung --health-cmd 'sleep 4007' --health-interval 10ms --health-timeout 1h
        checked port --health-tcp 9 --health-interval 200ms --health-retries 1
        pocketdocker wait --condition unhealthy bad
        pocketdocker wait --condition unhealthy port
        await 20 running 'sleep 4007'
        kill_daemon
        start_daemon
        health_is bad unhealthy
        health_is port unhealthy
        [ "$(field bad .State.Health.FailingStreak)" -ge 2 ]
        await 20 probed_times bad 1
        await 20 probed_times port 1
        pocketdocker exec bad touch /up
        pocketdocker wait --condition healthy bad
        assert_equal "$(pgrep -fxc 'sleep 4007')" 1
        pocketdocker rm -f bad hung port
        assert_nothing_left
}

@test "settings that make no sense are refused, each with a sentence" {
        run -125 --separate-stderr pocketdocker create --health-cmd true --health-tcp 80 "$IMAGE" true
        assert_sentence "$stderr" health-tcp
        run -125 --separate-stderr pocketdocker create --no-healthcheck --health-retries 2 "$IMAGE" true
        assert_sentence "$stderr" no-healthcheck
        run -125 --separate-stderr pocketdocker create --health-on-failure kill "$IMAGE" true
        assert_sentence "$stderr" health-on-failure
        run -125 --separate-stderr pocketdocker create --health-tcp 0 "$IMAGE" true
        run -125 --separate-stderr pocketdocker create --health-cmd true --health-interval 10us "$IMAGE" true
        run -125 --separate-stderr pocketdocker create --health-http '80/a b' "$IMAGE" true
        assert_nothing_left
}
