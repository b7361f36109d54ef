// SPDX-License-Identifier: MIT
/* A viewer maps no memory that could be taken from under it, nor follows a number that leads out of it. What an
 * impostor can do over the socket is in tests/process. */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int sealed_memory(unsigned flags, uint64_t bytes, const void *begin, size_t begin_bytes)
{
	int fd = memfd_create("pool", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	if (begin_bytes)
		assert_int_equal(pwrite(fd, begin, begin_bytes, 0), begin_bytes);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
	return fd;
}

static void expect(int fd, uint64_t bytes, const char *words)
{
	const struct tripool_header *header = NULL;
	struct tripool_pool_shape shape = {.magic = 7};
	struct tripool_error error = {""};
	assert_int_equal(tripool_pool_map(fd, bytes, &header, &shape, &error), -EPROTO);
	if (!strstr(error.text, words))
		fail_msg("'%s' is not in '%s'", words, error.text);
	assert_null(header);
	assert_int_equal(shape.magic, 7);
	close(fd);
}

/* They are not there before they are touched, and may not be there then: a SIGBUS. */
static void huge_pages_are_not_mapped(void **state)
{
	(void)state;
	expect(sealed_memory(MFD_HUGETLB, 1 << 21, NULL, 0), 1 << 21, "unsuitable kind (huge pages?)");
}

static void what_has_no_room_for_a_header_is_no_pool(void **state)
{
	(void)state;
	expect(sealed_memory(0, sizeof(struct tripool_header) - 1, NULL, 0), sizeof(struct tripool_header) - 1,
	    "a pool of 383 bytes is too small");
}

static void a_shape_that_does_not_fit_is_not_followed(void **state)
{
	(void)state;
	const struct tripool_pool_shape sound = {.magic = TRIPOOL_MAGIC,
	    .version = TRIPOOL_PROTOCOL,
	    .pool_bytes = 8192,
	    .slots_offset_bytes = 4096,
	    .slot_bytes = 4096,
	    .slot_count = 1};
	struct tripool_pool_shape no_slots = sound, other_size = sound, in_the_header = sound;
	no_slots.slot_count = 0;
	other_size.pool_bytes = 4096;
	in_the_header.slots_offset_bytes = sizeof(struct tripool_header) - 1;
	const struct tripool_pool_shape *cases[] = {&no_slots, &other_size, &in_the_header};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(sealed_memory(0, 8192, cases[i], sizeof(*cases[i])), 8192, "do not lie inside");
	expect(sealed_memory(0, 8192, &sound, sizeof(sound)), 8192, "format makes no sense");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(huge_pages_are_not_mapped),
	    cmocka_unit_test(what_has_no_room_for_a_header_is_no_pool),
	    cmocka_unit_test(a_shape_that_does_not_fit_is_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
