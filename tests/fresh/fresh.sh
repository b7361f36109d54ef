#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fresh.sh [JOB...]: does jobs of ./run (by default "demo", "test quick" and "package") as the first thing ever done on
# a new, minimal Debian 12: debootstrap into a temporary directory, a clone of this repository's HEAD, chroot.
# What "package" made is then installed on another new one, without anything to build with, and the demo runs there.
#
# Takes minutes and needs root and the network, so it is no part of ./run test; ./run test fresh calls it.
# What apt needs to know of mirrors and proxies is taken from this machine. Everything happens in mount and process
# namespaces of its own: when they end, however they end, no mount and no process is left.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
suite=bookworm

die() { echo "fresh: $*" >&2; exit 1; }

# ---- Inside the namespaces -------------------------------------------------------------------------------------

mirror() {
    apt-get indextargets --format "\$(CODENAME) \$(REPO_URI)" 'Identifier: Packages' |
        awk -v suite="$suite" '$1 == suite { print $2; exit }'
}

# debootstrap fetches by wget, which does not know of apt's proxy.
take_proxy() {
    local proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [[ -z $proxy || $proxy == DIRECT ]] || export http_proxy=${http_proxy-$proxy}
}

copy_network() {
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/preferences.d /etc/apt/trusted.gpg.d \
        /etc/apt/keyrings /etc/apt/apt.conf /etc/apt/apt.conf.d /usr/share/keyrings /usr/local/share/ca-certificates \
        /etc/ssl/certs /etc/hosts; do
        [[ ! -e $file ]] || { mkdir -p "$1$(dirname "$file")" && cp -aT "$file" "$1$file"; }
    done
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    # The mirror that debootstrap wrote down is among the copied sources.
    [[ -e /etc/apt/sources.list ]] || rm -f "$1/etc/apt/sources.list"
}

mount_into() { # ROOT
    mount -t proc proc "$1/proc"
    mount -t sysfs -o ro sysfs "$1/sys"
    mount -t devpts devpts "$1/dev/pts"
    mkdir -p "$1/dev/shm"
    mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
}

in_root() { # ROOT COMMAND...
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin ${http_proxy:+http_proxy="$http_proxy"} ${CI:+CI="$CI"} \
        chroot "$@" </dev/null
}

# The demo, without a screen of any kind: that would bring libraries that the packages may have forgotten.
# shellcheck disable=SC2016 # the shell inside expands it
packaged_demo='
    tripool-capture pattern:bars -n demo -s 1280x720 -r 60 --checksum --lossless &
    SDL_VIDEODRIVER=offscreen tripool-view demo --verify --frames 60 --duration 60 --json --screenshot /root/demo.png &&
        tripool-record demo /root/demo.mkv -c:v ffv1 --frames 30 --json && kill $! && wait $!'

try_packages() { # ROOT DIRECTORY-OF-PACKAGES
    echo "== the packages"
    mkdir "$1/packages"
    cp "$2"/*.deb "$1/packages"
    in_root "$1" apt-get -qq update || die "apt-get update failed on a new $suite"
    in_root "$1" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install --yes \
        --no-install-recommends /packages/*.deb' >"$1/log" ||
        { tail -n 20 "$1/log" >&2; die "the packages cannot be installed"; }
    in_root "$1" sh -c "$packaged_demo" >"$1/summary" || die "the demo failed with what the packages installed"
    cat "$1/summary"
    [[ $(<"$1/summary") == *'"frames_shown":60,'*'"frames_torn":0,'* && -s $1/root/demo.png ]] ||
        die "the packages' demo did not show what it should"
    [[ $(<"$1/summary") == *'"frames_recorded":30,"frames_lost":0,'* && -s $1/root/demo.mkv ]] ||
        die "the packages' demo was not recorded"
    in_root "$1" sh -c \
        'apt-get -qq purge --yes libtripool0 tripool-tools >/dev/null && ! dpkg -S tripool 2>/dev/null' ||
        die "the packages cannot be removed"
}

inside() { # WORK JOB...
    local work=$1 root=$1/root uri job
    shift
    uri=$(mirror)
    [[ -n $uri ]] || die "apt's sources here name no mirror of $suite"
    take_proxy

    echo "== a new $suite"
    debootstrap --variant=minbase "$suite" "$root" "$uri" >"$work/log" 2>&1 ||
        { tail -n 20 "$work/log" >&2; die "debootstrap failed"; }
    copy_network "$root"
    [[ " $* " != *' package '* ]] || cp -a "$root" "$work/bare"
    mount_into "$root"

    # The clone may belong to somebody else, which git minds.
    git config --file "$work/gitconfig" safe.directory '*'
    GIT_CONFIG_GLOBAL=$work/gitconfig git clone --quiet "$repo" "$root/root/tripool"

    for job in "$@"; do
        echo "== ./run $job"
        # shellcheck disable=SC2086 # a job is words: "test quick"
        in_root "$root" /root/tripool/run $job || die "./run $job failed on a new $suite"
        if [[ $job == package ]]; then
            mount_into "$work/bare"
            try_packages "$work/bare" "$root/root/tripool/build/packages"
        fi
    done
    [[ ! -f $root/root/tripool/build/demo.png ]] || {
        mkdir -p "$repo/build"
        cp "$root/root/tripool/build/demo.png" "$repo/build/fresh-demo.png"
        echo "picture: $repo/build/fresh-demo.png"
    }
}

# ---- Outside ---------------------------------------------------------------------------------------------------

if [[ ${1-} == --inside ]]; then
    inside "${@:2}"
    exit
fi
[[ $# -gt 0 ]] || set -- demo 'test quick' package
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || die "needs root (debootstrap, chroot), and there is no sudo"
    exec sudo "$0" "$@"
fi
for tool in debootstrap git unshare; do
    command -v "$tool" >/dev/null || die "$tool is not installed"
done
[[ -z $(git -C "$repo" status --porcelain 2>/dev/null) ]] ||
    echo "fresh: note: what is not committed is not tried" >&2

work=$(mktemp -d)
child=
# Killing unshare kills all that runs inside; what is being written at that moment needs the second rm.
trap '
    [[ -z $child ]] || kill -KILL "$child"
    rm -rf "$work" 2>/dev/null || { sleep 1; rm -rf "$work"; }
' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

unshare --mount --pid --fork --kill-child --mount-proc "$0" --inside "$work" "$@" &
child=$!
status=0
wait "$child" || status=$?
child=
[[ $status -ne 0 ]] || echo "fresh: passed"
exit "$status"
