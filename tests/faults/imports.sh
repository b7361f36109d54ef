#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All that the shared libraries have from others is made to fail by test-faults (the list of CMakeLists.txt), or stands here
# because it cannot fail. So a new call that nobody makes to fail fails this test.
# imports.sh LIBRARY LIBRARY WRAPPED...
set -euo pipefail

# Work on memory, text and numbers; what the process knows of itself; libavutil's tables, ISA-L's arithmetic.
calculates='bcmp memchr memcmp memcpy memmove memset qsort snprintf sscanf strcmp strcpy strlen strncpy strnlen strspn
strtol vsnprintf strerror getenv geteuid getpid sysconf clock_gettime av_get_pix_fmt av_get_pix_fmt_name
av_image_fill_linesizes av_pix_fmt_count_planes av_pix_fmt_desc_get crc32_iscsi'
# Undoes: there is nothing that could be done where it failed.
undoes='av_frame_unref close closedir fclose free inotify_rm_watch munmap shutdown unlinkat'
# Has no way to fail as it is called: SO_PEERCRED of a connected socket, a timer of ours with a time in range.
certain='getsockopt timerfd_settime'
# Asks whether something is so, and a failure is one of the answers.
asks='access ioctl kill'
# Of compilers, linkers and sanitizers.
own='__.*|_ITM_.*|tripool_.*'

libraries=("$1" "$2")
shift 2
imported=$(nm -D --undefined-only "${libraries[@]}" | grep ' U ' | awk '{ sub(/@.*/, "", $NF); sub(/^__isoc99_/, "", $NF); print $NF }' |
	grep -vxE "$own" | sort -u)
known=$(printf '%s\n' "$@" $calculates $undoes $certain $asks | sort -u)
[ "$(wc -l <<<"$imported")" -gt 50 ] || { echo "these are not all imports: $imported" >&2 && exit 1; }
status=0
if new=$(comm -23 <(echo "$imported") <(echo "$known")) && [ -n "$new" ]; then
	echo "nobody makes these fail (tests/faults/wraps.c), nor says why they cannot (imports.sh):" $new >&2
	status=1
fi
# Compilers choose among the functions that calculate.
if gone=$(comm -13 <(echo "$imported") <(printf '%s\n' "$@" $undoes $certain $asks | sort -u)) && [ -n "$gone" ]; then
	echo "the library does not call these any more:" $gone >&2
	status=1
fi
exit $status
