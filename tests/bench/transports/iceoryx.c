// SPDX-License-Identifier: MIT
/*
 * iceoryx through its C binding, as for video: a frame is loaned, written in place and published, and each viewer has
 * the newest ones waiting. Nothing is copied. Its daemon, iox-roudi, owns the memory: it is started with a pool
 * for frames of the size that is to come.
 *
 * The parent does not use the library: each side does, with a name of its own. Names are the same each time, so that
 * the daemon takes back at once what a side before has had.
 */
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "iceoryx_binding_c/log.h"
#include "iceoryx_binding_c/publisher.h"
#include "iceoryx_binding_c/runtime.h"
#include "iceoryx_binding_c/subscriber.h"
#include "iceoryx_binding_c/wait_set.h"

#define DAEMON "iox-roudi"
#define READY "RouDi is ready for clients" /* in its log */
#define OWNS "Reserving"                   /* likewise: no other daemon runs, what there is of one is this one's */
#define TAKEN "is RouDi still running"
#define START_MS 20000
#define STOP_MS 3000
#define FORGET_MS 2500 /* the daemon has noticed by then that a process is gone: it gives it 1.5 s */
#define LOOK_MS 5
#define ALIGN 64
#define HEADER 256 /* of a chunk and for alignment; ample */
#define OUT_OF_CHUNKS_MS 3000

/* All that is ever used at once with one viewer: one that is written, two that wait, one that is looked at, and what
 * the daemon has not yet taken back. It makes all of it resident at once. */
#define CHUNKS 8

/* ---- The daemon; in the parent ---- */

static struct {
	pid_t pid; /* 0: it does not run */
	size_t frame_bytes;
	int64_t last_ns; /* when the last link ended */
	char config[512], log[512];
} roudi;

static int write_config(const char *path, size_t frame_bytes)
{
	FILE *f = fopen(path, "we");
	if (!f)
		return -errno;
	fprintf(f, "[general]\nversion = 1\n[[segment]]\n[[segment.mempool]]\nsize = %zu\ncount = %d\n",
	    frame_bytes + HEADER, CHUNKS);
	return fclose(f) == 0 ? 0 : -EIO;
}

static _Noreturn void become_daemon(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it may hang on SIGTERM; the next one takes over what is left */
	setpgid(0, 0);                    /* Ctrl-C is the parent's */
	int fd = open(roudi.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (getppid() != parent || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(1);
	execlp(DAEMON, DAEMON, "-c", roudi.config, "-l", "warning", (char *)NULL);
	fprintf(stderr, "%s, of the package iceoryx: %s\n", DAEMON, strerror(errno));
	_exit(127);
}

/* Whether its log has `text`; without one, its last line goes to `last`. */
static bool log_has(const char *text, char *last, size_t size)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(roudi.log, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		found = strstr(line, text);
		line[strcspn(line, "\n")] = 0;
		if (last && line[0])
			snprintf(last, size, "%.*s", (int)size - 1, line);
	}
	fclose(f);
	return found;
}

static void remove_traces(void)
{
	if (log_has(OWNS, NULL, 0)) {
		const struct group *group = getgrgid(getegid());
		char name[128];
		snprintf(name, sizeof(name), "/%.100s", group ? group->gr_name : "");
		if (group)
			shm_unlink(name);
		shm_unlink("/iceoryx_mgmt");
		unlink("/tmp/roudi");
		unlink("/tmp/roudi.lock");
		unlink("/tmp/iox-unique-roudi.lock");
	}
	unlink(roudi.config);
	unlink(roudi.log);
	memset(&roudi, 0, sizeof(roudi));
}

/* Whether it has ended, or does within `ms`. */
static bool has_ended(int64_t ms)
{
	int64_t late_ns = now_ns() + ms * 1000000;
	while (roudi.pid > 0 && waitpid(roudi.pid, NULL, WNOHANG) == 0) {
		if (now_ns() >= late_ns)
			return false;
		sleep_until_ns(now_ns() + LOOK_MS * 1000000);
	}
	roudi.pid = 0;
	return true;
}

/* The daemon sends SIGTERM to each process that it believes to be alive, whoever has its pid by now, and aborts where
 * none has: so not before it has forgotten the sides. */
static void iceoryx_stop(void)
{
	if (!has_ended(0)) {
		sleep_until_ns(roudi.last_ns + FORGET_MS * INT64_C(1000000));
		kill(roudi.pid, SIGTERM);
		if (!has_ended(STOP_MS)) {
			kill(roudi.pid, SIGKILL);
			waitpid(roudi.pid, NULL, 0);
		}
	}
	remove_traces();
}

static pid_t start_failed(char *why)
{
	char last[WHY_BYTES - 32] = "does not become ready";
	if (log_has(TAKEN, last, sizeof(last)))
		snprintf(why, WHY_BYTES, "another %s is running", DAEMON);
	else
		snprintf(why, WHY_BYTES, "%s: %s", DAEMON, last);
	iceoryx_stop();
	return -ECHILD;
}

static pid_t iceoryx_start(const char *directory, size_t frame_bytes, char *why)
{
	snprintf(roudi.config, sizeof(roudi.config), "%s/roudi.toml", directory);
	snprintf(roudi.log, sizeof(roudi.log), "%s/roudi.log", directory);
	roudi.frame_bytes = frame_bytes;
	int r = write_config(roudi.config, frame_bytes);
	if (r < 0) {
		snprintf(why, WHY_BYTES, "%.200s: %s", roudi.config, strerror(-r));
		remove_traces();
		return r;
	}
	fflush(NULL);
	pid_t parent = getpid();
	roudi.pid = fork();
	if (roudi.pid == 0)
		become_daemon(parent);
	if (roudi.pid < 0) {
		roudi.pid = 0;
		return start_failed(why);
	}
	for (int64_t late_ns = now_ns() + START_MS * INT64_C(1000000); !log_has(READY, NULL, 0);)
		if (has_ended(LOOK_MS) || now_ns() > late_ns)
			return start_failed(why);
	return roudi.pid;
}

/* ---- A link; in the parent ---- */

struct iceoryx {
	char event[32];              /* no other link has it */
	_Atomic int *viewers_opened; /* mapped by all sides */
	iox_pub_storage_t publisher_storage;
	iox_sub_storage_t subscriber_storage;
	iox_ws_storage_t waits_storage;
	iox_pub_t publisher;
	iox_sub_t subscriber;
	iox_ws_t waits;
	void *chunk;
	const void *taken;
};

static int iceoryx_prepare(struct link *link)
{
	static unsigned links;
	if (has_ended(0)) {
		snprintf(link->why, WHY_BYTES, "%s has ended", DAEMON);
		return -ECHILD;
	}
	if (link->bytes > roudi.frame_bytes)
		return link_fail(link, "a frame for which the daemon has no memory", EFBIG);
	struct iceoryx *x = calloc(1, sizeof(*x));
	if (!x)
		return link_fail(link, "calloc", errno);
	link->own = x;
	snprintf(x->event, sizeof(x->event), "link%u", ++links);
	x->viewers_opened = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return x->viewers_opened == MAP_FAILED ? link_fail(link, "mmap", errno) : 0;
}

static void producer_name(char *name, size_t size)
{
	snprintf(name, size, "tripool-bench-producer");
}

static void viewer_name(char *name, size_t size, int number)
{
	snprintf(name, size, "tripool-bench-viewer%d", number);
}

/* The sockets that the library leaves at _exit(). */
static void remove_sockets(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "/tmp/%s", name);
	unlink(path);
	snprintf(path, sizeof(path), "/tmp/%s.lock", name);
	unlink(path);
}

static void iceoryx_clean(struct link *link)
{
	struct iceoryx *x = link->own;
	char name[64];
	if (!x)
		return;
	producer_name(name, sizeof(name));
	remove_sockets(name);
	for (int i = 0; i < link->viewers; i++) {
		viewer_name(name, sizeof(name), i);
		remove_sockets(name);
	}
	if (x->viewers_opened != MAP_FAILED)
		munmap(x->viewers_opened, sizeof(int));
	free(x);
	roudi.last_ns = now_ns();
}

/* ---- Producer ---- */

static int iceoryx_open_producer(struct link *link)
{
	struct iceoryx *x = link->own;
	char name[64];
	producer_name(name, sizeof(name));
	iox_set_loglevel(Iceoryx_LogLevel_Error);
	iox_runtime_init(name);
	iox_pub_options_t o;
	iox_pub_options_init(&o);
	o.historyCapacity = 0;
	o.subscriberTooSlowPolicy = ConsumerTooSlowPolicy_DISCARD_OLDEST_DATA;
	x->publisher = iox_pub_init(&x->publisher_storage, "tripool-bench", "video", x->event, &o);
	return x->publisher ? 0 : link_fail(link, "iox_pub_init", EIO);
}

/* What a viewer before has held is only had back once the daemon knows that it is gone. */
static uint8_t *iceoryx_begin(struct link *link)
{
	struct iceoryx *x = link->own;
	enum iox_AllocationResult r;
	int64_t late_ns = 0;
	while ((r = iox_pub_loan_aligned_chunk(x->publisher, &x->chunk, (uint32_t)link->bytes, ALIGN)) !=
	       AllocationResult_SUCCESS) {
		int64_t now = now_ns();
		late_ns = late_ns ? late_ns : now + OUT_OF_CHUNKS_MS * INT64_C(1000000);
		if (r != AllocationResult_RUNNING_OUT_OF_CHUNKS || now > late_ns) {
			snprintf(link->why, WHY_BYTES, "iceoryx has no memory for a frame (%d)", (int)r);
			return NULL;
		}
		sleep_until_ns(now + LOOK_MS * 1000000);
	}
	return x->chunk;
}

static int iceoryx_publish(struct link *link, const struct stamp *stamp)
{
	struct iceoryx *x = link->own;
	(void)stamp;
	iox_pub_publish_chunk(x->publisher, x->chunk);
	return 0;
}

static void iceoryx_close_producer(struct link *link)
{
	struct iceoryx *x = link->own;
	iox_pub_deinit(x->publisher);
}

/* ---- Viewer ---- */

static int iceoryx_open_viewer(struct link *link)
{
	struct iceoryx *x = link->own;
	char name[64];
	viewer_name(name, sizeof(name), atomic_fetch_add(x->viewers_opened, 1));
	iox_set_loglevel(Iceoryx_LogLevel_Error);
	iox_runtime_init(name);
	iox_sub_options_t o;
	iox_sub_options_init(&o);
	o.queueCapacity = 2; /* with one, the two sides are in each other's way when they run flat out */
	o.historyRequest = 0;
	o.queueFullPolicy = QueueFullPolicy_DISCARD_OLDEST_DATA;
	x->subscriber = iox_sub_init(&x->subscriber_storage, "tripool-bench", "video", x->event, &o);
	if (!x->subscriber)
		return link_fail(link, "iox_sub_init", EIO);
	if (!link->sleeping)
		return 0;
	x->waits = iox_ws_init(&x->waits_storage);
	if (!x->waits || iox_ws_attach_subscriber_state(x->waits, x->subscriber, SubscriberState_HAS_DATA, 0, NULL) !=
			     WaitSetResult_SUCCESS)
		return link_fail(link, "iox_ws_attach_subscriber_state", EIO);
	return 0;
}

static int iceoryx_take(struct link *link, struct taken *taken)
{
	struct iceoryx *x = link->own;
	if (link->sleeping) {
		struct timespec most = {.tv_nsec = TAKE_MS * 1000000};
		iox_notification_info_t info;
		uint64_t missed;
		if (iox_ws_timed_wait(x->waits, most, &info, 1, &missed) == 0)
			return 0;
	}
	if (iox_sub_take_chunk(x->subscriber, &x->taken) != ChunkReceiveResult_SUCCESS)
		return 0;
	taken->frame = x->taken;
	return 1;
}

static void iceoryx_release(struct link *link, struct taken *taken)
{
	struct iceoryx *x = link->own;
	(void)taken;
	iox_sub_release_chunk(x->subscriber, x->taken);
}

static void iceoryx_close_viewer(struct link *link)
{
	struct iceoryx *x = link->own;
	if (x->waits) {
		iox_ws_detach_subscriber_state(x->waits, x->subscriber, SubscriberState_HAS_DATA);
		iox_ws_deinit(x->waits);
	}
	iox_sub_deinit(x->subscriber);
}

const struct transport transport_iceoryx = {
    .name = "iceoryx",
    .what = "iceoryx, newest frames, with its daemon",
    .kind = TRANSPORT_BASELINE,
    .skips = true,
    .start = iceoryx_start,
    .stop = iceoryx_stop,
    .prepare = iceoryx_prepare,
    .clean = iceoryx_clean,
    .open_producer = iceoryx_open_producer,
    .begin = iceoryx_begin,
    .publish = iceoryx_publish,
    .close_producer = iceoryx_close_producer,
    .open_viewer = iceoryx_open_viewer,
    .take = iceoryx_take,
    .release = iceoryx_release,
    .close_viewer = iceoryx_close_viewer,
};
