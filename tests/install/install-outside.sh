#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs into a directory of its own, moves that, and builds and runs a program of somebody else against it, by
# pkg-config and by find_package, beside the installed tripool-capture.
# Usage: install-outside.sh BUILD-DIRECTORY
set -u
build=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d) || exit 1
capture=
trap '[ -z "$capture" ] || kill "$capture"; rm -rf "$work"' EXIT
export TRIPOOL_DIR=$work/streams
failures=0

check() { # check WHAT COMMAND...: the command must succeed
	local what=$1
	shift
	"$@" >"$work/out" 2>&1 && return
	printf 'FAILED: %s\n' "$what"
	head -c 2000 "$work/out"
	failures=$((failures + 1))
}

says() { # says TEXT COMMAND...: the command must print that
	local text=$1
	shift
	[ "$("$@" 2>&1 | tee /dev/stderr)" = "$text" ]
}

check "cmake --install" cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/usr" # nothing may know where it was installed
libdir=$(dirname "$(find "$work/usr" -name libtripool.so)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir

soname() { objdump -p "$libdir/$1.so" | awk '$1 == "SONAME" { print $2 }'; }
for library in libtripool libtripool-av; do
	check "$library: soname" says "$library.so.0" soname "$library"
	check "$library: the name that programs load" [ -e "$libdir/$library.so.0" ]
done
version=$(pkg-config --modversion tripool)
check "one version everywhere" says "$version" pkg-config --modversion tripool-av
for program in "$work"/usr/bin/*; do
	check "one version everywhere" says "$(basename "$program") $version" "$program" --version
done

"$work/usr/bin/tripool-capture" -n cam -s 128x64 -f bgra &
capture=$!

# builds OUT PACKAGE COMPILER...: with what pkg-config says of the package
builds() {
	local out=$1 package=$2
	shift 2
	# shellcheck disable=SC2046 # the flags are words
	check "pkg-config: $out is built" "$@" -Wall -Werror -o "$work/$out" $(pkg-config --cflags --libs "$package")
}
builds outside tripool gcc "$here/outside/outside.c"
builds lent tripool-av gcc "$here/outside/lent.c"
builds lent-cc tripool-av g++ -x c++ "$here/outside/lent.c" -x none

check "find_package: configures" cmake -S "$here/outside" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/usr"
check "find_package: it is this one" grep -q "^tripool_DIR:PATH=$libdir/" "$work/build/CMakeCache.txt"
check "find_package: builds" cmake --build "$work/build"

for by in "$work" "$work/build"; do
	check "$by: outside runs" says "bgra 128x64" timeout -k 1 20 "$by/outside"
	for program in lent lent-cc; do
		check "$by: $program runs" says "bgra 128x64, in place" timeout -k 1 20 "$by/$program"
	done
done

# What cannot be had is said: another version, tripool::av where libavutil's development files are not there.
mkdir "$work/wrong" "$work/none"
cp "$here"/outside/*.c "$work/wrong"
refused() { # refused TEXT: find_package must say that
	local text=$1
	rm -rf "$work/other"
	! cmake -S "$work/wrong" -B "$work/other" -DCMAKE_PREFIX_PATH="$work/usr" >"$work/said" 2>&1 &&
		tr -s ' \n' ' ' <"$work/said" | grep -F "$text"
}
sed 's/tripool 0[.]1/tripool 0.0/' "$here/outside/CMakeLists.txt" >"$work/wrong/CMakeLists.txt"
check "find_package: not another version" refused 'requested version "0.0"'
cp "$here/outside/CMakeLists.txt" "$work/wrong"
export PKG_CONFIG_LIBDIR=$work/none
check "find_package: not without libavutil" refused 'libavutil-dev'

[ $failures = 0 ]
