#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A machine whose power was cut in the middle of a pull, and that has booted. The file `acknowledged` says which images and
# which layers had come before.
load frame

setup_file() {
        "$BATS_TEST_DIRNAME/registry.py" "$STATE/test-rootfs.tar" 3>&- >/dev/ttyS0 2>&1 &
        echo $! >"$BATS_FILE_TMPDIR/pid"
        export HOST=127.0.0.1:5055
        await 60 bash -c "exec 9<>/dev/tcp/${HOST/://}"
}

teardown_file() { kill "$(cat "$BATS_FILE_TMPDIR/pid")"; }

acknowledged() { sed -n "s/^$1 //p" acknowledged; }

@test "the service was started by the boot after a cut pull, on a database that is whole" {
        assert_started_at_boot
        assert_whole
}

@test "an image whose pull was acknowledged before a power cut is there, and works" {
        assert_equal "$(acknowledged image)" "$HOST/whole:1"
        run -0 pocketdocker run --rm --pull never "$HOST/whole:1" sha256sum /whole.bin
        assert_equal "${output%% *}" "$(python3 -c 'import hashlib
print(hashlib.sha256(hashlib.shake_128(b"whole").digest(300_000)).hexdigest())')"
}

@test "an image whose pull a power cut ended is not there, nor is a half of it" {
        run -1 pocketdocker inspect --type image "$HOST/held:1"
        assert_equal "$(find "$STATE/images/staging" -mindepth 1)" ""
        await 120 trash_is_empty
}

@test "the pull goes on from the layers that were whole before a power cut" {
        local digest log
        assert_equal "$(acknowledged layer | wc -l)" 3
        run -0 pocketdocker pull "$HOST/held:1"
        assert_equal "$(grep -c 'Already exists' <<<"$output")" 3
        log=$(python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode())' "http://$HOST/log")
        for digest in $(acknowledged layer); do
                [[ $log != *"$digest"* ]] || fail_with "$digest was fetched again: $log"
        done
        run -0 pocketdocker run --rm "$HOST/held:1" sha256sum /one.bin /two.bin /three.bin
        assert_equal "$output" "$(python3 -c 'import hashlib
for name in ("one", "two", "three"):
    print(hashlib.sha256(hashlib.shake_128(name.encode()).digest(300_000)).hexdigest() + f"  /{name}.bin")')"
        run -0 pocketdocker rmi "$HOST/held:1" "$HOST/whole:1"
}
