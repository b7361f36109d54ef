# SPDX-License-Identifier: MIT
# Reads the samples of a soak (CSV: a line of names, then one each few seconds), prints what became of each figure, and
# judges. Exit status 1: something grows, frames were torn or are missing.
#
# What grows: the samples, without the warm-up, are cut into four quarters. A figure grows if its least value is higher
# in each quarter than in the one before, and in the last higher by more than a tolerance than its *highest* of the
# first. What goes up and down, and what rises once and stays, does not; a leak that is worth the name does.
#
#     awk -v warm_up=SECONDS -f judge.awk SAMPLES.csv

BEGIN {
	FS = ","
	SHORT = 1 / 6 # of less, growth an hour would be the warm-up's
}

NR == 1 {
	columns = NF
	for (c = 1; c <= NF; c++)
		name[c] = $c
	next
}

$1 >= warm_up {
	n++
	for (c = 1; c <= columns; c++)
		value[n, c] = $c
}

{
	for (c = 1; c <= columns; c++)
		last[c] = $c
}

function complain(text) {
	print "FAILED: " text
	failed = 1
}

# quarter(c, q): sets least, most and mean of column c there
function quarter(c, q,    i, from, to, v, count) {
	from = int(n * (q - 1) / 4) + 1
	to = int(n * q / 4)
	least = most = mean = "nan"
	count = 0
	for (i = from; i <= to; i++) {
		v = value[i, c]
		if (v == "nan")
			continue
		if (count++ == 0) {
			least = most = v + 0
			mean = 0
		}
		if (v + 0 < least)
			least = v + 0
		if (v + 0 > most)
			most = v + 0
		mean += v
	}
	if (count > 0)
		mean /= count
}

function tolerance(column) {
	if (column ~ /_fds$/)
		return 0
	# A pool's slots are used one after the other, as need be; and in the system (shmem_kib) others live as well.
	if (column ~ /shmem_kib$/)
		return 16384
	return 256
}

function grows(c,    q, before, highest) {
	quarter(c, 1)
	highest = most
	before = least
	for (q = 2; q <= 4; q++) {
		quarter(c, q)
		if (least <= before)
			return 0
		before = least
	}
	return least > highest + tolerance(name[c])
}

function show(c,    first) {
	quarter(c, 1)
	first = mean
	quarter(c, 4)
	printf "%-24s %12s %12s", name[c], number(first), number(mean)
	if (name[c] ~ /_(kib|fds)$/ && hours > SHORT)
		printf " %+12.1f", (mean - first) / (hours * 3 / 4)
	print ""
}

function number(v) {
	return v == "nan" ? "-" : sprintf("%.1f", v)
}

# For how long, at most, a sum that should rise did not.
function longest_stillness(c,    i, since, longest) {
	since = 1
	for (i = 2; i <= n; i++) {
		if (value[i, c] + 0 > value[since, c] + 0)
			since = i
		else if (value[i, 1] - value[since, 1] > longest)
			longest = value[i, 1] - value[since, 1]
	}
	return longest + 0
}

END {
	if (n < 8) {
		complain("too short to judge: " n + 0 " samples after the warm-up, of 8 that are needed")
		exit 1
	}
	hours = (value[n, 1] - value[1, 1]) / 3600
	printf "%-24s %12s %12s %12s\n", "", "1st quarter", "4th quarter", (hours > SHORT ? "growth/hour" : "")
	for (c = 2; c <= columns; c++)
		if (name[c] ~ /_(kib|fds|us)$/)
			show(c)
	for (c = 2; c <= columns; c++)
		if (name[c] ~ /_(frames|skipped|torn)$/)
			printf "%-24s %12d in all\n", name[c], last[c]
	for (c = 2; c <= columns; c++) {
		if (name[c] ~ /_(kib|fds)$/ && grows(c))
			complain(name[c] " grows")
		if (name[c] ~ /_torn$/ && last[c] > 0)
			complain(last[c] " frames torn (" name[c] ")")
		if (name[c] ~ /_frames$/ && longest_stillness(c) >= 30)
			complain("for " longest_stillness(c) " seconds no frame came (" name[c] ")")
	}
	exit failed
}
