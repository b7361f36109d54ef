// SPDX-License-Identifier: MIT
/*
 * A producer that goes wrong at any step of the hand-shake, and after it: the viewer says so within its time, lives,
 * and leaves no fd and no mapping behind. What the impostor does is a line of letters, see `steps`.
 */
#include "clock.h"
#include "impostor.h"
#include "scratch.h"
#include "wire.h"

#include <errno.h>
#include <linux/udmabuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* Two answers at two seconds each, on a busy machine. */
#define MOST_NS INT64_C(34000000000)

struct play {
	const char *steps;
	int fd;   /* which one is sent as `f`, and as `F` */
	int then; /* what the viewer, once created, is to say in the end: looked for until it does; 0: nothing */
};

/* ---- The impostor ---- */

static void send_part(int socket, enum tripool_message_type type, size_t size)
{
	struct tripool_message m = {.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, (uint16_t)type}};
	(void)send(socket, &m, size, MSG_NOSIGNAL);
}

static void send_other_version(int socket)
{
	struct tripool_pool pool = impostor_pool("gray", 64, 16, 3);
	pool.header->shape.version++;
	impostor_send(socket, TRIPOOL_POOL, 2, pool.bytes, pool.fd_readonly);
	tripool_pool_destroy(&pool);
}

static void one_step(int socket, char step, struct tripool_pool *pool, int lease_fd, int fd)
{
	switch (step) {
	case 'h': /* hears */
		(void)impostor_expect(socket);
		break;
	case 'l': /* a lease page, as it should be */
		impostor_send(socket, TRIPOOL_LEASE, tripool_lease_bytes(), 0, lease_fd);
		break;
	case 'p': /* a pool, as it should be */
		impostor_send(socket, TRIPOOL_POOL, 1, pool->bytes, pool->fd_readonly);
		break;
	case 'P': /* a pool without an fd */
		impostor_send(socket, TRIPOOL_POOL, 1, pool->bytes, -1);
		break;
	case 'b': /* the lease page as a pool */
		impostor_send(socket, TRIPOOL_POOL, 1, tripool_lease_bytes(), lease_fd);
		break;
	case 'f': /* something else as a pool */
		impostor_send(socket, TRIPOOL_POOL, 1, pool->bytes, fd);
		break;
	case 'F': /* and as a lease page */
		impostor_send(socket, TRIPOOL_LEASE, tripool_lease_bytes(), 0, fd);
		break;
	case 'w': /* a wake-up */
		(void)tripool_wire_nudge(socket, TRIPOOL_WAKE);
		break;
	case 'W': /* wake-ups, as many as are taken */
		for (int i = 0; i < 10000; i++)
			(void)tripool_wire_nudge(socket, TRIPOOL_WAKE);
		break;
	case 'M': /* and pools */
		for (int i = 0; i < 1000; i++)
			impostor_send(socket, TRIPOOL_POOL, (uint64_t)i, pool->bytes, pool->fd_readonly);
		break;
	case 'v': /* a pool whose memory is of another version */
		send_other_version(socket);
		break;
	case 'L': /* half a lease message */
		send_part(socket, TRIPOOL_LEASE, sizeof(struct tripool_message) / 2);
		break;
	case 'Q': /* half a pool's */
		send_part(socket, TRIPOOL_POOL, sizeof(struct tripool_message) - 1);
		break;
	case 'g': /* garbage */
		(void)send(socket, "garbage garbage", 15, MSG_NOSIGNAL);
		break;
	case 'e': /* an empty packet */
		(void)send(socket, "", 0, MSG_NOSIGNAL);
		break;
	case 'R': /* a refusal */
		impostor_send(socket, TRIPOOL_REFUSED, EUSERS, 0, -1);
		break;
	case 't': /* the pool is retired */
		atomic_store(&pool->header->latest, TRIPOOL_LATEST_RETIRED);
		break;
	case '.': /* time passes */
		usleep(50000);
		break;
	case 'm': /* mute, for ever */
		pause();
		break;
	default:
		_exit(2);
	}
}

static void serve(int socket, void *context)
{
	struct play *play = context;
	struct tripool_pool pool = impostor_pool("gray", 64, 16, 3);
	struct tripool_lease_page *page;
	int lease_fd;
	if (tripool_lease_create(&page, &lease_fd, NULL) < 0)
		_exit(2);
	for (const char *step = play->steps; *step; step++)
		one_step(socket, *step, &pool, lease_fd, play->fd);
}

/* ---- The viewer ---- */

struct outcome {
	int created, then; /* by acquire, the last error but -EAGAIN; 0: none */
};

static struct outcome watch(struct play *play)
{
	struct tripool_viewer_options o = {.name = IMPOSTOR_STREAM};
	struct outcome r = {0, 0};
	struct tripool_viewer *v;
	struct tripool_error e = {""};
	assert_int_equal(scratch_make(), 0);
	struct belongings before = belongings();
	pid_t pid = impostor_start(serve, play);
	int64_t began_ns = tripool_now_ns();
	r.created = tripool_viewer_create(&v, &o, &e);
	assert_true(tripool_now_ns() - began_ns < MOST_NS);
	assert_true(r.created == 0 || e.text[0] != '\0');
	for (int i = 0; r.created == 0 && (i < 20 || (play->then != 0 && r.then != play->then)); i++) {
		if (tripool_now_ns() - began_ns > MOST_NS)
			break;
		struct tripool_frame f;
		int said = tripool_viewer_acquire(v, &f);
		if (said != -EAGAIN && said != -EPIPE)
			r.then = said;
		if (said == -EPIPE && r.then == 0)
			r.then = said;
		if (!tripool_viewer_connected(v) && r.then != 0 && r.then != -ESTALE)
			break;
		(void)tripool_viewer_wait(v, 10);
	}
	if (r.created == 0)
		tripool_viewer_destroy(v);
	impostor_end(pid);
	struct belongings after = belongings();
	if (after.fds != before.fds || after.maps != before.maps)
		fail_msg(
		    "'%s' leaves %d fds, %d mappings", play->steps, after.fds - before.fds, after.maps - before.maps);
	assert_int_equal(scratch_remove(), 0);
	return r;
}

static void each_step_that_goes_wrong_is_an_error(void **state)
{
	(void)state;
	static const struct {
		const char *steps;
		int created, then;
	} cases[] = {
	    {"m", -ETIMEDOUT, 0}, /* connected, and not a word */
	    {"", -EAGAIN, 0},     /* hangs up */
	    {"hm", -ETIMEDOUT, 0},
	    {"h", -EAGAIN, 0},
	    {"hg", -EPROTO, 0},
	    {"he", -EAGAIN, 0}, /* an empty packet is the end */
	    {"hL", -EPROTO, 0},
	    {"hp", -EPROTO, 0},
	    {"hw", -EPROTO, 0},
	    {"hW", -EPROTO, 0},
	    {"hR", -ECONNREFUSED, 0},
	    {"hlm", -ETIMEDOUT, 0},
	    {"hl", -EAGAIN, 0},
	    {"hlhm", -ETIMEDOUT, 0},
	    {"hlh", -EAGAIN, 0},
	    {"hlhg", -EPROTO, 0},
	    {"hlhQ", -EPROTO, 0},
	    {"hlhP", -EPROTO, 0},
	    {"hlhl", -EPROTO, 0},
	    {"hlhw", -EPROTO, 0},
	    {"hlhb", -EPROTO, 0},
	    {"hlhR", -ECONNREFUSED, 0},
	    {"lp", 0, -EPIPE}, /* all at once */
	    {"llm", -EPROTO, 0},
	    {"hlhpm", 0, 0},
	    {"hlhp", 0, -EPIPE},
	    {"hlhpgm", 0, -EPROTO},
	    {"hlhpem", 0, -EPIPE},
	    {"hlhpQm", 0, -EPROTO},
	    {"hlhpPm", 0, -EPROTO},
	    {"hlhpbm", 0, -EPROTO},
	    {"hlhplm", 0, -EPROTO},
	    {"hlhpRm", 0, -EPROTO},
	    {"hlhpwwm", 0, 0},
	    {"hlhpWm", 0, -EPROTO},
	    {"hlhpMm", 0, -EPROTO},
	    {"hlhvm", -EPROTONOSUPPORT, 0},
	    {"hlhpvm", 0, -EPROTO}, /* no older producer: its first pool was of our version */
	    {"hlhppm", 0, -ESTALE}, /* the same again is a new generation */
	    /* In the middle of a change of format */
	    {"hlhptm", 0, -EPROTO},
	    {"hlhptQm", 0, -EPROTO},
	    {"hlhptPm", 0, -EPROTO},
	    {"hlhp.tgm", 0, -EPROTO},
	    {"hlhp.pQm", 0, -EPROTO},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct outcome o;
		int tries = 0;
		bool floods = strpbrk(cases[i].steps, "WM");
		do /* an impostor that has to stop for breath, as the machine is busy, is heard to the end */
			o = watch(
			    &(struct play){.steps = cases[i].steps, .fd = -1, .then = floods ? 0 : cases[i].then});
		while (floods && o.created == 0 && (o.then == 0 || o.then == -ESTALE) && ++tries < 100);
		if (o.created != cases[i].created || o.then != cases[i].then)
			fail_msg("'%s': %d, then %d, instead of %d, then %d", cases[i].steps, o.created, o.then,
			    cases[i].created, cases[i].then);
	}
	print_message("%zu ways to go wrong\n", sizeof(cases) / sizeof(*cases));
}

/* ---- fds of every kind ---- */

static int memory(unsigned flags, uint64_t bytes, int seals)
{
	int fd = memfd_create("bait", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		return -1;
	return fd;
}

/* A pool as it should be, but for its seals. */
static int pool_with_seals(int seals)
{
	struct tripool_pool pool = impostor_pool("gray", 64, 16, 3);
	int fd = memory(0, pool.bytes, 0);
	bool written = pwrite(fd, pool.header, sizeof(*pool.header), 0) == sizeof(*pool.header);
	tripool_pool_destroy(&pool);
	return written && fcntl(fd, F_ADD_SEALS, seals) == 0 ? fd : -1;
}

static int again(int fd, int flags)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static int dma_buf(void)
{
	struct udmabuf_create c = {.memfd = (uint32_t)memory(0, 1 << 20, F_SEAL_SHRINK), .size = 1 << 20};
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	return device < 0 ? -1 : ioctl(device, UDMABUF_CREATE, &c);
}

/* -1: not to be had here. Only some of them are as large as they are said to be. */
static int make_fd(unsigned kind, const char **name)
{
	static const char *const names[] = {"/dev/zero", "/dev/null", "/proc/self/mem", "/", "pipe", "socket",
	    "eventfd", "epoll", "pidfd", "secret memory", "huge pages", "dma-buf", "a file", "a path", "unsealed",
	    "not quite sealed", "write-only", "another's size", "empty"};
	int pair[2] = {-1, -1};
	if (kind >= sizeof(names) / sizeof(*names))
		return -2;
	*name = names[kind];
	switch (kind) {
	case 0:
	case 1:
	case 2:
		return open(names[kind], O_RDWR | O_CLOEXEC);
	case 3:
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case 4:
		return pipe2(pair, O_CLOEXEC) == 0 ? pair[0] : -1;
	case 5:
		return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0 ? pair[0] : -1;
	case 6:
		return eventfd(0, EFD_CLOEXEC);
	case 7:
		return epoll_create1(EPOLL_CLOEXEC);
	case 8:
		return (int)syscall(SYS_pidfd_open, getpid(), 0);
	case 9:
		return (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	case 10:
		return memory(MFD_HUGETLB, 2 << 20, TRIPOOL_SEALS);
	case 11:
		return dma_buf();
	case 12:
		return open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	case 13:
		return again(pool_with_seals(TRIPOOL_SEALS), O_PATH);
	case 14:
		return pool_with_seals(0);
	case 15:
		return pool_with_seals(TRIPOOL_SEALS & ~F_SEAL_SHRINK);
	case 16:
		return again(pool_with_seals(TRIPOOL_SEALS), O_WRONLY);
	case 17:
		return memory(0, 12288, TRIPOOL_SEALS);
	default:
		return memory(0, 0, TRIPOOL_SEALS);
	}
}

static void no_other_fd_is_taken_for_memory(void **state)
{
	(void)state;
	static const char *const plays[] = {"hF", "hlhf", "hlhpfm", "hlhptfm"};
	unsigned tried = 0, kind = 0;
	const char *name;
	for (int fd; (fd = make_fd(kind, &name)) != -2; kind++) {
		if (fd < 0)
			print_message("%s: not to be had here\n", name);
		for (size_t p = 0; fd >= 0 && p < sizeof(plays) / sizeof(*plays); p++, tried++) {
			struct outcome o = watch(&(struct play){.steps = plays[p], .fd = fd, .then = -EPROTO});
			int r = o.created ? o.created : o.then;
			if (r != -EPROTO && r != -EACCES && r != -ENODEV)
				fail_msg("%s at '%s': %d, then %d", name, plays[p], o.created, o.then);
		}
	}
	print_message("%u times another fd\n", tried);
}

/* What is sealed stays as large as it is, whatever its own producer does. */
static void a_pool_cannot_be_cut_after_the_hand_shake(void **state)
{
	(void)state;
	struct tripool_pool pool = impostor_pool("gray", 64, 16, 3);
	int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	assert_true(ftruncate(pool.fd, 0) < 0);
	assert_true(ftruncate(pool.fd, (off_t)pool.bytes - 1) < 0);
	assert_true(ftruncate(pool.fd, (off_t)pool.bytes * 2) < 0);
	assert_true(fallocate(pool.fd, punch, 0, 4096) < 0);
	assert_true(madvise(pool.header, pool.bytes, MADV_REMOVE) < 0);
	tripool_pool_destroy(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_step_that_goes_wrong_is_an_error),
	    cmocka_unit_test(no_other_fd_is_taken_for_memory),
	    cmocka_unit_test(a_pool_cannot_be_cut_after_the_hand_shake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
