#!/bin/bash
# SPDX-License-Identifier: MIT
# The menu's entry is sound, and what it names is there.
# Usage: install-desktop.sh BUILD-DIRECTORY
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
share=$work/usr/share
entry=$share/applications/tripool-view.desktop
failures=0

check() { # check WHAT COMMAND...: the command must succeed
	local what=$1
	shift
	"$@" >"$work/out" 2>&1 && return
	printf 'FAILED: %s\n' "$what"
	head -c 2000 "$work/out"
	failures=$((failures + 1))
}

value() { # value KEY
	sed -n "s/^$1=//p" "$entry"
}

if ! command -v desktop-file-validate >/dev/null; then
	echo "skipped: desktop-file-validate is not installed"
	exit 77
fi
cmake --install "$1" --prefix "$work/usr" >"$work/installed" || exit 1

check "the entry is sound" desktop-file-validate --warn-kde "$entry"
check "it validates without a remark" [ ! -s "$work/out" ]
# shellcheck disable=SC2046 # the command is words
check "its command is known to the program" env "PATH=$work/usr/bin" $(value Exec) --version
# SDL names a window's class after the program, and desktops find a window's entry by that.
check "its file is named after the window's class" [ "$(value StartupWMClass).desktop" = "$(basename "$entry")" ]
check "the program has that name" [ -x "$work/usr/bin/$(value StartupWMClass)" ]

icons=$share/icons/hicolor
png=$icons/64x64/apps/$(value Icon).png
check "the icon of 64 pixels has 64" [ "$(od -An -tu1 -j16 -N8 "$png" | tr -s ' ')" = ' 0 0 0 64 0 0 0 64' ]
check "the icon for every size" grep -q '<svg .*viewBox=' "$icons/scalable/apps/$(value Icon).svg"

[ $failures = 0 ]
