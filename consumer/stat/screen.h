// SPDX-License-Identifier: MIT
/* The terminal while the program has it: its second screen, without the cursor, keys not echoed. */
#ifndef TRIPOOL_STAT_SCREEN_H
#define TRIPOOL_STAT_SCREEN_H

#include <stdbool.h>
#include <termios.h>

struct screen {
	bool has_keys; /* standard input is a terminal whose keys are read, and whose state was `before` */
	struct termios before;
};

/* Standard output must be a terminal. close gives it back as it was. 0, or -errno: it is gone. */
int screen_open(struct screen *screen);
void screen_close(struct screen *screen);

/* The columns that there are now. */
int screen_columns(void);

/* Shows the lines of `text`, as many as there are rows. 0, or -errno: it is gone. */
int screen_show(const char *text);

/* Whether a key to end with was pressed. */
bool screen_wants_to_end(struct screen *screen);

#endif
