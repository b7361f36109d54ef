// SPDX-License-Identifier: MIT
/*
 * Whatever fails of what the library asks the system for, it unwinds: a clear error, nothing left behind, nothing
 * changed, and the same call made again succeeds.
 */
#include "faults.h"
#include "puppet.h"
#include "scenarios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs last. CMakeLists.txt has the list, and imports.sh proves that it is whole. */
static void each_function_was_made_to_fail(void **state)
{
	(void)state;
	assert_true(faults_were_all(FAULTS_WRAPPED));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_stream_that_cannot_be_opened_leaves_nothing),
	    TEST(so_it_is_with_group_and_preparation),
	    TEST(so_it_is_on_an_old_kernel),
	    TEST(so_it_is_without_proc),
	    TEST(who_has_the_name_is_told_if_it_can_be),
	    TEST(a_format_that_cannot_be_had_changes_nothing),
	    TEST(who_cannot_be_let_in_is_told_and_can_come_again),
	    TEST(who_needs_more_memory_is_told_if_there_is_none),
	    TEST(who_comes_when_no_fd_is_left_is_told),
	    TEST(who_cannot_be_answered_can_ask_again),
	    TEST(viewers_outlive_a_new_format_or_can_come_again),
	    TEST(a_frame_wakes_whatever_fails),
	    TEST(a_lossless_stream_waits_whatever_fails),
	    TEST(a_viewer_that_cannot_attach_leaves_nothing),
	    TEST(so_it_is_with_every_frame),
	    TEST(so_it_is_without_proc_for_a_viewer),
	    TEST(so_it_is_without_a_producer),
	    TEST(a_viewer_that_cannot_reconnect_can_try_again),
	    TEST(a_new_format_that_cannot_be_had_is_told),
	    TEST(room_is_told_of_whatever_fails),
	    TEST(waiting_outlives_whatever_fails),
	    TEST(without_proc_a_socket_of_too_long_a_path_is_told),
	    TEST(without_proc_a_directory_that_was_moved_is_told),
	    TEST(a_list_that_cannot_be_made_leaves_nothing),
	    TEST(so_it_is_where_the_directory_is_missing),
	    TEST(a_list_that_cannot_be_refreshed_stays),
	    TEST(a_report_that_cannot_be_had_leaves_nothing),
	    TEST(a_question_that_is_not_answered_ends),
	    TEST(a_frame_that_cannot_be_lent_stays_a_lease),
	    cmocka_unit_test(each_function_was_made_to_fail),
	};
	alarm(300); /* what has failed might be asked for without end */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
