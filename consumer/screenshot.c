// SPDX-License-Identifier: MIT
#include "screenshot.h"

#include <SDL_image.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct screenshot *s, const char *why, struct tripool_error *error)
{
	snprintf(error->text, sizeof(error->text), "cannot write the screenshot '%s': %s", s->path, why);
	return -EIO;
}

int screenshot_open(struct screenshot *s, const char *path, struct tripool_error *error)
{
	s->path = path;
	s->existed = access(path, F_OK) == 0;
	s->file = fopen(path, "ae"); /* keeps what is there until there is something better */
	return s->file ? 0 : fail(s, strerror(errno), error);
}

int screenshot_write(struct screenshot *s, SDL_Surface *surface, struct tripool_error *error)
{
	if (!surface) {
		screenshot_discard(s);
		return fail(s, SDL_GetError(), error);
	}
	if (ftruncate(fileno(s->file), 0) < 0) {
		int e = errno;
		screenshot_discard(s);
		return fail(s, strerror(e), error);
	}
	SDL_RWops *rw = SDL_RWFromFP(s->file, SDL_FALSE);
	int r = rw ? IMG_SavePNG_RW(surface, rw, 1) : -1;
	bool written = fflush(s->file) == 0 && !ferror(s->file);
	int e = errno;
	fclose(s->file);
	s->file = NULL;
	if (!written)
		return fail(s, strerror(e), error);
	return r < 0 ? fail(s, SDL_GetError(), error) : 0;
}

void screenshot_discard(struct screenshot *s)
{
	if (!s->file)
		return;
	fclose(s->file);
	s->file = NULL;
	if (!s->existed)
		unlink(s->path);
}
