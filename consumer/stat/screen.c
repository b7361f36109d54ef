// SPDX-License-Identifier: MIT
#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Sequences that every terminal of today takes (xterm's, and Linux's console, which has no second screen). */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l" /* second screen, no cursor, lines are cut */
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"
#define HOME "\x1b[H"
#define CLEAR_LINE "\x1b[K"
#define CLEAR_REST "\x1b[J"

static int write_all(const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, text, size);
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

int screen_open(struct screen *s)
{
	s->has_keys = tcgetattr(STDIN_FILENO, &s->before) == 0;
	if (s->has_keys) {
		struct termios t = s->before;
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		t.c_iflag &= ~(tcflag_t)IXON; /* a display that is held could not be ended */
		t.c_cc[VMIN] = 0;
		t.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
	}
	return write_all(ENTER, strlen(ENTER));
}

static void give_keys_back(struct screen *s)
{
	if (s->has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	s->has_keys = false;
}

void screen_close(struct screen *s)
{
	(void)write_all(LEAVE, strlen(LEAVE));
	give_keys_back(s);
}

static struct winsize size(void)
{
	struct winsize w = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col == 0 || w.ws_row == 0)
		w = (struct winsize){.ws_col = 80, .ws_row = 24};
	return w;
}

int screen_columns(void)
{
	return size().ws_col;
}

int screen_show(const char *text)
{
	char *buffer = NULL;
	size_t bytes;
	int rows = size().ws_row, lines = 0, row = 0;
	FILE *out = open_memstream(&buffer, &bytes);
	if (!out)
		return -ENOMEM;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	fputs(HOME, out);
	/* Cleared before they are written: behind its last column a line would lose that. */
	for (; *text && row < rows; row++) {
		int length = (int)strcspn(text, "\n");
		fputs(row ? "\r\n" CLEAR_LINE : CLEAR_LINE, out);
		if (row == rows - 1 && lines > rows)
			fprintf(out, "(%d lines more)", lines - row);
		else
			fprintf(out, "%.*s", length, text);
		text += length + (text[length] == '\n');
	}
	if (row < rows)
		fputs("\r\n" CLEAR_REST, out);
	int r = fclose(out) == 0 ? write_all(buffer, bytes) : -ENOMEM;
	free(buffer);
	return r;
}

bool screen_wants_to_end(struct screen *s)
{
	char keys[64];
	ssize_t n = s->has_keys ? read(STDIN_FILENO, keys, sizeof(keys)) : 0;
	if (n <= 0)
		give_keys_back(s); /* the other side is gone, or they are another program's */
	return n > 0 && (memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n));
}
