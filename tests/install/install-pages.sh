#!/bin/bash
# SPDX-License-Identifier: MIT
# The manual pages are sound, and tell of each option, key and function that there is and of no other.
# Usage: install-pages.sh BUILD-DIRECTORY
set -u
build=$1
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

for tool in scdoc man; do
	command -v "$tool" >/dev/null && continue
	echo "skipped: $tool is not installed"
	exit 77
done

same() { # same WHAT: $work/is and $work/page hold the same lines
	sort -u "$work/is" >"$work/is.sorted"
	sort -u "$work/page" >"$work/page.sorted"
	[ -s "$work/is" ] && cmp -s "$work/is.sorted" "$work/page.sorted" && return
	echo "FAILED: $1 (< there is, > the page tells of)"
	diff "$work/is.sorted" "$work/page.sorted"
	failures=$((failures + 1))
}

section() { # section PAGE NAME: as it stands in the source
	awk -v name="# $2" '/^# / { inside = $0 == name; next } inside' "$source/assets/man/$1.scd"
}

cmake --install "$build" --prefix "$work/usr" >"$work/installed" || exit 1
mapfile -t programs < <(ls "$work/usr/bin")
for page in "${programs[@]/%/.1}" libtripool.3 libtripool-av.3; do
	file=$work/usr/share/man/man${page##*.}/$page.gz
	LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$file" >"$work/text" 2>"$work/warnings"
	[ -s "$work/text" ] && [ ! -s "$work/warnings" ] && continue
	echo "FAILED: $page is not sound"
	head -c 2000 "$work/warnings"
	failures=$((failures + 1))
done

# "  -n, --name NAME   text" stands in the page as "*-n*, *--name* _NAME_". What an option takes is told as well.
for program in "${programs[@]}"; do
	"$work/usr/bin/$program" --help | grep -oE '^ +(-[a-zA-Z:]+, )?--[a-z-]+( [^ ]+)?' | sed 's/^ *//' >"$work/is"
	section "$program.1" OPTIONS | grep -E '^\*-' | tr -d '*_' >"$work/page"
	same "$program.1: options"
done

"$work/usr/bin/tripool-capture" --help | sed -n '/^SOURCE is/,/^$/s/^  \([^ ]\{1,\}\).*/\1/p' >"$work/is"
section tripool-capture.1 DESCRIPTION | grep '^\*' | tr -d '*_' >"$work/page"
same "tripool-capture.1: sources"

sed -n '/keys\[\] = {/,/^};/s/^ *{"\(.*\)", ".*/\1/p' "$source/consumer/help.c" >"$work/is"
section tripool-view.1 KEYS | grep '^\*' | tr -d '*' >"$work/page"
same "tripool-view.1: keys"

for library in tripool tripool-av; do
	page=lib$library.3
	headers=("$source/common/${library/-/_}.h")
	[ $library != tripool ] || headers+=("$source/common/tripool_report.h")
	sed '/^ \*/d' "${headers[@]}" | grep -oE '\btripool_[a-z0-9_]+\(' | tr -d '(' >"$work/is"
	section $page DESCRIPTION | grep -oE '^\*tripool_.*' | grep -oE 'tripool_[a-z0-9_]+' >"$work/page"
	same "$page: functions"

	section $page EXAMPLE | awk '/^```/ { inside = !inside; next } inside' | sed 's/\\\\/\\/g' >"$work/example.c"
	gcc -std=c11 -Wall -Wextra -Werror -fsyntax-only -I"$source/common" "$work/example.c" && continue
	echo "FAILED: $page: the example"
	failures=$((failures + 1))
done

[ $failures = 0 ]
