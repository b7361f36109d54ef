// SPDX-License-Identifier: MIT
/* reader.c with a pool whose newest frame is another one at each look, so that none is ever claimed in time. */
#include "layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const _Atomic uint64_t *newest_word;
static uint64_t times, rests_at; /* from that look on it stays; 0: never */

static uint64_t look_at(const volatile void *at)
{
	if (at != (const volatile void *)newest_word)
		return 0;
	times += rests_at == 0 || times < rests_at;
	return times << TRIPOOL_LATEST_SLOT_BITS;
}

#undef atomic_load_explicit
#define atomic_load_explicit(p, order) ((__typeof__((void)0, *(p)))look_at(p))
#include "../../common/reader.c"

static int acquire(uint64_t rests, struct tripool_claim *claim, struct tripool_lease_page *page)
{
	static struct tripool_header header;
	struct tripool_reader reader;
	newest_word = &header.latest;
	times = 0;
	rests_at = rests;
	tripool_reader_init(&reader, &header, page, 1);
	return tripool_reader_acquire(&reader, 0, claim);
}

static struct tripool_lease_page *page;

static void a_newest_that_never_rests_is_given_up(void **state)
{
	(void)state;
	struct tripool_claim claim;
	assert_int_equal(acquire(0, &claim, page), -EPROTO);
	assert_int_equal(page->cell[0], 0);
	assert_in_range(times, 1 << 10, 1 << 24);
}

static void one_that_rests_at_last_is_taken(void **state)
{
	(void)state;
	struct tripool_claim claim;
	assert_int_equal(acquire(1000, &claim, page), 0);
	assert_int_equal(claim.sequence, 1000);
	assert_int_equal(page->cell[0], 1);
}

static int set_up(void **state)
{
	(void)state;
	page = calloc(1, sizeof(*page));
	return page ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(page);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_newest_that_never_rests_is_given_up),
	    cmocka_unit_test(one_that_rests_at_last_is_taken),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
