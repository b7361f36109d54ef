// SPDX-License-Identifier: MIT
/* Who has a device open: shown with a terminal of this test's own, which nobody else can have. */
#include "camera_holder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A process that has the device open from when this returns. */
static pid_t hold(const char *path)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "a (b) c");
		if (open(path, O_RDWR | O_NOCTTY) < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void the_holders_are_told(void **state)
{
	(void)state;
	char text[160], expected[80], tiny[12];
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	const char *path = ptsname(terminal);
	int own = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC); /* which is nobody else */
	assert_true(own >= 0);
	assert_int_equal(camera_holders(path, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	close(own);
	pid_t first = hold(path), second = hold(path);
	assert_int_equal(camera_holders(path, text, sizeof(text)), 2);
	snprintf(expected, sizeof(expected), "pid %d (a (b) c), pid %d (a (b) c)", (int)first, (int)second);
	assert_string_equal(text, expected);
	assert_int_equal(camera_holders(path, tiny, sizeof(tiny)), 2);
	assert_string_equal(tiny, "");
	assert_int_equal(camera_holders("/dev/no-such-camera", text, sizeof(text)), 0);
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
	assert_int_equal(camera_holders(path, text, sizeof(text)), 0);
	close(terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_holders_are_told)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
