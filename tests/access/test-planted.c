// SPDX-License-Identifier: MIT
/* Where a stream's files should be lies something else, or somebody else holds them: nothing is followed, nobody's file
 * comes to harm, and what is in the way is told. */
#include "listing.h"
#include "puppet.h"
#include "scratch.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PRECIOUS "somebody's only copy\n"

/* ---- What may lie there --------------------------------------------------------------------------------------- */

enum kind { LINK, DANGLING, LINK_TO_DIRECTORY, HARD_LINK, DIRECTORY, PIPE, SOCKET, KINDS };

static char foreign[512], nowhere[512], elsewhere[512], streams[512];

static void make_world(void)
{
	snprintf(foreign, sizeof(foreign), "%s/foreign", scratch_directory());
	snprintf(nowhere, sizeof(nowhere), "%s/nowhere", scratch_directory());
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", scratch_directory());
	snprintf(streams, sizeof(streams), "%s/streams", scratch_directory());
	int fd = open(foreign, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	assert_int_equal(write(fd, PRECIOUS, strlen(PRECIOUS)), strlen(PRECIOUS));
	close(fd);
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	assert_int_equal(mkdir(streams, 0700), 0);
	assert_int_equal(setenv("TRIPOOL_DIR", streams, 1), 0);
}

static void check_world(void)
{
	char text[64] = "";
	int fd = open(foreign, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), strlen(PRECIOUS));
	assert_string_equal(text, PRECIOUS);
	close(fd);
	assert_int_equal(access(nowhere, F_OK), -1);
	assert_int_equal(rmdir(elsewhere), 0); /* nothing came into it */
	assert_int_equal(mkdir(elsewhere, 0700), 0);
}

static void end_world(void)
{
	check_world();
	assert_int_equal(unlink(foreign), 0);
	assert_int_equal(rmdir(elsewhere), 0);
	assert_int_equal(rmdir(streams), 0); /* empty */
}

static void plant(const char *path, enum kind kind)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = -1;
	switch (kind) {
	case LINK:
		assert_int_equal(symlink(foreign, path), 0);
		break;
	case DANGLING:
		assert_int_equal(symlink(nowhere, path), 0);
		break;
	case LINK_TO_DIRECTORY:
		assert_int_equal(symlink(elsewhere, path), 0);
		break;
	case HARD_LINK:
		assert_int_equal(link(foreign, path), 0);
		break;
	case DIRECTORY:
		assert_int_equal(mkdir(path, 0700), 0);
		break;
	case PIPE:
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	default:
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		assert_true(strlen(path) < sizeof(a.sun_path));
		strcpy(a.sun_path, path);
		assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
		close(fd);
	}
}

static const char *path_in_streams(const char *file)
{
	static char path[1024];
	snprintf(path, sizeof(path), "%s/%s", streams, file);
	return path;
}

/* What create says of it; NULL: it is replaced, and the stream opens. */
struct expected {
	int result;
	const char *words;
};

static void try_with(const char *file, enum kind kind, struct expected expected)
{
	const struct tripool_viewer_options view = {.name = "t"};
	struct tripool_viewer *v = NULL;
	struct tripool_error e = {""};
	plant(path_in_streams(file), kind);
	assert_int_equal(tripool_viewer_create(&v, &view, &e), -ENOENT);
	assert_string_equal(e.text, "stream 't' has no producer");
	struct stage_producer p = stage_open((struct stage_role){0}, NULL);
	assert_int_equal(p.result, expected.result);
	if (!expected.words) {
		assert_int_equal(stage_visit((struct stage_role){0}).frames_right, 3);
	} else {
		if (!strstr(p.error.text, expected.words))
			fail_msg("'%s' does not say '%s'", p.error.text, expected.words);
		assert_int_equal(remove(path_in_streams(file)), 0); /* it is still there */
	}
	stage_close(&p);
	check_world();
	assert_int_equal(rmdir(streams), 0); /* and nothing else */
	assert_int_equal(mkdir(streams, 0700), 0);
}

static void nothing_planted_is_followed_or_harmed(void **state)
{
	(void)state;
	static const char link[] = "'t.lock' in the directory of streams is a link, no lock file: remove it, or set "
				   "TRIPOOL_DIR to another";
	const struct expected lock[KINDS] = {{-EEXIST, link}, {-EEXIST, link}, {-EEXIST, link},
	    {-EEXIST, "is a link to some other file, no lock file"}, {-EEXIST, "is a directory, no lock file"},
	    {-EEXIST, "is a pipe, no lock file"}, {-EEXIST, "is a socket, no lock file"}};
	make_world();
	for (enum kind k = 0; k < KINDS; k++) {
		try_with("t.lock", k, lock[k]);
		try_with("t.sock", k,
		    k == DIRECTORY ? (struct expected){-EISDIR, "cannot listen at 't.sock': Is a"}
				   : (struct expected){0});
		try_with("t.sock.new", k,
		    k == DIRECTORY ? (struct expected){-EISDIR, "Is a directory (remove it by hand)"}
				   : (struct expected){0});
	}
	end_world();
}

/* A viewer goes to a socket in the directory alone: a link could send it, with its rights, to anybody's. */
static void a_link_leads_no_viewer_away(void **state)
{
	(void)state;
	const struct tripool_viewer_options view = {.name = "t"};
	struct tripool_viewer *v = NULL;
	struct tripool_report report;
	struct tripool_error e = {""};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	make_world();
	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", nowhere);
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(symlink(nowhere, path_in_streams("t.sock")), 0);
	assert_int_equal(tripool_viewer_create(&v, &view, &e), -ENOENT);
	assert_int_equal(tripool_report_get("t", 100, &report, &e), -ENOENT);
	assert_int_equal(accept(listener, NULL, NULL), -1); /* nobody came */
	assert_int_equal(errno, EAGAIN);
	close(listener);
	assert_int_equal(unlink(nowhere), 0);
	assert_int_equal(unlink(path_in_streams("t.sock")), 0);
	end_world();
}

static void a_socket_of_another_kind_is_no_stream(void **state)
{
	(void)state;
	const struct tripool_viewer_options view = {.name = "t"};
	struct tripool_viewer *v = NULL;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", path_of("t.sock"));
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&a, sizeof(a)), 0);
	struct tripool_directory *d = list_open();
	assert_string_equal(list_rest(d), "");
	tripool_directory_destroy(d);
	assert_int_equal(tripool_viewer_create(&v, &view, NULL), -EPROTOTYPE);
	close(other);
	assert_int_equal(unlink(path_of("t.sock")), 0);
}

/* ---- Who holds the name --------------------------------------------------------------------------------------- */

static void write_lock(const char *text)
{
	int fd = open(path_of("t.lock"), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void a_lock_file_without_a_lock_is_nobodys(void **state)
{
	(void)state;
	char living[32];
	snprintf(living, sizeof(living), "%d\n", (int)getppid());
	for (const char *const *text = (const char *const[]){living, "1\n", "", "nonsense", "-5\n", NULL}; *text;
	     text++) {
		write_lock(*text);
		puppet_produce(NULL, 64);
		puppet_produce_end();
		assert_int_equal(count_files(), 0);
	}
}

static void expect_taken(const char *words)
{
	const struct tripool_producer_options o = {.name = "t"};
	struct tripool_format f = puppet_format(64);
	struct tripool_producer *p = NULL;
	struct tripool_error e = {""};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EADDRINUSE);
	assert_string_equal(e.text, words);
	assert_null(p);
}

static void who_has_the_name_is_told_as_far_as_it_is_known(void **state)
{
	(void)state;
	char words[300];
	for (const char *const *text = (const char *const[]){"", "nonsense", "-5\n", "99999999999999", NULL}; *text;
	     text++) {
		write_lock(*text);
		int fd = open(path_of("t.lock"), O_RDWR | O_CLOEXEC);
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
		expect_taken("stream 't' already has a producer");
		close(fd);
	}
	assert_int_equal(unlink(path_of("t.lock")), 0);
	struct puppet p = puppet_start();
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	snprintf(words, sizeof(words), "stream 't' already has a producer (pid %d)", (int)p.pid);
	expect_taken(words);
	puppet_end(&p);
}

/* A producer that leaves a child, and is killed: the child has its lock, without knowing. */
static int leave_a_child(void)
{
	list_produce("t", NULL, NULL);
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	int fd = open(path_of("child"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	dprintf(fd, "%d %d\n", (int)getpid(), (int)child);
	close(fd);
	_exit(0); /* as if it had been killed */
}

static void a_child_that_holds_the_name_is_told(void **state)
{
	(void)state;
	char words[300];
	int producer, child;
	assert_int_equal(stage_run((struct stage_role){0}, leave_a_child), 0);
	FILE *file = fopen(path_of("child"), "re");
	assert_int_equal(fscanf(file, "%d %d", &producer, &child), 2);
	fclose(file);
	unlink(path_of("child"));
	snprintf(words, sizeof(words),
	    "stream 't' already has a producer (pid %d, not visible here: it left a child that holds the name, or is "
	    "in "
	    "another pid namespace)",
	    producer);
	expect_taken(words);
	assert_int_equal(kill(child, SIGKILL), 0);
	const struct tripool_producer_options o = {.name = "t"};
	struct tripool_format f = puppet_format(64);
	struct tripool_producer *p = NULL;
	for (int i = 0; i < 3000 && tripool_producer_create(&p, &o, &f, NULL) < 0; i++)
		usleep(10000);
	assert_non_null(p);
	tripool_producer_destroy(p);
}

/* ---- What is taken away --------------------------------------------------------------------------------------- */

static void whose_files_were_taken_away_leaves_the_next_ones_alone(void **state)
{
	(void)state;
	struct tripool_producer *first = list_produce("t", NULL, NULL);
	assert_int_equal(unlink(path_of("t.lock")), 0);
	assert_int_equal(unlink(path_of("t.sock")), 0);
	struct stage_producer second = stage_open((struct stage_role){0}, NULL);
	assert_int_equal(second.result, 0);
	tripool_producer_destroy(first);
	assert_int_equal(stage_visit((struct stage_role){0}).frames_right, 3);
	char words[300];
	snprintf(words, sizeof(words), "stream 't' already has a producer (pid %d)", (int)second.pid);
	expect_taken(words);
	stage_close(&second);
}

static void a_directory_may_be_replaced_under_those_who_use_it(void **state)
{
	(void)state;
	char here[512], there[512];
	snprintf(here, sizeof(here), "%s/here", scratch_directory());
	snprintf(there, sizeof(there), "%s/there", scratch_directory());
	setenv("TRIPOOL_DIR", here, 1);
	struct puppet next = puppet_start(), v = puppet_start(), w = puppet_start();
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	assert_int_equal(rename(here, there), 0);
	/* Who is attached goes on. Who comes finds nobody, and waits where one will come. */
	puppet_publish(producer, 5);
	puppet_expect(&v, 0, 5);
	puppet_release(&v, 0);
	assert_int_equal(puppet_view(&w, 1, false).result, -ENOENT);
	assert_int_equal(puppet_view(&w, 1, true).result, 0);
	/* The waiting one's directory is made by its looking; it goes while the viewer waits, for good. */
	puppet_tell_wait(&w, 30000);
	assert_int_equal(rmdir(here), 0);
	assert_int_equal(puppet_hear(&w).result, 1);
	assert_int_equal(puppet_become_producer(&next, 64).result, 0);
	puppet_tell_host(&next);
	assert_int_equal(puppet_reconnect(&w).result, 0);
	/* The first one's end takes nothing from the second. */
	puppet_produce_end();
	assert_int_equal(rmdir(there), 0);
	puppet_make_frames(&next, 7);
	puppet_expect(&w, 0, 7);
	puppet_release(&w, 0);
	puppet_wait(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE);
	puppet_tell_host(&next);
	assert_int_equal(puppet_reconnect(&v).result, 0);
	puppet_end(&v);
	puppet_end(&w);
	puppet_end(&next);
	assert_int_equal(rmdir(here), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_planted_is_followed_or_harmed),
	    TEST(a_link_leads_no_viewer_away),
	    TEST(a_socket_of_another_kind_is_no_stream),
	    TEST(a_lock_file_without_a_lock_is_nobodys),
	    TEST(who_has_the_name_is_told_as_far_as_it_is_known),
	    TEST(a_child_that_holds_the_name_is_told),
	    TEST(whose_files_were_taken_away_leaves_the_next_ones_alone),
	    TEST(a_directory_may_be_replaced_under_those_who_use_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
