# SPDX-License-Identifier: MIT
#
# For the scripts that tests/vm/boot runs: the programs of the build directory $1, checks that are counted, and the
# camera driver's faults. What the programs said is left in $RESULT.

capture=$1/producer/tripool-capture
view=$1/consumer/tripool-view
watch=$1/tests/vm/watch-frames
lesser=$1/tests/vm/liblesser-driver.so
video=/dev/video0 # single-planar
multi=/dev/video1 # multi-planar
failures=0
limit_s=60 # of a program

export TRIPOOL_DIR=/run/tripool SDL_VIDEODRIVER=dummy

check() { # TEXT COMMAND...
    local text=$1
    shift
    if "$@" >/dev/null; then
        echo "ok    $text"
    else
        echo "FAIL  $text"
        failures=$((failures + 1))
    fi
}

# says NAME-PROGRAM EXPRESSION: what the program's JSON must fulfil.
says() { check "$1: $2" jq -e "$2" "$RESULT/$1.json"; }

# Programs started here write to $RESULT/LABEL.json and .err, and may not outlive $limit_s.
start() { # LABEL COMMAND...
    local label=$1
    shift
    env --default-signal=INT timeout --foreground -k 2 "$limit_s" "$@" >"$RESULT/$label.json" 2>"$RESULT/$label.err" &
}

ended_well() { # LABEL PID
    wait "$2"
    local status=$?
    check "$1: exit status $status is 0" test "$status" -eq 0
    [[ $status -eq 0 ]] || sed 's/^/      /' "$RESULT/$1.err"
}

# Presses one of vivid's buttons that make faults.
inject() { v4l2-ctl -d "$video" -c "$1=1"; }

# The last words of a script.
finish() {
    check "nothing is left in \$TRIPOOL_DIR" test -z "$(ls -A "$TRIPOOL_DIR")"
    echo "$failures checks failed"
    [[ $failures -eq 0 ]]
}
