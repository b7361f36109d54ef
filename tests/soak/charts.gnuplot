# SPDX-License-Identifier: MIT
# The samples of a soak over time: gnuplot -e "samples='FILE.csv'; out='FILE'" charts.gnuplot makes FILE.png and FILE.svg.
set datafile separator ','
set datafile missing 'nan'
header = system("head -n 1 " . samples)
name(c) = word(system("echo '" . header . "' | tr ',' ' '"), c)
without(text, end) = text[1:strlen(text) - strlen(end)]

# The columns of each kind.
kind(end) = system("echo '" . header . "' | tr ',' '\n' | grep -n -- '" . end . "$' | cut -d : -f 1 | tr '\n' ' '")
private = kind('_anon_kib')
shared = kind('_shmem_kib')
fds = kind('_fds')
latency = kind('_us')

set xlabel 'minutes' offset 0, 0.8
set grid lt 1 lw 0.5 lc rgb '#cccccc'
set border 3
set tics nomirror
set key outside right top Left reverse noenhanced
set lmargin 12
set rmargin 26
set yrange [0:*]

do for [terminal in "png svg"] {
	if (terminal eq 'png') {
		set terminal pngcairo size 1200,1500 font 'DejaVu Sans,12' background '#ffffff'
	} else {
		set terminal svg size 1200,1500 font 'DejaVu Sans,12' background '#ffffff'
	}
	set output out . '.' . terminal
	set multiplot layout 4, 1 title system("head -n 1 " . out . ".title 2>/dev/null")
	set title 'private memory (MiB)'
	plot for [c in private] samples skip 1 using ($1/60):(column(int(c))/1024.) with lines lw 1.5 title without(name(int(c)), '_anon_kib')
	set title 'shared memory (MiB): of each, and of the whole system'
	plot for [c in shared] samples skip 1 using ($1/60):(column(int(c))/1024.) with lines lw 1.5 title without(name(int(c)), '_shmem_kib'), \
		samples skip 1 using ($1/60):(column(2)/1024.) with lines lw 2 lc rgb '#000000' title 'system'
	set title 'file descriptors'
	plot for [c in fds] samples skip 1 using ($1/60):(column(int(c))) with lines lw 1.5 title without(name(int(c)), '_fds')
	set title 'publish to the sleeping viewer holding the frame (microseconds)'
	set logscale y
	set yrange [*:*]
	plot for [c in latency] samples skip 1 using ($1/60):(column(int(c))) with lines lw 1.5 title without(name(int(c)), '_us')
	unset logscale y
	set yrange [0:*]
	unset multiplot
}
