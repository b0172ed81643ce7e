#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [WORD]...: every bus test by hand, as TAP, or those whose sentence has the words.
# POCKETDOCKER_FAKE_DAEMON is the program under test, by default the one of build/.
here=$(dirname "$0")
status=0
for file in contract methods polkit peers; do
        /usr/bin/python3 "$here/$file.py" "$@" || status=1
done
exit $status
