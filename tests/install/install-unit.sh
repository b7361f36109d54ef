#!/bin/bash
# SPDX-License-Identifier: MIT
# The unit for systemd is sound, and its command line opens the stream of the instance's name. A user's manager needs a
# system that was booted by systemd, so the command line is read here as systemd.service(5) tells.
# Usage: install-unit.sh BUILD-DIRECTORY
set -u
work=$(mktemp -d) || exit 1
capture=
trap '[ -z "$capture" ] || kill "$capture"; rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work/run HOME=$work
unset TRIPOOL_DIR
mkdir -m 0700 "$XDG_RUNTIME_DIR"
failures=0

if ! command -v systemd-analyze >/dev/null; then
	echo "skipped: systemd-analyze is not installed"
	exit 77
fi
cmake --install "$1" --prefix "$work/usr" >"$work/installed" || exit 1
unit=$work/usr/lib/systemd/user/tripool-capture@.service

value() { # value KEY
	sed -n "s/^$1=//p" "$unit"
}

fail() {
	printf 'FAILED: %s\n' "$1"
	failures=$((failures + 1))
}

# systemd must find the program, which is not on its path.
mkdir "$work/units"
sed "s#^ExecStart=#&$work/usr/bin/#" "$unit" >"$work/units/tripool-capture@cam.service"
systemd-analyze --user --man=no verify "$work/units/tripool-capture@cam.service" >"$work/out" 2>&1 || fail "verify: status"
if [ -s "$work/out" ]; then
	fail "verify: remarks"
	cat "$work/out"
fi

# opens NAME SOURCE OPTIONS JSON: an instance of that name, with these lines in its file, does what JSON says.
opens() {
	# shellcheck disable=SC2034 # SOURCE is for eval
	local name=$1 SOURCE=$2 OPTIONS=$3 line
	# ${SOURCE} is one word, whatever is in it; $OPTIONS is split, and its quotes are heeded.
	line=$(value ExecStart | sed "s/%i/$name/g; s/\${SOURCE}/\"&\"/")
	# shellcheck disable=SC2016 # the words as they stand in the unit
	line=${line/'$OPTIONS'/$OPTIONS}
	rm -f "$work/json"
	eval "exec \"\$work/usr/bin/\"${line}" >"$work/json" 2>"$work/err" &
	capture=$!
	for ((i = 0; i < 200; i++)); do
		[ -S "$XDG_RUNTIME_DIR/$(value RuntimeDirectory)/$name.sock" ] && break
		sleep 0.02
	done
	[ $i -lt 200 ] || fail "$name: no stream in the runtime directory"
	kill -TERM "$capture"
	wait "$capture" || fail "$name: a stop is a failure"
	capture=
	[ -s "$work/json" ] && jq -e "$4" "$work/json" >/dev/null && return
	fail "$name: not $4"
	cat "$work/json" "$work/err"
}

opens cam pattern '--json' '.stream == "cam" and .source == "test pattern bars" and .width == 1280'
opens front-2 pattern:box '--json --size 128x64 -f bgra' '.stream == "front-2" and .source == "test pattern box" and .width == 128'

# Where the file says nothing of a source, it is the first camera: here there may be one or none.
case "$(value Environment) " in
	*'SOURCE=camera '*) ;;
	*) fail "SOURCE has no default, and would be an empty word" ;;
esac

# Instances share the directory: systemd must not remove it with the first that ends.
[ "$(value RuntimeDirectoryPreserve)" = yes ] || fail "the directory of streams goes with one instance"

# A wrong option is no reason to try again.
"$work/usr/bin/tripool-capture" --size tiny 2>/dev/null
status=$?
[ "$(value RestartPreventExitStatus)" = $status ] || fail "wrong usage is tried again"

[ $failures = 0 ]
