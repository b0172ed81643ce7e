#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [--tier NAME]...: installs what testing needs on Debian 12 or 13, builds, and runs every tier of tests, or
# those that are named. A line per tier; the last line is the sum over all of them. Exit status 0 only if nothing
# failed and each tier ran something.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
. tests/packages.bash

# vm-bookworm and vm-trixie are called by name until they pass whole, every time, and within the time of the others.
all_tiers=(walls unit fuzz hostile bus e2e e2e-bus valgrind clang builds sanitize chaos)
tiers=()
while [ $# -gt 0 ]; do
        case $1 in
        --tier) tiers+=("${2:?--tier needs a name}"); shift 2 ;;
        *) echo "usage: run.sh [--tier NAME]...  (${all_tiers[*]})" >&2; exit 2 ;;
        esac
done
[ ${#tiers[@]} -gt 0 ] || tiers=("${all_tiers[@]}")

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive CMOCKA_MESSAGE_OUTPUT=TAP
unset POCKETDOCKER_ROOT POCKETDOCKER_RUN_ROOT POCKETDOCKER_ADDRESS DBUS_SYSTEM_BUS_ADDRESS
logs=$root/build/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0

# report TIER "P F S" SECONDS: adds to the sum and prints the tier's line. A tier that ran nothing has failed.
report() {
        local p f s
        read -r p f s <<<"$2"
        if [ $((p + f + s)) -eq 0 ]; then
                echo "  FAILED: tier '$1' ran no test" >&2
                f=1
        fi
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        printf '%-12s %4d passed, %d failed, %d skipped (%d s)\n' "$1" "$p" "$f" "$s" "$3"
}

# add "P F S" "P F S": the sum of two counts.
add() {
        local a b c d e f
        read -r a b c <<<"$1"
        read -r d e f <<<"$2"
        echo $((a + d)) $((b + e)) $((c + f))
}

# build DIR COMPILER [MESON OPTION]...
build() {
        local dir=$1 compiler=$2
        shift 2
        if [ ! -e "$dir/build.ninja" ]; then
                CC=$compiler meson setup --fatal-meson-warnings --werror "$dir" "$@" >"$logs/setup-${dir##*/}.log" 2>&1 ||
                        { tail -n 40 "$logs/setup-${dir##*/}.log" >&2; return 1; }
        fi
        ninja -C "$dir" >"$logs/${dir##*/}.log" 2>&1 || { grep -A 12 -E 'FAILED|error' "$logs/${dir##*/}.log" | head -n 80 >&2; return 1; }
}

# check COMMAND...: one case that passes by its exit status and is told by its output.
check() {
        local output
        if output=$("$@" 2>&1); then
                echo 1 0 0
        else
                printf '  FAILED: %s\n%s\n' "$*" "$output" >&2
                echo 0 1 0
        fi
}

# meson_suite BUILD SUITE [OPTION]...: one suite of meson's tests, counted by case.
meson_suite() {
        local build=$1 suite=$2
        shift 2
        rm -f "$build/meson-logs/$suite-log"*.json
        meson test -C "$build" --no-rebuild --suite "$suite" --logbase "$suite-log" --timeout-multiplier 4 "$@" >"$logs/${build##*/}-$suite.log" 2>&1
        # With a wrapper its name is in the log's. No log: the suite has no test.
        local json
        json=$(compgen -G "$build/meson-logs/$suite-log*.json")
        if [ -n "$json" ]; then
                tests/tally meson "$json"
        else
                echo 0 0 0
        fi
}

# e2e BUILD MODE [FILE]...: Bats files against the programs in BUILD.
e2e() {
        local build=$1 mode=$2 log=$logs/e2e-${1##*/}-$2.tap status
        shift 2
        [ "$mode" = embedded ] || set -- --filter-tags '!embedded' "${@:-tests/e2e}"
        POCKETDOCKER_BUILD=$build POCKETDOCKER_E2E_MODE=$mode bats --formatter tap "${@:-tests/e2e}" >"$log" 2>&1 </dev/null
        status=$?
        tests/tally tap "$log" $status
}

tier_walls() {
        local sum
        sum=$(check tests/walls/check-layers)
        sum=$(add "$sum" "$(check tests/walls/check-style)")
        sum=$(add "$sum" "$(check tests/walls/check-bus-files)")
        sum=$(add "$sum" "$(check tests/walls/check-man-dbus)")
        sum=$(add "$sum" "$(check tests/walls/check-man-cli "$root/build/pocketdocker")")
        sum=$(add "$sum" "$(check tests/walls/check-cli-libraries "$root/build/pocketdocker" "$root/build/pocketdocker-cli")")
        add "$sum" "$(check tests/walls/check-child-symbols "$root/build")"
}

tier_unit() { meson_suite "$root/build" unit; }
tier_fuzz() { meson_suite "$root/build" fuzz; }
tier_hostile() { meson_suite "$root/build" hostile; }
tier_bus() { meson_suite "$root/build" bus; }
tier_e2e() { e2e "$root/build" embedded; }
tier_e2e-bus() { e2e "$root/build" private-bus; }

tier_valgrind() {
        meson_suite "$root/build" unit --timeout-multiplier 20 \
                --wrapper 'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite'
}

tier_clang() {
        if ! build "$root/build-clang" clang; then
                echo 0 1 0
                return
        fi
        add "1 0 0" "$(meson_suite "$root/build-clang" unit)"
}

# What others build: without optimising, with all of it, and with every option off.
tier_builds() {
        local sum=0\ 0\ 0
        sum=$(add "$sum" "$(check build "$root/build-release" gcc --buildtype=release)")
        sum=$(add "$sum" "$(check build "$root/build-plain" clang --buildtype=plain -Dc_args=-O0)")
        add "$sum" "$(check build "$root/build-minimal" gcc -Dtests=false -Dmusl=disabled -Disal=disabled)"
}

tier_sanitize() {
        local sum="1 0 0" suite
        if ! build "$root/build-sanitize" gcc -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all; then
                echo 0 1 0
                return
        fi
        rm -f "$root/build-sanitize"/sanitizer.[0-9]* # of a run that was ended before it had told them
        for suite in unit hostile bus; do
                sum=$(add "$sum" "$(meson_suite "$root/build-sanitize" "$suite" --timeout-multiplier 5)")
        done
        # The monitor is not the static one of musl, which has no sanitizers: it is built for glibc here, and all of it is
        # watched, up to the workload's execve.
        add "$sum" "$(e2e "$root/build-sanitize" embedded)"
}

# Random steps, here always the same ones (by hand each run draws its seed), and how often services answer whose daemon
# is killed again and again.
tier_chaos() {
        local sum=0\ 0\ 0 name status
        for name in chaos availability; do
                status=0
                /usr/bin/python3 "tests/chaos/$name.py" --seed 3 --minutes 2 --build "$root/build" >"$logs/$name.tap" 2>&1 </dev/null || status=$?
                sum=$(add "$sum" "$(tests/tally tap "$logs/$name.tap" $status)")
                grep -E '^(not )?ok' "$logs/$name.tap" | sed 's/^/  /' >&2
        done
        echo "$sum"
}

# vm SUITE: the whole on a machine that stays up, then what only one shows that goes down.
vm() { add "$(tests/vm/run-suite "$1" "$logs")" "$(tests/vm/reboot-suite "$1" "$logs")"; }

tier_vm-bookworm() { vm bookworm; }
tier_vm-trixie() { vm trixie; }

install_missing "${build_packages[@]}" "${test_packages[@]}" || { echo "0 passed, 1 failed"; exit 1; }
if ! build "$root/build" gcc; then
        echo "The build failed." >&2
        echo "0 passed, 1 failed"
        exit 1
fi
for tier in "${tiers[@]}"; do
        if ! declare -F "tier_$tier" >/dev/null; then
                echo "run.sh: no tier '$tier'; there are ${all_tiers[*]}" >&2
                exit 2
        fi
        started=$SECONDS
        result=$("tier_$tier")
        report "$tier" "$result" $((SECONDS - started))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
