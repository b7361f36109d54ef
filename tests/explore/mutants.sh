#!/bin/bash
# SPDX-License-Identifier: MIT
# Breaks the data path on purpose, one bug at a time, and sees that the exploration finds each: rules that are left out,
# and every memory order that is not relaxed, weakened by one step. An order that could be weakened unnoticed would be
# stronger than it need be, or not understood. Seeds are fixed, so that what is found once is always found.
# Usage: mutants.sh BUILD-DIRECTORY
set -u
here=$(realpath "$(dirname "$0")")
common=$here/../../common
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
schedules=6000
cflags=(-std=c11 -D_GNU_SOURCE -O3 -UNDEBUG "-I$common" "-I$here/.." "-I$here/../stress" "-I$here")
found=0 failures=0

compile() { # compile SOURCE OBJECT [FLAG...]
	cc "${cflags[@]}" "${@:3}" -c "$1" -o "$2" || exit 1
}

for name in writer reader queue; do
	compile "$common/$name.c" "$work/$name.o" -include atomics.h
done
compile "$here/scenarios.c" "$work/scenarios.o" -include atomics.h
compile "$here/machine.c" "$work/machine.o"
compile "$here/explore.c" "$work/explore.o"

# explored WHAT OBJECT: with that object instead of the one of its name, the exploration must find something.
explored() {
	local what=$1 object=$2 name objects=() status=0
	for name in writer reader queue scenarios machine explore; do
		[[ ${object##*/} == "mutant-$name.o" ]] && objects+=("$object") || objects+=("$work/$name.o")
	done
	cc -o "$work/explore" "${objects[@]}" || exit 1
	timeout 300 "$work/explore" "$schedules" 1 >"$work/out" || status=$?
	if ((status == 1)); then
		echo "found: $what: $(tail -n 1 "$work/out")"
		found=$((found + 1))
	else
		echo "FAILED: not found: $what (status $status)"
		failures=$((failures + 1))
	fi
}

# mutant NAME WHAT PERL: the source common/NAME.c, edited.
mutant() {
	perl -0pe "$3" "$common/$1.c" >"$work/mutant-$1.c"
	if cmp -s "$work/mutant-$1.c" "$common/$1.c"; then
		echo "FAILED: $2: the source has changed, this mutant no longer fits"
		failures=$((failures + 1))
		return
	fi
	compile "$work/mutant-$1.c" "$work/mutant-$1.o" -include atomics.h -w
	explored "$2" "$work/mutant-$1.o"
}

# ---- Rules -----------------------------------------------------------------------------------------------------

mutant reader 'no second look' 's/if \(again == latest\)/if (true)/'
mutant reader 'falls asleep without a look' 's/(armed, 1, .*?)return tripool_reader_has_news\(reader\)/$1return false/s'
mutant reader 'looks before it says that it sleeps' \
	's/(bool tripool_reader_arm.*?\{)(.*?)(\tatomic_store.*?;\n)\treturn (.*?);/$1\tbool news = $4;\n$3\treturn news;/s'
mutant reader 'lets go before it looks again' \
	's/(uint64_t again = look)/tripool_reader_release(reader, cell);\n$1/'
mutant writer 'claims are not heeded' 's/mask \|= bit\(cell - 1\)/(void)mask/'
mutant writer 'the newest is free' 's/~\(writer->latest \| /~(/'
mutant writer 'what is being written is free' 's/ \| writer->writing \| busy/ | busy/'
mutant writer 'what waits in a queue is free' 's/mask \|= bit\(a->slot.*?\);/(void)mask;/'
mutant writer 'nobody is woken' 's/wake \|= bit\(r\)/(void)wake/'
mutant writer 'a pool is not retired' 's/(tripool_writer_retire.*?\{).*?\}/$1\n\t(void)writer;\n}/s'
mutant writer 'a full queue takes one more' 's/head - a->tail >= a->cells/head - a->tail > a->cells/'
mutant writer 'head before the entry' \
	's/(\tatomic_store_explicit\(&q->sequence.*?)(\ta->slot\[a->head.*?)(\n\})/$2\n$1$3/s'
mutant writer 'frames being written need no room' 's/ \+ \(uint64_t\)__builtin_popcountll\(writer->writing\)//'
mutant writer 'room is asked for after the look' \
	's/(bool tripool_writer_want_room.*?\n)(\t\*asked =.*?;\n)\treturn (.*?);/$1\tbool wanted = $3;\n$2\treturn wanted;/s'
mutant writer 'a closed queue is waited for' 's/return a->closed \|\| /return /'
mutant queue 'what is held is let go with its neighbour' 's/ && !\(q->held & 1u << q->tail % q->places\)//'
mutant queue 'room is not told' 's/return (atomic_load_explicit\(&q->page->wants_room)/return false \&\& $1/'
mutant queue 'all frames of the next pool are let go as well' 's/(let_all_go.*?\{)/$1\n\tq->next = q->page->head;/s'

compile "$here/scenarios.c" "$work/mutant-scenarios.o" -include atomics.h -DSLOTS_SHORT=1
explored 'one slot too few' "$work/mutant-scenarios.o"

# ---- Memory orders ---------------------------------------------------------------------------------------------

for name in writer reader queue; do
	total=$(grep -oE 'memory_order_(seq_cst|acquire|release)' "$common/$name.c" | wc -l)
	for ((n = 1; n <= total; n++)); do
		# the n-th operation that is not relaxed: its line, and its order weakened
		where=$(N=$n perl -0ne '
			while (/memory_order_(seq_cst|acquire|release)/g) {
				next if ++$n < $ENV{N};
				$line = 1 + (substr($_, 0, pos) =~ tr/\n//);
				print "$line, $1";
				last;
			}' "$common/$name.c")
		mutant $name "$name.c line $where weakened" '
			s{memory_order_(seq_cst|acquire|release)}{
				if (++$n != '$n') { $& }
				elsif ($1 ne "seq_cst") { "memory_order_relaxed" }
				else {
					($operation) = substr($_, 0, $-[0]) =~ /.*atomic_(load|store|exchange)/s;
					"memory_order_" . {load => "acquire", store => "release", exchange => "acq_rel"}->{$operation};
				}
			}ge'
	done
done
echo "$found mutants found, $failures not"
exit $((failures > 0))
