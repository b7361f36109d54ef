#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian packages: all that is installed is in one of them, in the right one, and they depend on what they need.
# Usage: install-packages.sh BUILD-DIRECTORY
set -u
build=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

for tool in dpkg-deb dpkg-shlibdeps file scdoc; do
	command -v "$tool" >/dev/null && continue
	echo "skipped: $tool is not installed"
	exit 77
done

fail() {
	printf 'FAILED: %s\n' "$1"
	failures=$((failures + 1))
}

cpack --config "$build/CPackConfig.cmake" -B "$work" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
version=$("$build/producer/tripool-capture" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)

of() { # of PACKAGE: its file
	echo "$work/$1_${version}_$architecture.deb"
}

contents() { # contents PACKAGE: files and links, without directories
	dpkg-deb --fsys-tarfile "$(of "$1")" | tar -t | grep -v '/$' | sed 's#^[.]/usr/##' | sort
}

field() { # field PACKAGE NAME
	dpkg-deb -f "$(of "$1")" "$2"
}

# has PACKAGE PATTERN...: its files, documentation left out, each of one of these patterns and each pattern met.
has() {
	local package=$1 path pattern met
	shift
	contents "$package" >"$work/contents"
	for path in copyright changelog.gz; do
		grep -qx "share/doc/$package/$path" "$work/contents" || fail "$package has no $path"
	done
	for pattern in "$@"; do
		grep -qxE "$pattern" "$work/contents" || fail "$package has no $pattern"
	done
	while read -r path; do
		met=
		for pattern in "share/doc/$package/.*" "$@"; do
			[[ ! $path =~ ^($pattern)$ ]] || met=yes
		done
		[ -n "$met" ] || fail "$package has $path"
	done <"$work/contents"
}

cmake --install "$build" --prefix "$work/usr" >"$work/installed" || exit 1
mapfile -t programs < <(ls "$work/usr/bin")
pages=("${programs[@]/%/[.]1[.]gz}")
library="lib/$(gcc -print-multiarch)"
has libtripool0 "$library"/libtripool{,-av}"[.]so[.]0" "$library"/libtripool{,-av}"[.]so[.]$version"
has libtripool-dev "$library"/libtripool{,-av}[.]so include/tripool{,_av,_report}[.]h \
	"$library"/pkgconfig/tripool{,-av}[.]pc "$library"/cmake/tripool/tripool-{config,targets,av-targets}'.*[.]cmake' \
	share/man/man3/libtripool{,-av}[.]3[.]gz
has tripool-tools 'share/applications/tripool-view[.]desktop' 'share/icons/hicolor/[^/]*/apps/tripool[.](svg|png)' \
	share/zsh/vendor-completions/_tripool lib/systemd/user/tripool-capture@.service \
	"${programs[@]/#/bin/}" "${pages[@]/#/share/man/man1/}" "${programs[@]/#/share/bash-completion/completions/}"

contents libtripool0 | grep -qx share/doc/libtripool0/SECURITY.md || fail "libtripool0 has no SECURITY.md"

# What cmake --install installs, and no more; zsh's file has another place there.
(cd "$work/usr" && find . ! -type d | sed 's#^[.]/##; s#zsh/site-functions#zsh/vendor-completions#' | sort) >"$work/all"
for package in libtripool0 libtripool-dev tripool-tools; do
	contents "$package" | grep -v "^share/doc/$package/"
done | sort >"$work/packed"
cmp -s "$work/all" "$work/packed" || fail "installed (<) and packed (>) differ: $(diff "$work/all" "$work/packed")"

depends() { # depends PACKAGE PATTERN: on a package that is called like that
	field "$1" Depends | tr ',' '\n' | sed 's/^ *//' | grep -qxE "$2" || fail "$1 does not depend on $2"
}

depends libtripool-dev "libtripool0 \(= $version\)"
depends libtripool-dev libavutil-dev # tripool_av.h includes it
depends libtripool0 'libavutil[0-9]+ .*'
depends libtripool0 'libisal[0-9]+ .*'
depends libtripool0 'libc6 .*'
depends tripool-tools 'libsdl2-ttf-2.0-0 .*'
depends tripool-tools 'libv4lconvert0 .*'
depends tripool-tools 'libavformat[0-9]+ .*'
depends tripool-tools fonts-dejavu-core
for name in libtripool libtripool-av; do
	dpkg-deb -I "$(of libtripool0)" shlibs | grep -qxF "$name 0 libtripool0 (>= $version)" ||
		fail "programs of others that use $name would not depend on libtripool0"
done
for package in libtripool0 libtripool-dev tripool-tools; do
	[ "$(field $package Version)" = "$version" ] || fail "$package: version"
	[ "$(field $package Architecture)" = "$architecture" ] || fail "$package: architecture"
done

# CPack calls ldconfig in its own way; the changelog is the project's; nobody's address is in the packages.
known=lacks-ldconfig-trigger,maintscript-calls-ldconfig,syntax-error-in-debian-changelog,bogus-mail-host
if command -v lintian >/dev/null; then
	lintian --fail-on error,warning --suppress-tags "$known" "$work"/*.deb >"$work/log" 2>&1 ||
		fail "lintian: $(cat "$work/log")"
fi

[ $failures = 0 ]
