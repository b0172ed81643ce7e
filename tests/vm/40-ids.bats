#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# User ids on a machine with several users, polkit and a kernel of Debian's: who is whom inside, and who may say so.

load ../e2e/helpers

RULE=/etc/polkit-1/rules.d/10-pocketdocker-ids.rules

setup_file() { setup_engine; }
teardown_file() {
        rm -f "$RULE"
        teardown_engine
}
teardown() {
        rm -f "$RULE"
        teardown_test
}

as() { runuser -u "$1" -- pocketdocker --no-ask-password "${@:2}"; }

# allow JAVASCRIPT: what alice may without an administrator
allow() {
        cat >"$RULE" <<END
polkit.addRule(function(action, subject) {
        if (subject.user == "alice" && ($1))
                return polkit.Result.YES;
});
END
}

own='action.id == "org.pocketdocker.manage-own" || action.id == "org.pocketdocker.inspect"'

@test "a user who may keep her ids is herself inside, with her group, and nobody else" {
        local uid gid
        uid=$(id -u alice) gid=$(id -g alice)
        allow "$own || action.id == \"org.pocketdocker.privileged\" && action.lookup(\"options\") == \"userns\""
        run -0 as alice run --rm --userns keep-id "$IMAGE" sh -c 'id -u; id -g; touch /tmp/f; stat -c %u:%g /tmp/f /etc/passwd; cat /proc/self/uid_map'
        assert_equal "${lines[0]}:${lines[1]}" "$uid:$gid"
        assert_equal "${lines[2]}" "$uid:$gid"
        assert_equal "${lines[3]}" 0:0
        assert_match "$output" " +$uid +$uid +1"
        as alice run -d --name kept --userns keep-id "$IMAGE" sleep 1000 >/dev/null
        assert_equal "$(stat -c %u:%g "/proc/$(field kept .State.Pid)")" "$uid:$gid"
        assert_equal "$(as alice exec -u 0 kept id -u)" 0
        assert_equal "$(as alice top kept | awk 'NR == 2 { print $1 }')" "$uid"
}

@test "each option that weakens is asked for, and another's namespaces are" {
        local flags
        allow "$own"
        start_waiting roots
        for flags in "--userns host" "--userns keep-id" "--pid host" "--ipc host" "--uts host" "--cgroupns host" "--network host" --privileged \
                "--device /dev/null" "--pid container:roots" "--network container:roots" "--ipc container:roots" "--uts container:roots"; do
                # shellcheck disable=SC2086 # a flag and its value
                run -125 --separate-stderr as alice run --rm $flags "$IMAGE" true
                assert_equal "$(wc -l <<<"$stderr")" 1
        done
        as alice run -d --name hers "$IMAGE" sleep 1000 >/dev/null
        as alice run --rm --pid container:hers --network container:hers "$IMAGE" true
        # What it has of the host is the host's.
        pocketdocker rm -f roots
        allow "$own || action.id == \"org.pocketdocker.privileged\" && action.lookup(\"options\") == \"pid\""
        as alice run -d --name hosts --pid host "$IMAGE" sleep 1000 >/dev/null
        allow "$own"
        run -125 --separate-stderr as alice run --rm --pid container:hosts "$IMAGE" true
        as alice run --rm --network container:hosts "$IMAGE" true
}

@test "a state directory that cannot map ids is named, where the kernel's tmpfs cannot" {
        local dir said status=0
        [ "$(uname -r | cut -d. -f1-2)" = 6.1 ] || skip "the tmpfs of this kernel maps ids"
        dir=$(mktemp -d /tmp/pocketdocker-tmpfs.XXXXXX)
        mount -t tmpfs none "$dir"
        said=$(POCKETDOCKER_ROOT=$dir/state POCKETDOCKER_RUN_ROOT=$dir/run bash -c "pocketdocker import '$E2E_HOME/rootfs.tar' '$IMAGE' >/dev/null && pocketdocker run --rm '$IMAGE' true" 2>&1) || status=$?
        kill "$(pgrep -f "pocketdockerd --root $dir/state" | head -n 1)" || true
        await 60 umount "$dir"
        rmdir "$dir"
        assert_equal "$status" 125
        assert_match "$said" "cannot map user ids: it is of type 'tmpfs'"
}
