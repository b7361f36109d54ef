// SPDX-License-Identifier: MIT
/* The command lines' numbers: what is taken, and that all else ends with one line that names the value. */
#include "cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum what { UINT, ANY_UINT, SECONDS, SIZE, RATE };

static void parse(enum what what, const char *text)
{
	uint32_t a, b;

	switch (what) {
	case UINT:
		cli_uint("--option", text, 3, 1000);
		break;
	case ANY_UINT:
		cli_uint("--option", text, 0, UINT64_MAX);
		break;
	case SECONDS:
		cli_seconds("--option", text);
		break;
	case SIZE:
		cli_size("--option", text, &a, &b);
		break;
	case RATE:
		cli_rate("--option", text, &a, &b);
		break;
	}
}

/* In a child, as a wrong value ends the program. Writes what that says. */
static void refuse(enum what what, const char *text, char line[4096])
{
	int ends[2], status;
	size_t length = 0;
	ssize_t got;

	fflush(NULL);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		parse(what, text);
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], line + length, 4095 - length)) > 0)
		length += (size_t)got;
	line[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 2)
		fail_msg("'%s' was taken", text);
	assert_int_equal(strncmp(line, "test-cli: --option: '", 21), 0);
	/* One line, and the value is in it (control characters are replaced, long ones cut). */
	assert_ptr_equal(strchr(line, '\n'), line + length - 1);
}

static void assert_refused(enum what what, const char *text)
{
	char line[4096];
	refuse(what, text, line);
	if (strlen(text) < 500 && !strpbrk(text, "\n\t\033\177"))
		assert_non_null(strstr(line, text));
}

static void test_uint(void **state)
{
	static const char *const wrong[] = {"", "2", "1001", "-5", "+5", " 5", "5 ", "5x", "0x5", "5.0", "1e2", "abc",
	    "99999999999999999999", "18446744073709551621", "5\n6", "\033[31m5", "5\177"};

	(void)state;
	assert_int_equal(cli_uint("--option", "3", 3, 1000), 3);
	assert_int_equal(cli_uint("--option", "1000", 3, 1000), 1000);
	assert_int_equal(cli_uint("--option", "0007", 3, 1000), 7);
	assert_int_equal(cli_uint("--option", "18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(UINT, wrong[i]);

	assert_refused(ANY_UINT, "18446744073709551616");
	assert_refused(ANY_UINT, "-1");

	char long_text[3000];
	memset(long_text, '7', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	assert_refused(UINT, long_text);
}

static void test_seconds(void **state)
{
	static const char *const wrong[] = {"", "0", "0.0", ".", "-1", "+1", " 1", "1 ", "1s", "1.2.3", "1,5", "1e3",
	    "0x1", "inf", "nan", "9999999999"};

	(void)state;
	assert_true(cli_seconds("--option", "10") == 10.0);
	assert_true(cli_seconds("--option", "2.5") == 2.5);
	assert_true(cli_seconds("--option", ".25") == 0.25);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(SECONDS, wrong[i]);
}

static void test_size(void **state)
{
	static const char *const wrong[] = {"", "x", "1280", "1280x", "x720", "0x720", "1280x0", "-1280x720",
	    "1280x-720", "1280X720", "1280*720", "1280 x720", "1280x 720", "1280x720x3", "1280x720p", "32769x1",
	    "1x32769", "99999999999999999999x4", "4294968576x720"};
	uint32_t width = 0, height = 0;

	(void)state;
	cli_size("--option", "1280x720", &width, &height);
	assert_int_equal(width, 1280);
	assert_int_equal(height, 720);
	cli_size("--option", "1x32768", &width, &height);
	assert_int_equal(width, 1);
	assert_int_equal(height, 32768);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(SIZE, wrong[i]);
}

static void assert_rate(const char *text, uint32_t expected_num, uint32_t expected_den)
{
	uint32_t num = 0, den = 0;

	cli_rate("--option", text, &num, &den);
	assert_int_equal(num, expected_num);
	assert_int_equal(den, expected_den);
}

static void test_rate(void **state)
{
	static const char *const wrong[] = {"", "0", "0.0", "0/1", "1/0", "/", "60/", "/1", "60/1/1", "60.", ".5",
	    "-60", "+60", " 60", "60 ", "60fps", "60.fps", "60./1", "60.5fps", "6e1", "29.97/1", "0.0000001",
	    "4294967296.5", "10000.5", "10001", "20000/1", "1/1000001", "1000001/1000", "99999999999999999999",
	    "1.00000000000000000000001", "inf", "nan"};

	(void)state;
	assert_rate("60", 60, 1);
	assert_rate("29.97", 2997, 100);
	assert_rate("30000/1001", 30000, 1001);
	assert_rate("120/2", 60, 1);
	assert_rate("0.5", 1, 2);
	assert_rate("1/10", 1, 10);
	assert_rate("10000", 10000, 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(RATE, wrong[i]);
}

/* Neither escapes of a terminal, in two bytes as well, nor what is no UTF-8, nor half a character where it was cut. */
static void an_error_is_fit_for_any_terminal(void **state)
{
	char line[4096], text[2000] = "";

	(void)state;
	refuse(UINT, "\xc2\x9b[31m\xff\xe2\x82\xac\xe2\x82", line);
	assert_non_null(strstr(line, ": '?\?[31m?\xe2\x82\xac?\?' is not a whole number"));
	while (strlen(text) < sizeof(text) - 4)
		strcat(text, "\xe2\x82\xac");
	for (int shift = 0; shift < 3; shift++) {
		refuse(UINT, text + shift, line);
		size_t end = strlen(line) - 1;
		assert_true(line[end - 1] == '?' || memcmp(line + end - 3, "\xe2\x82\xac", 3) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uint),
	    cmocka_unit_test(test_seconds),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(an_error_is_fit_for_any_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
