// SPDX-License-Identifier: MIT
#include "scripted-source.h"

#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct source {
	const struct life *life;
	int fd;
	unsigned frames;
	struct tripool_slot slot[TRIPOOL_MAX_SLOTS];
	uint32_t held;
	bool prepared;
};

unsigned opens, closes;
int device_comes_ms;
struct capture capture;
struct tripool_producer_stats stats;

static const struct life *lives;
static unsigned life_count;
static struct rlimit fd_limit;
static int kept_fd;

static void fall_silent(const struct source *source)
{
	eventfd_t ignored;
	eventfd_read(source->fd, &ignored);
}

static void describe(const struct life *life, struct source_description *description)
{
	*description = (struct source_description){.path = "script",
	    .write_depth = life->write_depth ? life->write_depth : 1,
	    .fresh_pool = life->fresh_pool,
	    .hurries = life->hurries,
	    .name = "script"};
	if (life->note)
		strcpy(description->note, life->note);
	description->format = (struct tripool_format){
	    .pix_fmt = "gray", .width_px = life->width_px ? life->width_px : 16, .height_px = 16};
	assert_int_equal(tripool_format_layout(&description->format, NULL), 0);
}

static int scripted_open(struct source **source, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	const struct life *life = &lives[opens < life_count ? opens : life_count - 1];
	(void)request;
	opens++;
	if (life->open_error) {
		snprintf(error->text, sizeof(error->text), "the script fails open");
		return life->open_error;
	}
	struct source *s = calloc(1, sizeof(*s));
	s->life = life;
	s->fd = eventfd(1, EFD_CLOEXEC);
	describe(life, description);
	s->prepared = false;
	if (life->frames == 0 && life->error == 0)
		fall_silent(s);
	*source = s;
	return 0;
}

static int scripted_prepare(
    struct source *source, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error)
{
	(void)memory_fd;
	(void)memory;
	(void)error;
	source->prepared = true;
	return 0;
}

/* One life ends and the next begins. */
static int scripted_renew(struct source *source, struct source_description *description, struct tripool_error *error)
{
	(void)error;
	assert_int_equal(source->life->error, -ESTALE);
	source->life = &lives[opens < life_count ? opens : life_count - 1];
	opens++;
	closes++;
	source->frames = source->held = 0;
	describe(source->life, description);
	return 0;
}

static int scripted_attach(struct source *source, const struct tripool_pool_memory *memory,
    struct source_description *description, struct tripool_error *error)
{
	(void)memory;
	(void)description;
	assert_true(source->prepared || !source->life->fresh_pool);
	snprintf(error->text, sizeof(error->text), "the script fails attach");
	return source->life->start_error;
}

static int scripted_queue(struct source *source, const struct tripool_slot *slot, struct tripool_error *error)
{
	(void)error;
	assert_true(source->held < source->life->write_depth + 1);
	source->slot[source->held++] = *slot;
	return 0;
}

static int scripted_fd(const struct source *source)
{
	return source->fd;
}

static int scripted_dequeue(struct source *source, uint64_t sequence, struct tripool_slot *slot,
    struct tripool_frame_info *info, struct tripool_error *error)
{
	if (source->frames == source->life->frames) {
		if (source->life->error != -ENODATA || source->life->note)
			snprintf(error->text, sizeof(error->text), "the script fails dequeue");
		return source->life->error;
	}
	if (++source->frames == source->life->frames && source->life->error == 0)
		fall_silent(source);
	*slot = source->slot[--source->held];
	memset(slot->memory, (int)sequence, 16);
	*info = (struct tripool_frame_info){.source_sequence = sequence};
	return 0;
}

static struct source_counts scripted_counts(const struct source *source)
{
	return (struct source_counts){.dropped = source->frames, .camera_gaps = 1};
}

/* One is kept, lest the limit be lower than the number of fds that poll is given. */
static void take_fds(void)
{
	struct rlimit none;
	kept_fd = dup(STDERR_FILENO);
	int next = dup(STDERR_FILENO);
	assert_int_equal(close(next), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &fd_limit), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = fd_limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

void give_fds_back(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &fd_limit), 0);
	close(kept_fd);
}

static void scripted_close(struct source *source)
{
	if (!source)
		return;
	closes++;
	close(source->fd);
	if (source->life->takes_fds)
		take_fds();
	free(source);
}

static int scripted_watch(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec when = {.it_value.tv_nsec = device_comes_ms * 1000000L};
	timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

static const struct source_class scripted = {
    .scheme = "script",
    .open = scripted_open,
    .prepare = scripted_prepare,
    .renew = scripted_renew,
    .attach = scripted_attach,
    .queue = scripted_queue,
    .fd = scripted_fd,
    .dequeue = scripted_dequeue,
    .counts = scripted_counts,
    .close = scripted_close,
    .watch = scripted_watch,
};

int set_up(void **state)
{
	(void)state;
	assert_int_equal(scratch_make(), 0);
	opens = closes = 0;
	device_comes_ms = 0;
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	unsigned failed = 0;
	int r = scratch_remove();
	for (unsigned i = 0; i < opens; i++)
		failed += lives[i < life_count ? i : life_count - 1].open_error != 0;
	assert_int_equal(closes + failed, opens);
	return r;
}

int run_open(const struct life *script, unsigned count, struct options *options)
{
	struct tripool_error error = {""};
	lives = script;
	life_count = count;
	options->source = &scripted;
	options->name = "script";
	int r = capture_open(&capture, options, &error);
	if (r < 0)
		return r;
	r = capture_run(&capture, &error);
	tripool_producer_get_stats(capture.producer, &stats);
	if (r < 0)
		capture_close(&capture);
	return r;
}

int run(const struct life *script, unsigned count, struct options options)
{
	int r = run_open(script, count, &options);
	if (r == 0)
		capture_close(&capture);
	return r;
}

static char said[4096]; /* on stderr, by run_open_heard */

int run_open_heard(const struct life *script, unsigned count, struct options *options)
{
	int heard = memfd_create("heard", MFD_CLOEXEC), own = dup(STDERR_FILENO);
	assert_int_equal(dup2(heard, STDERR_FILENO), STDERR_FILENO);
	int r = run_open(script, count, options);
	dup2(own, STDERR_FILENO);
	close(own);
	ssize_t length = pread(heard, said, sizeof(said) - 1, 0);
	assert_in_range(length, 0, sizeof(said) - 1);
	said[length] = '\0';
	close(heard);
	return r;
}

int run_heard(const struct life *script, unsigned count, struct options options)
{
	int r = run_open_heard(script, count, &options);
	if (r == 0)
		capture_close(&capture);
	return r;
}

unsigned times_said(const char *words)
{
	unsigned times = 0;
	for (const char *at = said; (at = strstr(at, words)); at += strlen(words))
		times++;
	return times;
}
