#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

setup_file() { setup_engine; }
teardown_file() { teardown_engine; }
teardown() { teardown_test; }

manager() { bus call -- org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager "$@"; }
container() { bus call -- org.pocketdocker.Manager "/org/pocketdocker/container/$(field "$1" .Id)" org.pocketdocker.Container "${@:2}"; }

@test "RunContainer starts a container and returns its object" {
        run -0 manager RunContainer 'sa{sv}' "$IMAGE" 3 name s bused command as 3 sh -c 'exit 3' env as 1 A=b
        assert_match "$output" '^o "/org/pocketdocker/container/[0-9a-f]{64}"$'
        assert_equal "$(pocketdocker wait bused)" 3
}

@test "an unknown option is refused and named" {
        run -1 manager RunContainer 'sa{sv}' "$IMAGE" 1 no-such-key s x
        [[ $output == *"'no-such-key'"* ]]
        run -1 manager RunContainer 'sa{sv}' "$IMAGE" 1 name as 1 x
        [[ $output == *"'name'"* ]]
        run -1 manager ListContainers 'a{sv}' 1 no-such-filter as 1 x
        [[ $output == *"'no-such-filter'"* ]]
        assert_equal "$(pocketdocker ps -aq)" ""
}

@test "a repeated request-id returns the first container" {
        run -0 manager CreateContainer 'sa{sv}' "$IMAGE" 2 request-id s once command as 1 true
        local first=$output
        run -0 manager CreateContainer 'sa{sv}' "$IMAGE" 2 request-id s once command as 1 true
        assert_equal "$output" "$first"
        assert_equal "$(pocketdocker ps -aq | wc -l)" 1
}

@test "Start, Stop, Wait, Rename, Kill and Remove work by object" {
        pocketdocker create --name c "$IMAGE" sh -c 'trap "exit 4" TERM; echo ready; while :; do sleep 3600 & wait $!; done'
        run -0 container c Start 'a{sv}' 0
        run -0 container c Start 'a{sv}' 0
        await 30 logged c ready
        run -0 container c Stop 'a{sv}' 0
        run -0 container c Wait 'a{sv}' 0
        assert_equal "$output" "i 4"
        run -0 container c Rename s d
        run -1 container d Kill s TERM
        [[ $output == *"'d'"* ]]
        run -0 container d Start 'a{sv}' 0
        run -1 container d Remove 'a{sv}' 0
        run -0 container d Remove 'a{sv}' 1 force b true
        assert_nothing_left
}

@test "errors have names that scripts can act on" {
        run ! bus call --json=short org.pocketdocker.Manager /org/pocketdocker/Manager org.pocketdocker.Manager GetContainer s nowhere
        [[ $output == *"'nowhere'"* ]]
        run ! bus call org.pocketdocker.Manager /org/pocketdocker/container/0000000000000000000000000000000000000000000000000000000000000000 \
                org.pocketdocker.Container Start 'a{sv}' 0
        [ -n "$output" ]
}

@test "what everybody may see is in GetAll, the rest is not" {
        pocketdocker create --name c -e SECRET=hidden "$IMAGE" true
        local path
        path=/org/pocketdocker/container/$(field c .Id)
        run -0 bus call org.pocketdocker.Manager "$path" org.freedesktop.DBus.Properties GetAll s org.pocketdocker.Container
        [[ $output == *'"Name" s "c"'* && $output == *'"State" s "created"'* ]]
        [[ $output != *hidden* && $output != *Environment* && $output != *Labels* && $output != *'"Pid"'* ]]
        run -0 bus get-property org.pocketdocker.Manager "$path" org.pocketdocker.Container Environment
        [[ $output == *SECRET=hidden* ]]
        run -0 bus call org.pocketdocker.Manager /org/pocketdocker org.freedesktop.DBus.ObjectManager GetManagedObjects
        [[ $output == *"$path"* && $output != *hidden* ]]
}

@test "the interfaces are those of the documented XML" {
        pocketdocker create --name c "$IMAGE" true
        [ -d "$E2E_SOURCE/../../dbus" ] || skip "the guest has no source tree; the bus tier compares them"
        local interface path
        for interface in Manager Container Image; do
                case $interface in
                Manager) path=/org/pocketdocker/Manager ;;
                Container) path=/org/pocketdocker/container/$(field c .Id) ;;
                Image) path=/org/pocketdocker/image/$(pocketdocker inspect "$IMAGE" | jq -r '.[0].Id' | sed 's/^sha256://') ;;
                esac
                bus call --json=short org.pocketdocker.Manager "$path" org.freedesktop.DBus.Introspectable Introspect |
                        jq -r '.data[0]' >"$BATS_TEST_TMPDIR/$interface.xml"
                /usr/bin/python3 - "$BATS_TEST_TMPDIR/$interface.xml" "$E2E_SOURCE/../../dbus/org.pocketdocker.$interface.xml" "org.pocketdocker.$interface" <<'PY'
import sys
import xml.etree.ElementTree as ET


def members(path, name):
    node = next(i for i in ET.parse(path).getroot().iter("interface") if i.get("name") == name)
    found = set()
    for member in node:
        if member.tag in ("method", "signal"):
            found.add((member.tag, member.get("name")) + tuple(
                (a.get("name"), a.get("type"), a.get("direction", "in" if member.tag == "method" else "out")) for a in member.iter("arg")))
        elif member.tag == "property":
            found.add((member.tag, member.get("name"), member.get("type"), member.get("access")))
    return found


live, documented = members(sys.argv[1], sys.argv[3]), members(sys.argv[2], sys.argv[3])
for member in sorted(live ^ documented, key=str):
    print("only", "live" if member in live else "documented", member)
sys.exit(live != documented)
PY
        done
}

@test "an archive given as a descriptor becomes an image, its operation tells the end" {
        /usr/bin/python3 -c 'import gi' 2>/dev/null || skip "python3-gi is not installed here"
        run -0 /usr/bin/python3 - "$(bus_address)" "$E2E_HOME/rootfs.tar" <<'PY'
import sys
from gi.repository import Gio, GLib

flags = Gio.DBusConnectionFlags
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
fds = Gio.UnixFDList.new()
with open(sys.argv[2], "rb") as archive:
    index = fds.append(archive.fileno())
result, _ = bus.call_with_unix_fd_list_sync("org.pocketdocker.Manager", "/org/pocketdocker/Manager", "org.pocketdocker.Manager",
    "ImportImage", GLib.Variant("(hsa{sv})", (index, "by-fd:1", {})), None, 0, -1, fds, None)
operation = result.unpack()[0]
print(operation)
result = bus.call_sync("org.pocketdocker.Manager", operation, "org.pocketdocker.Operation", "Wait", None, None, 0, -1, None)
print(result.unpack()[0])
PY
        assert_match "${lines[0]}" '^/org/pocketdocker/operation/[0-9]+$'
        assert_equal "${lines[1]}" "$(pocketdocker inspect "$IMAGE" | jq -r '.[0].Id' | sed 's/^sha256://')"
        run -0 pocketdocker rmi by-fd:1
}
