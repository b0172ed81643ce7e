# SPDX-License-Identifier: Apache-2.0
# What is made ahead of the next start: one place, marked, which the next container of its owner has.

load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() {
        local status=0
        teardown_test || status=1
        return $status
}

is_ready() { [ "$(ready_id | wc -l)" = 1 ]; }

# make_ready: after a container has come and gone
make_ready() {
        pocketdocker run --rm "$IMAGE" true
        await 20 is_ready
}

@test "the next container has the place that is ready, and another one is made" {
        local id
        make_ready
        id=$(ready_id)
        [ -d "$(engine_cgroup)/u0/$id/payload" ]
        [ -d "$STATE/containers/$id/upper" ]
        assert_equal "$(pocketdocker ps -aq)" ""
        assert_equal "$(pocketdocker run -d --name c "$IMAGE" sleep 3600)" "$id"
        await 20 is_ready
        [ "$(ready_id)" != "$id" ]
}

@test "a container that is refused leaves the place ready" {
        local id
        make_ready
        id=$(ready_id)
        run pocketdocker run --name 'not a name' "$IMAGE" true
        [ "$status" -ne 0 ]
        assert_equal "$(ready_id)" "$id"
        assert_nothing_left
}

@test "a container that is not started holds no cgroup once others are" {
        local id
        make_ready
        id=$(ready_id)
        assert_equal "$(pocketdocker create --name c "$IMAGE" echo later)" "$id"
        pocketdocker run --rm "$IMAGE" true
        await 20 is_ready
        [ ! -e "$(engine_cgroup)/u0/$id" ]
        assert_equal "$(pocketdocker start -a c)" later
        pocketdocker rm c
        assert_nothing_left
}

@test "a container that is removed before its start takes its place along" {
        local id
        make_ready
        id=$(pocketdocker create --name c "$IMAGE" true)
        pocketdocker rm c
        [ ! -e "$(engine_cgroup)/u0/$id" ]
        assert_nothing_left
}

@test "one without a log has no directory for it" {
        local id
        make_ready
        id=$(pocketdocker run -d --name c --log-driver none "$IMAGE" sleep 3600)
        [ ! -e "$STATE/logs/$id" ]
}

@test "a place that somebody has taken away is made again" {
        local id
        make_ready
        id=$(ready_id)
        rmdir "$(engine_cgroup)/u0/$id"/{payload,monitor} "$(engine_cgroup)/u0/$id"
        assert_equal "$(pocketdocker run --rm "$IMAGE" echo here)" here
        await 20 nothing_is_left
}

# bats test_tags=embedded
@test "the daemon's end takes the place along, and a killed one's is swept" {
        local id
        make_ready
        id=$(ready_id)
        end_daemon
        [ ! -e "$(engine_cgroup)/u0/$id" ]
        [ ! -e "$STATE/containers/$id" ]
        assert_equal "$(ready_id)" ""
        make_ready
        id=$(ready_id)
        kill_daemon
        pocketdocker ps >/dev/null
        [ ! -e "$(engine_cgroup)/u0/$id" ]
        [ ! -e "$STATE/containers/$id" ]
}
