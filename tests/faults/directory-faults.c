// SPDX-License-Identifier: MIT
/* What the list of streams, and who asks a producer, want of the system fails. */
#include "faults.h"
#include "listing.h"
#include "producer.h"
#include "puppet.h"
#include "scenarios.h"
#include "scratch.h"
#include "tripool_report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STREAMS 17 /* one more than the list has room for at first */

static struct tripool_producer *stream[STREAMS];

static void open_streams(void)
{
	for (int i = 0; i < STREAMS; i++) {
		char name[8];
		snprintf(name, sizeof(name), "s%02d", i);
		stream[i] = list_produce(name, NULL, NULL);
	}
}

static void close_streams(void)
{
	for (int i = 0; i < STREAMS; i++)
		tripool_producer_destroy(stream[i]);
}

/* Whom the list asks by connecting, and cannot, it leaves out: as it does with all that do not listen. */
static bool is_about_one_stream(const struct faults_walk *walk)
{
	return walk->hit && strcmp(walk->function, "connect") == 0;
}

static int count_names(struct tripool_directory *d)
{
	char name[TRIPOOL_NAME_BYTES];
	int n = 0;
	while (tripool_directory_next(d, name))
		n++;
	return n;
}

static void walk_through_create(struct faults_walk *walk, int streams)
{
	const struct faults_stock before = faults_take_stock();
	while (faults_next(walk)) {
		struct tripool_directory *untouched = (struct tripool_directory *)&walk, *d = untouched;
		struct tripool_error error = {""};
		faults_arm(walk);
		int r = tripool_directory_create(&d, &error);
		faults_disarm(walk);
		if (!is_about_one_stream(walk))
			faults_judge(walk, r, &error);
		if (r < 0) {
			assert_ptr_equal(d, untouched);
			faults_expect_stock(walk, &before);
			assert_int_equal(tripool_directory_create(&d, &error), 0);
		}
		if (!is_about_one_stream(walk))
			assert_int_equal(count_names(d), streams);
		tripool_directory_destroy(d);
		faults_expect_stock(walk, &before);
	}
}

void a_list_that_cannot_be_made_leaves_nothing(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "directory create"};
	open_streams();
	walk_through_create(&walk, STREAMS);
	close_streams();
}

void so_it_is_where_the_directory_is_missing(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "directory create, none there"};
	char missing[4096];
	snprintf(missing, sizeof(missing), "%s/not/there", scratch_directory());
	setenv("TRIPOOL_DIR", missing, 1);
	walk_through_create(&walk, 0);
}

void a_list_that_cannot_be_refreshed_stays(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "directory refresh"};
	open_streams();
	struct tripool_directory *d = list_open();
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_error error = {""};
		assert_int_equal(tripool_directory_refresh(d, NULL), STREAMS);
		faults_arm(&walk);
		int r = tripool_directory_refresh(d, &error);
		faults_disarm(&walk);
		if (!is_about_one_stream(&walk)) {
			faults_judge(&walk, r, &error);
			assert_int_equal(count_names(d), STREAMS);
		}
		assert_int_equal(tripool_directory_refresh(d, NULL), STREAMS);
		faults_expect_stock(&walk, &before);
		/* What happens after a failure is told as ever. */
		list_settle(d);
		tripool_producer_destroy(stream[0]);
		list_await(d, "s01 s02 s03 s04 s05 s06 s07 s08 s09 s10 s11 s12 s13 s14 s15 s16");
		stream[0] = list_produce("s00", NULL, NULL);
		list_await(d, "s00 s01 s02 s03 s04 s05 s06 s07 s08 s09 s10 s11 s12 s13 s14 s15 s16");
		list_settle(d);
	}
	tripool_directory_destroy(d);
	close_streams();
}

void a_report_that_cannot_be_had_leaves_nothing(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "report", .lasting = 3};
	struct puppet host = puppet_start();
	assert_int_equal(puppet_become_producer(&host, 64).result, 0);
	puppet_tell_host(&host);
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_report report = {.sequence = 77};
		struct tripool_error error = {""};
		faults_arm(&walk);
		int r = tripool_report_get("t", 30000, &report, &error);
		faults_disarm(&walk);
		faults_judge(&walk, r, &error);
		faults_expect_stock(&walk, &before);
		if (r < 0) {
			assert_int_equal(report.sequence, 77);
			if (tripool_report_get("t", 30000, &report, &error) < 0)
				fail_msg("%s does not fail any more: %s", walk.function, error.text);
		}
		assert_int_equal(report.producer_pid, host.pid);
	}
	puppet_end(&host);
}

void a_question_that_is_not_answered_ends(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "report, of a mute producer", .lasting = 3};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_report report;
		struct tripool_error error = {""};
		faults_arm(&walk);
		int r = tripool_report_get("t", 10, &report, &error);
		faults_disarm(&walk);
		if (r == -ETIMEDOUT)
			assert_non_null(strstr(error.text, "does not answer"));
		else
			faults_judge(&walk, r, &error);
		/* Who has asked has gone by now: it is met, and let go. */
		for (int i = 0; i < 3 || p->guests > 0; i++)
			tripool_producer_dispatch(p);
		faults_expect_stock(&walk, &before);
	}
	puppet_produce_end();
}
