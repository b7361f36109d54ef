#!/bin/bash
# SPDX-License-Identifier: MIT
# Each line of SECURITY.md that promises something names its tests, and each of these is in the tree and is run.
# Usage: security.sh BUILD-DIRECTORY
set -u
. "$(dirname "$0")/../lib.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
page=$root/SECURITY.md
ctest --test-dir "$1" -N >"$work/registered" || exit 1

is_run() { # is_run NAME: as one of ctest's
	grep -qE "[.: ]$1\$" "$work/registered"
}

# A test's function is defined, and is in the program's list.
is_function() { # is_function PROGRAM FUNCTION
	local file
	file=$(find "$root/tests" -name "$1.c")
	[ -n "$file" ] && grep -qE "^static void $2\(void \*\*state\)" "$file" &&
		grep -qE "^\s+(TEST|cmocka_unit_test[a-z_]*)\($2\b" "$file"
}

is_script() { # is_script NAME
	[ -n "$(find "$root/tests" -name "$1.sh")" ]
}

promises=0 references=0
while IFS= read -r line; do
	promises=$((promises + 1))
	# What stands in brackets at the line's end.
	rest=$line found=0
	while [[ $rest =~ ^(.*)\ \[([^][]*)\]$ ]]; do
		rest=${BASH_REMATCH[1]} reference=${BASH_REMATCH[2]} found=$((found + 1))
		case $reference in
			"not defended") continue ;;
			*": "*) check "'$reference' is in the tree" is_function "${reference%%: *}" "${reference#*: }" ;;
			*) check "'$reference' is in the tree" is_script "$reference" ;;
		esac
		check "'$reference' is run by ctest" is_run "${reference%%: *}"
		references=$((references + 1))
	done
	check "a test is named by: $line" [ $found -gt 0 ]
done < <(grep '^- ' "$page")

# A promise is one line, so that none is overlooked: nothing goes on in the next.
check "each promise is a line" [ -z "$(grep -E '^ +[^ ]' "$page")" ]
check "there are promises" [ $promises -gt 20 ]
for other in README.md CONTRIBUTING.md; do
	check "$other leads there" grep -qF '](SECURITY.md)' "$root/$other"
done
echo "$promises promises, $references references, $failures failures"
[ "$failures" = 0 ]
