// SPDX-License-Identifier: MIT
#include "screenshot.h"

#include <SDL_image.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

#define MOST_TRIES 100

/* Where a picture goes, and the file beside it that becomes it. */
struct place {
	const char *said;
	char target[PATH_MAX], beside[PATH_MAX];
	FILE *file;
};

static int fail(const struct place *p, int code, const char *why, struct tripool_error *error)
{
	return tripool_fail(error, code, "cannot write the screenshot '%s': %s", p->said, why);
}

static int fail_errno(const struct place *p, int code, struct tripool_error *error)
{
	return fail(p, -code, strerror(code), error);
}

/* Under a name that is nobody's: what a killed viewer left is passed over. The mode is what the user's umask makes of
 * it, as for any other file. */
static int make_beside(struct place *p)
{
	const char *slash = strrchr(p->target, '/');
	int directory_length = slash ? (int)(slash - p->target) + 1 : 0;

	for (int i = 0; i < MOST_TRIES; i++) {
		int length = snprintf(p->beside, sizeof(p->beside), "%.*s.tripool-view-%d-%d.tmp", directory_length,
		    p->target, (int)getpid(), i);
		if (length >= (int)sizeof(p->beside))
			return -ENAMETOOLONG;
		int fd = open(p->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int place_open(struct place *p, const char *path, struct tripool_error *error)
{
	struct stat old;

	p->said = path;
	/* the picture replaces the file that a link leads to, not the link */
	bool exists = realpath(path, p->target) != NULL;
	if (!exists && snprintf(p->target, sizeof(p->target), "%s", path) >= (int)sizeof(p->target))
		return fail_errno(p, ENAMETOOLONG, error);
	size_t length = strlen(p->target);
	if (!exists && length > 0 && p->target[length - 1] == '/')
		return fail_errno(p, EISDIR, error);
	if (exists && stat(p->target, &old) < 0)
		return fail_errno(p, errno, error);
	if (exists && S_ISDIR(old.st_mode))
		return fail_errno(p, EISDIR, error);
	if (exists && !S_ISREG(old.st_mode))
		return fail(p, -EINVAL, "it is a pipe or a device, not a file: name a file", error);
	if (exists && access(p->target, W_OK) < 0)
		return fail_errno(p, errno, error);

	int fd = make_beside(p);
	if (fd < 0)
		return fail_errno(p, -fd, error);
	if (exists)
		fchmod(fd, old.st_mode & 0777);
	p->file = fdopen(fd, "w");
	if (!p->file) {
		int code = errno;
		close(fd);
		unlink(p->beside);
		return fail_errno(p, code, error);
	}
	return 0;
}

/* Returns 0, or a positive errno; 0 with -1 from SDL is an error of SDL's own. */
static int write_png(FILE *file, SDL_Surface *surface, int *sdl)
{
	errno = 0;
	SDL_RWops *rw = SDL_RWFromFP(file, SDL_FALSE);
	*sdl = rw ? IMG_SavePNG_RW(surface, rw, 1) : -1;
	bool failed = ferror(file) != 0;
	int code = errno;
	errno = 0;
	if (fflush(file) != 0) {
		failed = true;
		code = errno;
	}
	return failed ? code ? code : EIO : 0;
}

int screenshot_check(const char *path, struct tripool_error *error)
{
	struct place p;
	int r = place_open(&p, path, error);

	if (r < 0)
		return r;
	fclose(p.file);
	unlink(p.beside);
	return 0;
}

int screenshot_write(const char *path, SDL_Surface *surface, struct tripool_error *error)
{
	struct place p;
	int sdl = 0;
	struct tripool_error sdl_error = {""};

	if (!surface)
		return tripool_fail(
		    error, -EIO, "cannot read the window's picture for the screenshot '%s': %s", path, SDL_GetError());
	int r = place_open(&p, path, error);
	if (r < 0)
		return r;
	int code = write_png(p.file, surface, &sdl);
	if (sdl < 0)
		tripool_fail(&sdl_error, 0, "%s", SDL_GetError());
	if (fclose(p.file) != 0 && code == 0)
		code = errno;
	if (code == 0 && sdl == 0 && rename(p.beside, p.target) < 0)
		code = errno;
	if (code == 0 && sdl == 0)
		return 0;
	unlink(p.beside);
	return code ? fail_errno(&p, code, error) : fail(&p, -EIO, sdl_error.text, error);
}
