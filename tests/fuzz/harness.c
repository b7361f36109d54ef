// SPDX-License-Identifier: MIT
#include "harness.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scratch.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

static const struct fuzz_goal *goals;

/* libFuzzer's, once. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_begin();
	return 0;
}

void fuzz_fail(const char *condition, const char *file, int line)
{
	dprintf(STDERR_FILENO, "\n%s:%d: not true: %s\n", file, line, condition);
	abort();
}

static void tell_goals(void)
{
	bool all = true;
	dprintf(STDERR_FILENO, "reached:");
	for (const struct fuzz_goal *g = goals; g->name; g++) {
		dprintf(STDERR_FILENO, " %s %llu", g->name, (unsigned long long)g->times);
		all = all && g->times > 0;
	}
	dprintf(STDERR_FILENO, "\n");
	if (!all && getenv("TRIPOOL_FUZZ_GOALS")) {
		dprintf(STDERR_FILENO, "not reached by this corpus: what is 0 above\n");
		_exit(1);
	}
}

void fuzz_set_goals(const struct fuzz_goal *goal)
{
	goals = goal;
	atexit(tell_goals);
}

void fuzz_make_directory(void)
{
	if (scratch_make() < 0)
		exit(1);
}

int fuzz_count_fds(void)
{
	struct pollfd f[256];
	int n = sizeof(f) / sizeof(*f), open = n;
	for (int fd = 0; fd < n; fd++)
		f[fd] = (struct pollfd){.fd = fd};
	CHECK(poll(f, (nfds_t)n, 0) >= 0); /* one system call for all */
	for (int fd = 0; fd < n; fd++)
		open -= (f[fd].revents & POLLNVAL) != 0;
	return open;
}

void fuzz_read_all(const void *memory, size_t size)
{
	static volatile uint8_t sink;
	const uint8_t *bytes = memory;
	uint8_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum ^= bytes[i];
	sink = sum;
	(void)sink;
}

bool fuzz_is_printable(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	while (*at) {
		static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
		int more = *at < 0x80 ? 0 : *at >> 5 == 6 ? 1 : *at >> 4 == 14 ? 2 : *at >> 3 == 30 ? 3 : -1;
		if (more < 0)
			return false;
		uint32_t code = more ? *at & (0x3fu >> more) : *at;
		at++;
		for (int i = 0; i < more; i++, at++) {
			if (*at >> 6 != 2)
				return false;
			code = code << 6 | (*at & 0x3f);
		}
		bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
		if (control || code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return false;
	}
	return true;
}
