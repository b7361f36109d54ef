// SPDX-License-Identifier: MIT
#include "memory.h"

#include "error.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define WORTH_ASKING_BYTES (1u << 20)
#define MIB(bytes) ((unsigned long long)((bytes) >> 20))

uint64_t tripool_round_to_pages(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	return (bytes + page - 1) / page * page;
}

static uint64_t slots_offset_bytes(void)
{
	return tripool_round_to_pages(sizeof(struct tripool_header));
}

uint64_t tripool_lease_bytes(void)
{
	return tripool_round_to_pages(sizeof(struct tripool_lease_page));
}

/* Anonymous, so that it dies with its last user; of fixed size from here on. */
static int make_memory(const char *name, uint64_t bytes, void **map, struct tripool_error *error)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return tripool_fail(error, -errno, "cannot make shared memory (memfd_create): %s", strerror(errno));
	int r;
	/* Made as if it were for all: viewers of other users could open it anew for writing, and hang attributes on it,
	 * any amount of kernel memory that lasts as long as the pool. */
	if (fchmod(fd, 0600) < 0) {
		r = tripool_fail(error, -errno, "cannot close shared memory to others: %s", strerror(errno));
		goto close_fd;
	}
	if (ftruncate(fd, (off_t)bytes) < 0) {
		r = tripool_fail(
		    error, -errno, "cannot size shared memory to %llu MiB: %s", MIB(bytes), strerror(errno));
		goto close_fd;
	}
	*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*map == MAP_FAILED) {
		r = tripool_fail(error, -errno, "cannot map %llu MiB of shared memory: %s (ulimit -v?)", MIB(bytes),
		    strerror(errno));
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return r;
}

/* What the kernel thinks can be had without swapping, or UINT64_MAX where it does not say. */
static uint64_t available_bytes(void)
{
	char line[128];
	unsigned long long kib;
	uint64_t bytes = UINT64_MAX;
	FILE *file = fopen("/proc/meminfo", "re");
	if (!file)
		return bytes;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			bytes = kib * 1024;
	fclose(file);
	return bytes;
}

/* By touching the pages through our own mapping, which waits for nobody: fallocate would take the file's lock, and a
 * viewer may be holding that (up to Linux 6.12 by a write whose buffer never comes, though the seals forbid it). */
static int populate(int fd, uint8_t *map, uint64_t from, uint64_t to)
{
	int r;
	do
		r = madvise(map + from, to - from, MADV_POPULATE_WRITE);
	while (r < 0 && errno == EINTR);
	/* Linux before 5.14 knows no better. */
	while (r < 0 && (errno == EINVAL || errno == EINTR))
		r = fallocate(fd, 0, (off_t)from, (off_t)(to - from));
	return r < 0 ? -errno : 0;
}

static int have_memory(uint64_t bytes, struct tripool_error *error)
{
	/* The kernel would not say no: it would begin to kill processes. */
	uint64_t available = bytes < WORTH_ASKING_BYTES ? UINT64_MAX : available_bytes();
	if (bytes > available)
		return tripool_fail(error, -ENOMEM, "no memory for frames: %llu MiB are needed, %llu MiB are there",
		    MIB(bytes), MIB(available));
	return 0;
}

static int reserve(int fd, void *map, uint64_t from, uint64_t to, struct tripool_error *error)
{
	int r = populate(fd, map, from, to);
	if (r < 0)
		return tripool_fail(
		    error, r, "no memory for frames: %llu MiB more are needed: %s", MIB(to - from), strerror(-r));
	return 0;
}

static int seal(int fd, int seals, struct tripool_error *error)
{
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return tripool_fail(
		    error, -errno, "cannot seal shared memory: %s (Linux 5.1 or later is needed)", strerror(errno));
	return 0;
}

static int reopen_readonly(int fd, struct tripool_error *error)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int readonly = open(path, O_RDONLY | O_CLOEXEC);
	if (readonly < 0)
		return tripool_fail(error, -errno, "cannot reopen %s read-only: %s%s", path, strerror(errno),
		    errno == ENOENT ? " (is /proc mounted?)" : "");
	return readonly;
}

/* Who prepares the memory can rely on its size, and may still ask the kernel for ways to write to it. */
static int prepare(
    const struct tripool_pool *pool, const struct tripool_preparation *preparation, struct tripool_error *error)
{
	if (!preparation || !preparation->call)
		return 0;
	int r = seal(pool->fd, TRIPOOL_SIZE_SEALS, error);
	if (r < 0)
		return r;
	struct tripool_pool_memory memory = tripool_pool_memory(pool);
	struct tripool_error why = {""};
	r = preparation->call(preparation->context, pool->fd, &memory, &why);
	if (r < 0)
		return tripool_fail(error, r, "%s", why.text[0] ? why.text : "the pool's memory could not be prepared");
	return 0;
}

int tripool_pool_create(struct tripool_pool *pool, const struct tripool_format *format, uint32_t slot_count,
    uint32_t reserved_slots, uint64_t generation, const struct tripool_preparation *preparation,
    struct tripool_error *error)
{
	uint64_t slot_bytes = tripool_round_to_pages(format->size_bytes);
	uint64_t bytes = slots_offset_bytes() + slot_bytes * slot_count;
	void *map;
	int fd = make_memory("tripool", bytes, &map, error);
	if (fd < 0)
		return fd;

	struct tripool_pool made = {.fd = fd, .fd_readonly = -1, .header = map, .bytes = bytes};
	int r = reserve(fd, map, 0, slots_offset_bytes(), error);
	if (r < 0)
		goto destroy;
	made.header->shape = (struct tripool_pool_shape){
	    .magic = TRIPOOL_MAGIC,
	    .version = TRIPOOL_PROTOCOL,
	    .generation = generation,
	    .pool_bytes = bytes,
	    .slots_offset_bytes = slots_offset_bytes(),
	    .slot_bytes = slot_bytes,
	    .slot_count = slot_count,
	    .format = *format,
	};
	made.reserved_bytes = slots_offset_bytes();
	if ((r = tripool_pool_reserve(&made, reserved_slots, UINT64_MAX, error)) < 0)
		goto destroy;
	if ((r = prepare(&made, preparation, error)) < 0)
		goto destroy;
	if ((r = seal(fd, TRIPOOL_SEALS, error)) < 0)
		goto destroy;
	if ((r = reopen_readonly(fd, error)) < 0)
		goto destroy;
	made.fd_readonly = r;
	*pool = made;
	return 0;
destroy:
	tripool_pool_destroy(&made);
	return r;
}

int tripool_pool_reserve(struct tripool_pool *pool, uint32_t slots, uint64_t most_bytes, struct tripool_error *error)
{
	uint64_t to = pool->header->shape.slots_offset_bytes + slots * pool->header->shape.slot_bytes;
	if (to <= pool->reserved_bytes)
		return 0;
	/* All that is missing is asked for before the first part of it is taken. */
	int r = have_memory(to - pool->reserved_bytes, error);
	if (r < 0)
		return r;
	bool all = to - pool->reserved_bytes <= most_bytes;
	if (!all)
		to = pool->reserved_bytes + most_bytes;
	r = reserve(pool->fd, pool->header, pool->reserved_bytes, to, error);
	if (r < 0)
		return r;
	pool->reserved_bytes = to;
	return all ? 0 : 1;
}

struct tripool_pool_memory tripool_pool_memory(const struct tripool_pool *pool)
{
	return (struct tripool_pool_memory){
	    .memory = tripool_pool_slot(pool, 0),
	    .slot_bytes = pool->header->shape.slot_bytes,
	    .slots = pool->header->shape.slot_count,
	    .offset_bytes = pool->header->shape.slots_offset_bytes,
	};
}

uint8_t *tripool_pool_slot(const struct tripool_pool *pool, uint32_t slot)
{
	return (uint8_t *)pool->header + pool->header->shape.slots_offset_bytes + slot * pool->header->shape.slot_bytes;
}

uint64_t tripool_pool_resident_bytes(const struct tripool_pool *pool)
{
	struct stat st;
	return fstat(pool->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

void tripool_pool_destroy(struct tripool_pool *pool)
{
	munmap(pool->header, pool->bytes);
	close(pool->fd);
	if (pool->fd_readonly >= 0)
		close(pool->fd_readonly);
	*pool = (struct tripool_pool){.fd = -1, .fd_readonly = -1};
}

int tripool_lease_create(struct tripool_lease_page **page, int *fd, struct tripool_error *error)
{
	void *map;
	int made = make_memory("tripool-lease", tripool_lease_bytes(), &map, error);
	if (made < 0)
		return made;
	int r = reserve(made, map, 0, tripool_lease_bytes(), error);
	if (r == 0)
		r = seal(made, TRIPOOL_SIZE_SEALS, error);
	if (r < 0) {
		munmap(map, tripool_lease_bytes());
		close(made);
		return r;
	}
	*page = map;
	*fd = made;
	return 0;
}

int tripool_lease_check(int fd, struct tripool_error *error)
{
	int have = fcntl(fd, F_GET_SEALS);
	if (have < 0 || (have & TRIPOOL_SEALS) != TRIPOOL_SEALS)
		return tripool_fail(error, -EPROTO, "the viewer has not sealed its lease page (seals %#x, needed %#x)",
		    have < 0 ? 0 : (unsigned)have, TRIPOOL_SEALS);
	/* Nothing can be punched out of it from here on. What was before is not made good: fallocate may be kept
	 * waiting by the viewer. */
	struct stat st;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_blocks * 512 < tripool_lease_bytes())
		return tripool_fail(error, -EPROTO, "the viewer has punched a hole into its lease page");
	return 0;
}

void tripool_lease_unmap(struct tripool_lease_page *page)
{
	munmap(page, tripool_lease_bytes());
}

/* Memory that a peer could cut short, or that is not plain shared memory at all, would be a SIGBUS later. */
static int check_memory(int fd, int seals, uint64_t bytes, struct tripool_error *error)
{
	if (bytes > SIZE_MAX / 2) /* mmap would take part of it, where addresses have 32 bits */
		return tripool_fail(error, -EPROTO, "the producer announced %llu bytes, which no process can map",
		    (unsigned long long)bytes);
	int have = fcntl(fd, F_GET_SEALS);
	if (have < 0 || (have & seals) != seals)
		return tripool_fail(error, -EPROTO,
		    "the producer sent memory that is not sealed (seals %#x, needed %#x)",
		    have < 0 ? 0 : (unsigned)have, (unsigned)seals);
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return tripool_fail(error, -EPROTO, "the producer sent memory of an unsuitable kind (huge pages?)");
	struct stat st = {0};
	if (fstat(fd, &st) < 0 || st.st_size < 0 || (uint64_t)st.st_size != bytes)
		return tripool_fail(error, -EPROTO, "the producer sent %lld bytes of memory and announced %llu",
		    (long long)st.st_size, (unsigned long long)bytes);
	return 0;
}

static int check_shape(const struct tripool_pool_shape *h, uint64_t bytes, struct tripool_error *error)
{
	if (h->magic != TRIPOOL_MAGIC)
		return tripool_fail(error, -EPROTO, "the pool does not begin as a pool (magic %#x)", h->magic);
	if (h->version != TRIPOOL_PROTOCOL)
		return tripool_fail(error, -EPROTONOSUPPORT, "the pool is of version %u, this viewer of %u", h->version,
		    TRIPOOL_PROTOCOL);
	if (h->pool_bytes != bytes || h->slot_count == 0 || h->slot_count > TRIPOOL_MAX_SLOTS ||
	    h->slots_offset_bytes < sizeof(struct tripool_header) || h->slots_offset_bytes > bytes ||
	    h->slot_bytes > (bytes - h->slots_offset_bytes) / h->slot_count)
		return tripool_fail(error, -EPROTO, "the pool's slots do not lie inside it");
	struct tripool_error why;
	if (tripool_format_check(&h->format, &why) < 0)
		return tripool_fail(error, -EPROTO, "the pool's format makes no sense: %.180s", why.text);
	if (h->format.size_bytes > h->slot_bytes)
		return tripool_fail(error, -EPROTO, "the pool's frames are larger than its slots");
	return 0;
}

static uint64_t mapped_bytes(uint64_t pool_bytes)
{
	return tripool_round_to_pages(pool_bytes) + tripool_round_to_pages(1);
}

void tripool_pool_unmap(const struct tripool_header *header, uint64_t bytes)
{
	munmap((void *)header, mapped_bytes(bytes));
}

int tripool_pool_map(int fd, uint64_t bytes, const struct tripool_header **header, struct tripool_pool_shape *shape,
    struct tripool_error *error)
{
	int r = check_memory(fd, TRIPOOL_SEALS, bytes, error);
	if (r < 0)
		return r;
	if (bytes < sizeof(struct tripool_header))
		return tripool_fail(error, -EPROTO, "a pool of %llu bytes is too small", (unsigned long long)bytes);
	/* A page more than the pool has: who reads pixels a vector at a time may read a little too far. */
	void *map = mmap(NULL, mapped_bytes(bytes), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mmap(map, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
		r = tripool_fail(
		    error, -errno, "cannot map the pool's %llu MiB: %s (ulimit -v?)", MIB(bytes), strerror(errno));
		if (map != MAP_FAILED)
			munmap(map, mapped_bytes(bytes));
		return r;
	}
	/* A copy that the producer cannot change any more. */
	struct tripool_pool_shape private = ((const struct tripool_header *)map)->shape;
	r = check_shape(&private, bytes, error);
	if (r < 0) {
		tripool_pool_unmap(map, bytes);
		return r;
	}
	*header = map;
	*shape = private;
	return 0;
}

int tripool_lease_map(int fd, uint64_t bytes, struct tripool_lease_page **page, struct tripool_error *error)
{
	int r = check_memory(fd, TRIPOOL_SIZE_SEALS, bytes, error);
	if (r < 0)
		return r;
	if (bytes != tripool_lease_bytes())
		return tripool_fail(error, -EPROTO, "a lease page of %llu bytes", (unsigned long long)bytes);
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return tripool_fail(error, -errno, "cannot map the lease page: %s", strerror(errno));
	if (fcntl(fd, F_ADD_SEALS, TRIPOOL_SEALS) < 0) {
		r = tripool_fail(error, -EPROTO, "the producer's lease page cannot be sealed: %s", strerror(errno));
		munmap(map, bytes);
		return r;
	}
	*page = map;
	return 0;
}
