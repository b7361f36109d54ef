// SPDX-License-Identifier: MIT
#include "help.h"

#include <stdio.h>

static const struct {
	const char *key, *does;
} keys[] = {
    {"q", "quit"},
    {"Esc", "back from this page, one stream, full screen; else quit"},
    {"h", "this page"},
    {"f", "full screen"},
    {"t", "always on top"},
    {"space", "freeze, go on"},
    {"s", "screenshot of the window (PNG)"},
    {"i", "figures"},
    {"p", "pixel values under the mouse (freezes)"},
    {"m", "mirror"},
    {"r", "turn by 90°"},
    {"c", "cover the window, or fit into it"},
    {"wheel, + -", "zoom"},
    {"z", "1:1, a pixel of the picture on one of the screen"},
    {"0", "the whole picture"},
    {"drag, arrows", "move a zoomed picture"},
    {"click, 1 to 9", "enlarge one of several streams, and back"},
};
#define KEYS ((int)(sizeof(keys) / sizeof(*keys)))

void help_write(struct text *text, struct layer *layer, SDL_Rect area)
{
	struct text_row rows[KEYS];
	for (int i = 0; i < KEYS; i++) {
		rows[i].label = keys[i].key;
		snprintf(rows[i].value, sizeof(rows[i].value), "%s", keys[i].does);
	}
	text_table(text, layer, rows, KEYS, NULL, area);
}
