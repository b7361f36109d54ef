// SPDX-License-Identifier: MIT
#include "screenshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "screenshot_png.h"

#define MOST_TRIES 100
#define MOST_OF_ONE_NAME 1000

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

static int open_beside(struct place *p, struct tripool_error *error)
{
	int fd = make_beside(p);
	if (fd < 0)
		return fail_errno(p, -fd, error);
	p->file = fdopen(fd, "w");
	if (!p->file) {
		int code = errno;
		close(fd);
		unlink(p->beside);
		return fail_errno(p, code, error);
	}
	return 0;
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

	int r = open_beside(p, error);
	if (r == 0 && exists)
		fchmod(fileno(p->file), old.st_mode & 0777);
	return r;
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

/* ---- Names ---------------------------------------------------------------------------------------------------- */

struct screenshot_about screenshot_about_frame(const char *stream, const struct tripool_frame *frame)
{
	const struct tripool_format *f = frame->format;
	struct screenshot_about about = {
	    .width_px = f->width_px,
	    .height_px = f->height_px,
	    .sequence = frame->sequence,
	    .source_sequence = frame->info.source_sequence,
	    .capture_ns = frame->info.capture_ns,
	    .publish_ns = frame->publish_ns,
	};
	snprintf(about.stream, sizeof(about.stream), "%s", stream);
	snprintf(about.pix_fmt, sizeof(about.pix_fmt), "%s", f->pix_fmt);
	/* the producer's word: not to be reckoned with where it cannot be */
	int64_t now_ns = tripool_now_ns(), taken_ns = now_ns;
	if (about.capture_ns > 0 && about.capture_ns <= now_ns)
		taken_ns = about.capture_ns;
	else if (about.publish_ns > 0 && about.publish_ns <= now_ns)
		taken_ns = about.publish_ns;
	about.captured_at_ns = screenshot_now_ns() - (now_ns - taken_ns);
	return about;
}

static void write_name(char *buffer, size_t size, const struct screenshot_about *about, int nth)
{
	char time[40], frame[TRIPOOL_NAME_BYTES + 24] = "", suffix[16] = "";
	screenshot_time(time, sizeof(time), "%Y%m%dT%H%M%S", about ? about->captured_at_ns : screenshot_now_ns());
	if (about)
		snprintf(frame, sizeof(frame), "%s-%" PRIu64 "-", about->stream, about->sequence);
	if (nth > 1)
		snprintf(suffix, sizeof(suffix), "-%d", nth);
	snprintf(buffer, size, "./tripool-%s%s%s.png", frame, time, suffix);
}

void screenshot_name(char *buffer, size_t size, const struct screenshot_about *about)
{
	write_name(buffer, size, about, 1);
}

/* ---- Writing -------------------------------------------------------------------------------------------------- */

/* Fills what lies beside, and closes it; where that fails, it is gone. */
static int fill(struct place *p, SDL_Surface *rgb, const struct screenshot_about *about, struct tripool_error *error)
{
	struct tripool_error why = {""};
	int r = screenshot_png(p->file, rgb, about, &why);

	if (fclose(p->file) != 0 && r == 0) {
		r = -errno;
		tripool_fail(&why, r, "%s", strerror(errno));
	}
	if (r == 0)
		return 0;
	unlink(p->beside);
	return fail(p, r, why.text, error);
}

static int no_picture(const char *path, struct tripool_error *error)
{
	return tripool_fail(
	    error, -EIO, "cannot read the window's picture for the screenshot '%s': %s", path, SDL_GetError());
}

int screenshot_write(
    const char *path, SDL_Surface *rgb, const struct screenshot_about *about, struct tripool_error *error)
{
	struct place p;

	if (!rgb)
		return no_picture(path, error);
	int r = place_open(&p, path, error);
	if (r == 0)
		r = fill(&p, rgb, about, error);
	if (r == 0 && rename(p.beside, p.target) < 0) {
		r = fail_errno(&p, errno, error);
		unlink(p.beside);
	}
	return r;
}

/* Gives the file its name if that is nobody's. 0 or -errno. */
static int take_free_name(const struct place *p)
{
	struct stat there;

	if (renameat2(AT_FDCWD, p->beside, AT_FDCWD, p->target, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	/* a file system that can only replace, NFS for one: looking first is all there is */
	if (lstat(p->target, &there) == 0)
		return -EEXIST;
	return rename(p->beside, p->target) < 0 ? -errno : 0;
}

int screenshot_save(char path[SCREENSHOT_NAME_BYTES], SDL_Surface *rgb, const struct screenshot_about *about,
    struct tripool_error *error)
{
	struct place p = {.said = path};

	write_name(path, SCREENSHOT_NAME_BYTES, about, 1);
	if (!rgb)
		return no_picture(path, error);
	strcpy(p.target, path);
	int r = open_beside(&p, error);
	if (r == 0)
		r = fill(&p, rgb, about, error);
	if (r < 0)
		return r;
	for (int nth = 2; (r = take_free_name(&p)) == -EEXIST && nth <= MOST_OF_ONE_NAME; nth++) {
		write_name(path, SCREENSHOT_NAME_BYTES, about, nth);
		strcpy(p.target, path);
	}
	if (r < 0) {
		unlink(p.beside);
		return fail_errno(&p, -r, error);
	}
	return 0;
}
