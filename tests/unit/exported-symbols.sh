#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The shared library shows exactly the functions that the public headers declare.
# exported-symbols.sh LIBRARY HEADER...
set -euo pipefail
shown=$(nm -D --defined-only "$1" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort)
declared=$(sed -e '/^ \*/d' "${@:2}" | grep -oE '\btripool_[a-z0-9_]+\(' | tr -d '(' | sort -u)
[ -n "$shown" ] && [ "$shown" = "$declared" ] && exit 0
echo "shown and declared differ:"
diff <(echo "$shown") <(echo "$declared") || true
exit 1
