#!/bin/bash
# SPDX-License-Identifier: MIT
# What bash and zsh complete, with the installed files and programs, at a terminal.
# Usage: install-completion.sh BUILD-DIRECTORY
set -u
build=$1
work=$(mktemp -d) || exit 1
capture=
trap '[ -z "$capture" ] || kill $capture; rm -rf "$work"' EXIT
unset XDG_RUNTIME_DIR
export TRIPOOL_DIR=$work/streams PATH=$work/usr/bin:$PATH HOME=$work
failures=0

if ! command -v zsh >/dev/null; then
	echo "skipped: zsh is not installed"
	exit 77
fi
cmake --install "$build" --prefix "$work/usr" >"$work/installed" || exit 1
for name in garden gate; do
	tripool-capture -n $name -s 128x64 -r 1 &
	capture+=" $!"
done
for ((i = 0; i < 200; i++)); do
	[ -S "$TRIPOOL_DIR/garden.sock" ] && [ -S "$TRIPOOL_DIR/gate.sock" ] && break
	sleep 0.02
done

# The shell itself runs at a terminal, types the line with a Tab, and then what it has become goes to a file.
cat >"$work/bashrc" <<-'TEXT'
	bind 'set bell-style none' 'set completion-query-items 0' 'set page-completions off' 'set show-all-if-ambiguous off'
	for file in "$HOME"/usr/share/bash-completion/completions/*; do . "$file"; done
	keep() { printf '%s' "$READLINE_LINE" >"$HOME/line"; }
	bind -x '"\C-g": keep'
	PS1='ready>'
TEXT
cat >"$work/.zshrc" <<-'TEXT'
	fpath=("$HOME/usr/share/zsh/site-functions" $fpath)
	autoload -U compinit && compinit -u -d "$HOME/zcompdump"
	setopt no_beep no_auto_menu no_prompt_cr
	keep() { printf '%s' "$BUFFER" >"$HOME/line" }
	zle -N keep && bindkey '\C-g' keep
	PS1='ready>'
TEXT
declare -A start=([bash]="bash --noprofile --rcfile $work/bashrc -i" [zsh]='zsh -i')
declare -A value=([bash]=' ' [zsh]='=') # what comes before a long option's value

completes() { # completes SHELL TYPED BECOMES
	local line
	rm -f "$work/line"
	{
		for ((i = 0; i < 250; i++)); do
			grep -q 'ready>' "$work/terminal" 2>/dev/null && break
			sleep 0.02
		done
		printf '%s\t\a' "$2"
		for ((i = 0; i < 250; i++)); do
			[ -e "$work/line" ] && break
			sleep 0.02
		done
		printf '\025exit\n'
	} | timeout -k 1 20 script -qefc "${start[$1]}" "$work/terminal" >/dev/null 2>&1
	line=$(cat "$work/line" 2>/dev/null)
	rm -f "$work/terminal"
	[ "$line" = "$3" ] && return
	printf 'FAILED: %s: "%s" became "%s", not "%s"\n' "$1" "$2" "$line" "$3"
	failures=$((failures + 1))
}

for shell in bash zsh; do
	completes $shell 'tripool-view gar' 'tripool-view garden '
	completes $shell 'tripool-view g' 'tripool-view ga'
	completes $shell 'tripool-view --no-v' 'tripool-view --no-vsync '
	completes $shell 'tripool-view --renderer surf' 'tripool-view --renderer surface '
	completes $shell 'tripool-view --renderer=surf' 'tripool-view --renderer=surface '
	completes $shell "tripool-view --screenshot $work/bash" "tripool-view --screenshot $work/bashrc "
	completes $shell 'tripool-capture --on-d' 'tripool-capture --on-demand '
	completes $shell 'tripool-capture -n gat' 'tripool-capture -n gate '
	completes $shell 'tripool-record --json gar' 'tripool-record --json garden '
	completes $shell "tripool-record garden $work/bash" "tripool-record garden $work/bashrc "
	completes $shell 'tripool-record --json garden -c:v rawv' 'tripool-record --json garden -c:v rawvideo '
	completes $shell 'tripool-record garden -b' 'tripool-record garden -b:v '
	completes $shell 'tripool-record garden -f yuv4' 'tripool-record garden -f yuv4mpegpipe '
	completes $shell 'tripool-record garden --bit' "tripool-record garden --bit-rate${value[$shell]}"
	completes $shell 'tripool-capture pat' 'tripool-capture pattern '
	completes $shell "tripool-capture other:$work/bash" "tripool-capture other:$work/bashrc "
	completes $shell 'tripool-capture pattern:gr' 'tripool-capture pattern:gradient '
done

# All that there is, by bash's function itself.
# shellcheck disable=SC1091
. "$work/usr/share/bash-completion/completions/tripool-view"
offers() { # offers WHAT WORD...: COMPREPLY must be the lines of $work/listed, in any order
	local what=$1
	shift
	# shellcheck disable=SC2034 # the function's
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_tripool "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
	diff <(printf '%s\n' "${COMPREPLY[@]}" | sort) <(sort "$work/listed") && return
	echo "FAILED: $what: offered (<) is not what there is (>)"
	failures=$((failures + 1))
}
in_zsh() { # in_zsh PROGRAM COMMAND: zsh's functions, with the shell's own ones stubbed
	# shellcheck disable=SC2016 # for zsh
	zsh -fc '
		_arguments() { shift && [[ $words[2] == options ]] && print -rl -- "$@" }
		_wanted() { print -rl -- "${@[6,-1]}" }
		_call_program() { shift && "$@" }
		compset() { return 1 }
		service=$1 words=("$@")
		. ~/usr/share/zsh/site-functions/_tripool
		[[ $2 == options ]] || $2' zsh "$@"
}
zsh_options() { # zsh_options PROGRAM: what is handed to _arguments
	in_zsh "$1" options |
		sed -nE 's/\\:/:/g; s/^(\([^)]*\))?(-[a-zA-Z:-]+)[+=]?\[.*/\2/p'
}
for program in "$work"/usr/bin/*; do
	program=$(basename "$program")
	[ -e "$work/usr/share/bash-completion/completions/$program" ] || { echo "FAILED: $program: no completion"; failures=1; }
	$program --help | grep -oE '^ +(-[a-zA-Z:]+, )?--[a-z-]+' | tr -d ' ' | tr ',' '\n' >"$work/listed"
	offers "$program's options" "$program" -
	diff <(zsh_options "$program" | sort) <(sort "$work/listed") && continue
	echo "FAILED: $program's options in zsh (<) are not what there is (>)"
	failures=$((failures + 1))
done
tripool-capture --help | sed -nE '/^SOURCE is/,/^$/s/^  ([a-z]+|-)[^a-z].*/\1/p' >"$work/listed"
offers "tripool-capture's sources" tripool-capture ''
diff <(in_zsh tripool-capture _tripool_source | sort) <(sort "$work/listed") || {
	echo "FAILED: tripool-capture's sources in zsh (<) are not what there is (>)"
	failures=$((failures + 1))
}
printf '%s\n' bars box zone gradient noise >"$work/listed"
offers "after a colon" tripool-capture pattern :
printf '%s\n' auto gpu surface >"$work/listed"
offers "after an equals sign" tripool-view --renderer =

[ $failures = 0 ]
