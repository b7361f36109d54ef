// SPDX-License-Identifier: MIT
#include "impostor.h"

#include "harness.h"
#include "memory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_POOL_BYTES (1u << 18)
#define HUGE_PAGE_BYTES (1 << 21)

void impostor_init(struct impostor *i, int listener, uint32_t leases)
{
	*i = (struct impostor){.listener = listener, .socket = -1, .leases = leases, .lease_fd = -1};
	for (int p = 0; p < IMPOSTOR_POOLS; p++)
		i->pool[p].fd = -1;
}

static void drop_pool(struct impostor_pool *p)
{
	if (p->fd < 0)
		return;
	munmap(p->header, p->bytes);
	close(p->fd);
	p->fd = -1;
}

static void drop_page(struct impostor *i)
{
	if (!i->page)
		return;
	tripool_lease_unmap(i->page);
	close(i->lease_fd);
	i->page = NULL;
}

static void hang_up(struct impostor *i)
{
	if (i->socket >= 0)
		close(i->socket);
	i->socket = -1;
}

void impostor_finish(struct impostor *i)
{
	hang_up(i);
	drop_page(i);
	for (int p = 0; p < IMPOSTOR_POOLS; p++)
		drop_pool(&i->pool[p]);
	while ((i->socket = accept4(i->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(i->socket);
}

/* ---- Pools ----------------------------------------------------------------------------------------------------- */

static struct tripool_format choose_format(struct input *in)
{
	static const struct tripool_format format[] = {
	    {.pix_fmt = "gray", .width_px = 64, .height_px = 4},
	    {.pix_fmt = "nv12", .width_px = 64, .height_px = 64},
	    {.pix_fmt = "yuva420p", .width_px = 33, .height_px = 33},
	    {.pix_fmt = "rgb24", .width_px = 100, .height_px = 100},
	};
	struct tripool_format f = format[input_digit(in, 4)];
	CHECK(tripool_format_layout(&f, NULL) == 0);
	return f;
}

/* Sound, but for what is poked into it; sealed as a pool must be, or not; all there, or half of it. */
static void make_pool(struct impostor_pool *p, struct input *in)
{
	static const int lesser[] = {TRIPOOL_SIZE_SEALS, F_SEAL_SHRINK, F_SEAL_GROW | F_SEAL_FUTURE_WRITE, 0};
	struct tripool_format f = choose_format(in);
	uint32_t slots = 1 + input_digit(in, 6);
	uint64_t generation = 1 + input_digit(in, 4);
	uint64_t slot_bytes = tripool_round_to_pages(f.size_bytes);
	uint64_t offset = tripool_round_to_pages(sizeof(struct tripool_header));
	drop_pool(p);
	p->bytes = offset + slots * slot_bytes;
	CHECK(p->bytes <= MOST_POOL_BYTES);
	p->fd = memfd_create("impostor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(p->fd >= 0 && ftruncate(p->fd, (off_t)p->bytes) == 0);
	p->header = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	CHECK(p->header != MAP_FAILED);
	p->header->shape = (struct tripool_pool_shape){.magic = TRIPOOL_MAGIC,
	    .version = TRIPOOL_PROTOCOL,
	    .generation = generation,
	    .pool_bytes = p->bytes,
	    .slots_offset_bytes = offset,
	    .slot_bytes = slot_bytes,
	    .slot_count = slots,
	    .format = f};
	uint32_t how = input_digit(in, 8);
	CHECK(fcntl(p->fd, F_ADD_SEALS, how < 4 ? TRIPOOL_SEALS : lesser[how - 4]) == 0);
	p->announced = p->bytes;
	uint32_t pokes = input_digit(in, 5);
	if (pokes == 4) {
		p->announced += slots * slot_bytes;
		p->header->shape.pool_bytes = p->announced;
		p->header->shape.slot_count = 2 * slots;
		return;
	}
	for (; pokes > 0; pokes--)
		input_poke(in, p->header, sizeof(*p->header));
}

static void publish(struct impostor *i, struct tripool_header *h, struct input *in)
{
	uint32_t slot = input_digit(in, 8), how = input_digit(in, 8);
	i->sequence = how >= 6 ? input_number(in) : i->sequence + 1;
	int at = i->sequence % 2;
	atomic_store(&h->flags[at], how < 4 ? 0 : (uint32_t)input_number(in) | TRIPOOL_FLAG_MORE);
	atomic_store(&h->bytes_used[at], how < 4 ? 0 : input_number(in));
	atomic_store(&h->latest, i->sequence << TRIPOOL_LATEST_SLOT_BITS | slot);
}

static void queue(struct impostor *i, struct input *in)
{
	struct tripool_queued *q = &i->page->queue[i->head % i->leases];
	atomic_store(&q->generation, 1 + input_digit(in, 4));
	atomic_store(&q->slot, input_digit(in, 8));
	uint32_t how = input_digit(in, 8);
	i->sequence = how >= 6 ? input_number(in) : i->sequence + 1;
	atomic_store(&q->sequence, i->sequence);
	atomic_store(&q->bytes_used, how < 4 ? 0 : input_number(in));
	i->head = how == 5 ? input_number(in) : i->head + 1;
	atomic_store(&i->page->head, i->head);
}

/* ---- Messages -------------------------------------------------------------------------------------------------- */

/* Memory that is none, or not such as was announced. The caller's to close. */
static int odd_fd(struct input *in, int like)
{
	int fd;
	switch (input_choice(in, "=0ndesph")) {
	case '=':
		return like < 0 ? -1 : fcntl(like, F_DUPFD_CLOEXEC, 0);
	case 'n':
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 'd':
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case 'e':
		return eventfd(0, EFD_CLOEXEC);
	case 's':
		return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	case 'p': /* a size of its own, all seals */
		fd = memfd_create("odd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		CHECK(fd >= 0 && ftruncate(fd, (off_t)(input_number(in) % 100000)) == 0);
		CHECK(fcntl(fd, F_ADD_SEALS, TRIPOOL_SIZE_SEALS | F_SEAL_SEAL * input_digit(in, 2)) == 0);
		return fd;
	case 'h': /* huge pages, of which there may be none */
		fd = memfd_create("odd", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
		if (fd >= 0 && ftruncate(fd, HUGE_PAGE_BYTES) == 0)
			(void)fcntl(fd, F_ADD_SEALS, TRIPOOL_SEALS);
		return fd;
	default:
		return -1;
	}
}

static void say(const struct impostor *i, const void *bytes, size_t size, int fd, uint32_t fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {0};
	struct iovec data = {.iov_base = (void *)bytes, .iov_len = size};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	if (fd >= 0 && fds > 0) {
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		*c = (struct cmsghdr){CMSG_LEN(fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		for (uint32_t n = 0; n < fds; n++)
			memcpy(CMSG_DATA(c) + n * sizeof(int), &fd, sizeof(fd));
	}
	(void)sendmsg(i->socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* '0': as it should be. Else: another fd, more of them, changed fields, another size. */
static void say_nearly(const struct impostor *i, struct tripool_message m, int fd, struct input *in)
{
	struct {
		struct tripool_message m;
		char more[8];
	} said = {.m = m};
	if (input_choice(in, "0x") == '0') {
		say(i, &said, sizeof(m), fd, 1);
		return;
	}
	int other = odd_fd(in, fd);
	uint32_t fds = input_digit(in, 5);
	for (uint32_t pokes = input_digit(in, 4); pokes > 0; pokes--)
		input_poke(in, &said.m, sizeof(struct tripool_preamble) + sizeof(struct tripool_pool_message));
	size_t size = input_choice(in, "ws") == 's' ? input_number(in) % (sizeof(said) + 1) : sizeof(m);
	say(i, &said, size, other, fds);
	if (other >= 0)
		close(other);
}

static struct tripool_message message(uint16_t type)
{
	return (struct tripool_message){.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, type}};
}

static void say_lease(struct impostor *i, struct input *in)
{
	struct tripool_message m = message(TRIPOOL_LEASE);
	m.lease.lease_bytes = tripool_lease_bytes();
	drop_page(i);
	CHECK(tripool_lease_create(&i->page, &i->lease_fd, NULL) == 0);
	i->head = 0;
	say_nearly(i, m, i->lease_fd, in);
}

static void say_pool(const struct impostor *i, const struct impostor_pool *p, struct input *in)
{
	struct tripool_message m = message(TRIPOOL_POOL);
	if (p->fd >= 0)
		m.pool = (struct tripool_pool_message){p->header->shape.generation, p->announced};
	say_nearly(i, m, p->fd, in);
}

static void say_refused(const struct impostor *i, struct input *in)
{
	struct tripool_message m = message(TRIPOOL_REFUSED);
	m.refused.code = (int32_t)input_number(in);
	input_bytes(in, m.refused.reason, input_digit(in, sizeof(m.refused.reason) + 1));
	say_nearly(i, m, -1, in);
}

static void let_in(struct impostor *i)
{
	if (i->socket < 0)
		i->socket = accept4(i->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void say_something(struct impostor *i, char step, struct input *in)
{
	struct tripool_message m = message(TRIPOOL_WAKE);
	char bytes[sizeof(m) + 8];
	switch (step) {
	case 'L':
		say_lease(i, in);
		break;
	case 'O':
		say_pool(i, &i->pool[input_digit(in, IMPOSTOR_POOLS)], in);
		break;
	case 'W':
		for (uint32_t times = 1 + input_digit(in, 200); times > 0; times--)
			say(i, &m, sizeof(m.preamble), -1, 0);
		break;
	case 'R':
		say_refused(i, in);
		break;
	case 'm':
		say(i, bytes, input_bytes(in, bytes, input_digit(in, 250)), i->lease_fd, input_digit(in, 2));
		break;
	}
}

void impostor_step(struct impostor *i, char step, struct input *in)
{
	struct impostor_pool *p = strchr("MPFES", step) ? &i->pool[input_digit(in, IMPOSTOR_POOLS)] : NULL;
	let_in(i);
	if (strchr("LOWRm", step)) {
		say_something(i, step, in);
		return;
	}
	switch (step) {
	case 'M':
		make_pool(p, in);
		break;
	case 'X':
		hang_up(i);
		break;
	case 'Q':
		if (i->page)
			queue(i, in);
		break;
	case 'K':
		if (i->page)
			input_poke(in, i->page, sizeof(*i->page));
		break;
	}
	if (!p || p->fd < 0)
		return;
	if (step == 'P')
		input_poke(in, p->header, sizeof(*p->header));
	else if (step == 'F')
		publish(i, p->header, in);
	else if (step == 'S') /* all slots are gone, where the seals allow it */
		(void)!ftruncate(p->fd, (off_t)tripool_round_to_pages(sizeof(*p->header)));
	else if (step == 'E')
		atomic_store(&p->header->latest, TRIPOOL_LATEST_RETIRED);
}
