// SPDX-License-Identifier: MIT
/* The walks, by who makes the calls: what each proves is its name. */
#ifndef TRIPOOL_SCENARIOS_H
#define TRIPOOL_SCENARIOS_H

/* producer-faults.c */
void a_stream_that_cannot_be_opened_leaves_nothing(void **state);
void so_it_is_with_group_and_preparation(void **state);
void so_it_is_on_an_old_kernel(void **state);
void so_it_is_without_proc(void **state);
void who_has_the_name_is_told_if_it_can_be(void **state);
void a_format_that_cannot_be_had_changes_nothing(void **state);

/* door-faults.c */
void who_cannot_be_let_in_is_told_and_can_come_again(void **state);
void who_needs_more_memory_is_told_if_there_is_none(void **state);
void who_comes_when_no_fd_is_left_is_told(void **state);
void who_cannot_be_answered_can_ask_again(void **state);
void viewers_outlive_a_new_format_or_can_come_again(void **state);
void a_frame_wakes_whatever_fails(void **state);
void a_lossless_stream_waits_whatever_fails(void **state);

/* viewer-faults.c */
void a_viewer_that_cannot_attach_leaves_nothing(void **state);
void so_it_is_with_every_frame(void **state);
void so_it_is_without_proc_for_a_viewer(void **state);
void so_it_is_without_a_producer(void **state);
void a_viewer_that_cannot_reconnect_can_try_again(void **state);
void a_new_format_that_cannot_be_had_is_told(void **state);
void room_is_told_of_whatever_fails(void **state);
void waiting_outlives_whatever_fails(void **state);

/* place-faults.c */
void without_proc_a_socket_of_too_long_a_path_is_told(void **state);
void without_proc_a_directory_that_was_moved_is_told(void **state);

/* directory-faults.c */
void a_list_that_cannot_be_made_leaves_nothing(void **state);
void so_it_is_where_the_directory_is_missing(void **state);
void a_list_that_cannot_be_refreshed_stays(void **state);
void a_report_that_cannot_be_had_leaves_nothing(void **state);
void a_question_that_is_not_answered_ends(void **state);

/* av-faults.c */
void a_frame_that_cannot_be_lent_stays_a_lease(void **state);

#endif
