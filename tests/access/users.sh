#!/bin/bash
# SPDX-License-Identifier: MIT
# The programs, as several users and in a sandbox: --mode and --group open a stream to whom they say, the others are told,
# and a process that has the socket and nothing else can view. Needs root.
# Usage: users.sh BUILD-DIRECTORY
set -u
[ "$(id -u)" = 0 ] || { echo "users.sh: not root: cannot be several users" >&2; exit 77; }
. "$(dirname "$0")/../lib.sh"
owner=64041 group=games
games=$(getent group $group | cut -d: -f3)
chmod 755 "$work"

# Where everybody can run them, wherever the build directory is.
mkdir "$work/bin"
cp "$1/producer/tripool-capture" "$1/consumer/record/tripool-record" "$1/consumer/stat/tripool-stat" "$work/bin" || exit 1

as() { # as UID GID OTHER-GID COMMAND...
	local other=(--clear-groups)
	[ "$3" = - ] || other=(--groups "$3")
	setpriv --reuid "$1" --regid "$2" "${other[@]}" "${@:4}"
}

producer=
open_stream() { # open_stream DIRECTORY-MODE OPTION...
	mkdir -m "$1" "$TRIPOOL_DIR" && chown $owner:$owner "$TRIPOOL_DIR"
	# exec: the producer itself is to get the signal
	(as $owner $owner "$games" "$work/bin/tripool-capture" -q -n t -s 128x64 "${@:2}" 2>"$work/capture.err") &
	producer=$!
	check "$*: opens" wait_for test -S "$TRIPOOL_DIR/t.sock"
}

close_stream() {
	end_producer
	wait "$producer"
	check "the producer ends well: $?" [ $? = 0 ]
	check "nothing is left" rmdir "$TRIPOOL_DIR"
}

end_producer() { # what runs in the subshell, by its pid in the lock file
	kill "$(cat "$TRIPOOL_DIR/t.lock")"
}

views() { # views WHO UID GID OTHER-GID
	cases=$((cases + 1))
	as "${@:2}" timeout -k 1 60 "$work/bin/tripool-record" t - --frames 2 -q >"$work/out" 2>"$work/err" </dev/null
	check "$1 records: $?" [ $? = 0 -a -s "$work/out" ]
	as "${@:2}" timeout -k 1 60 "$work/bin/tripool-stat" t --once >"$work/out" 2>"$work/err" </dev/null
	check "$1 asks: $?" grep -q 'nv12 128x64' "$work/out"
}

is_refused() { # is_refused WORDS WHO UID GID OTHER-GID
	cases=$((cases + 1))
	as "${@:3}" timeout -k 1 60 "$work/bin/tripool-record" t - --frames 2 -q >"$work/out" 2>"$work/err" </dev/null
	check "$2 is refused: $?" [ $? = 1 -a ! -s "$work/out" ]
	check "$2 is told \"$1\"" grep -qF "$1" "$work/err"
	as "${@:3}" timeout -k 1 60 "$work/bin/tripool-stat" t --once >"$work/out" 2>"$work/err" </dev/null
	check "$2 may not ask: $?" [ $? = 1 ]
	check "$2 is told by tripool-stat" grep -qF "not open to this user" "$work/out" "$work/err"
}

closed="stream 't' is not open to this user (see the producer's --mode and --group)"
elsewhere="the directory of streams is not open to this user"
owner_is=("the owner" $owner $owner -)
mate_is=("another of its group" 64042 $owner -)
member_is=("one of the group" 64043 64043 "$games")
other_is=("another user" 64044 64044 -)

open_stream 755
views "${owner_is[@]}"
is_refused "$closed" "${mate_is[@]}"
is_refused "$closed" "${other_is[@]}"
close_stream
open_stream 755 --mode 0660
views "${mate_is[@]}"
is_refused "$closed" "${member_is[@]}"
close_stream
open_stream 755 --mode 0660 --group $group
views "${member_is[@]}"
is_refused "$closed" "${mate_is[@]}"
is_refused "$closed" "${other_is[@]}"
close_stream
open_stream 755 --mode 0666
views "${other_is[@]}"
close_stream
open_stream 755 --mode 0644
is_refused "$closed" "${other_is[@]}"
close_stream
open_stream 700 --mode 0666
views "${owner_is[@]}"
is_refused "$elsewhere" "${other_is[@]}"
close_stream

# A group that is not its own.
mkdir -m 755 "$TRIPOOL_DIR" && chown $owner:$owner "$TRIPOOL_DIR"
cases=$((cases + 1))
as $owner $owner - timeout -k 1 60 "$work/bin/tripool-capture" -n t --group $group 2>"$work/err"
check "a group that is not its own: $?" [ $? = 1 ]
check "a group that is not its own is told" grep -q "cannot give the socket 't.sock' mode 600 and group $group" "$work/err"
check "nothing is left" rmdir "$TRIPOOL_DIR"

# Another user in a sandbox: the programs' libraries, the socket, and no /proc, /dev or anything else.
sandbox() { # sandbox PROGRAM ARGUMENT...: what unshare runs
	local root=$1 directory
	shift
	mount -t tmpfs none "$root" || exit 99
	for directory in /usr /bin /lib /lib64; do
		mkdir -p "$root$directory" && mount --bind "$directory" "$root$directory" || exit 99
	done
	mkdir "$root/p" "$root/s" && touch "$root/s/t.sock" && mount --bind "$work/bin" "$root/p" &&
		mount --bind "$work/streams/t.sock" "$root/s/t.sock" || exit 99
	TRIPOOL_DIR=/s exec chroot "$root" "$@"
}
skipped=
if ! as 64045 64045 - unshare --user true 2>/dev/null; then
	echo "users.sh: no sandbox: users can have no namespaces here (in a chroot they cannot)"
	skipped=yes
elif nm -D "$1/consumer/stat/tripool-stat" | grep -q __asan_init; then
	echo "sanitizers need /proc: the programs are not tried without" # the library is, in test-sandbox
else
	export -f sandbox
	export work
	mkdir -m 755 "$work/root"
	open_stream 711 --mode 0666
	for arguments in "/p/tripool-stat t --once" "/p/tripool-record t - --frames 2 -q"; do
		cases=$((cases + 1))
		# shellcheck disable=SC2086
		as 64045 64045 - timeout -k 1 60 unshare --user --map-root-user --mount --pid --fork \
			bash -c 'sandbox "$0" "$@"' "$work/root" $arguments >"$work/out" 2>"$work/err" </dev/null
		check "in a sandbox: $arguments: $?" [ $? = 0 -a -s "$work/out" ]
	done
	close_stream
fi

echo "$cases cases, $failures failures"
[ "$failures" = 0 ] || exit 1
[ -z "$skipped" ] || exit 77
