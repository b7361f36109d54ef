// SPDX-License-Identifier: MIT
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

#define MAX_SIDE_PX 32768
#define MAX_RATE_TERM 1000000 /* so that a frame's time can be computed in 64 bits */
#define MAX_RATE 10000
#define MAX_SECONDS 1e9

static void print_error(const char *format, va_list arguments)
{
	char line[1024];

	/* One line, whatever the user's value contains. */
	vsnprintf(line, sizeof(line), format, arguments);
	tripool_make_printable(line);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
}

void cli_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_error(format, arguments);
	va_end(arguments);
}

void cli_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_error(format, arguments);
	va_end(arguments);
	exit(2);
}

void cli_begin(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest free number is this one; what is written to standard output must not vanish silently */
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd) {
			cli_error("standard input, output or error is closed, and /dev/null cannot be opened: %s",
			    strerror(errno));
			exit(1);
		}
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int cli_finish_output(void)
{
	/* A full disk shows itself only when the buffer is written out. */
	bool failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) != 0)
		failed = true;
	if (!failed)
		return 0;
	/* what failed earlier may have left no reason */
	int code = errno ? errno : EIO;
	cli_error("cannot write to standard output: %s", strerror(code));
	return -code;
}

int cli_print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	return cli_finish_output();
}

void cli_print_and_exit(const char *text)
{
	exit(cli_print("%s", text) < 0 ? 1 : 0);
}

/* getopt's own messages differ between C libraries. */
void cli_fail_option(int found, char **argv, const struct option *long_options)
{
	const char *said = argv[optind - 1];

	if (found == ':')
		cli_fail("option '%s' needs a value; see --help", said);
	if (optopt == 0)
		cli_fail("unknown option '%s'; see --help", said);
	/* A known one that is not welcome must have been a long one with a value. */
	for (const struct option *known = long_options; known->name; known++) {
		if (known->val == optopt)
			cli_fail("option '%s': --%s takes no value; see --help", said, known->name);
	}
	/* Not `said`: among several letters in one argument, that is not yet the one before. */
	cli_fail("unknown option '-%c'; see --help", optopt);
}

/* Digits only: strtoull alone would take " 5", "-5" and "0x5". Moves *text behind them. */
static bool take_digits(const char **text, uint64_t *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0;
}

uint64_t cli_uint(const char *option, const char *text, uint64_t least, uint64_t most)
{
	const char *rest = text;
	uint64_t value;

	if (!take_digits(&rest, &value) || *rest != '\0' || value < least || value > most)
		cli_fail("%s: '%s' is not a whole number from %llu to %llu", option, text, (unsigned long long)least,
		    (unsigned long long)most);
	return value;
}

double cli_seconds(const char *option, const char *text)
{
	char *end = NULL;
	double value = 0;

	/* Keeps out "inf", "nan", signs, exponents and hexadecimal. */
	if (text[strspn(text, "0123456789.")] == '\0')
		value = strtod(text, &end);
	if (!end || end == text || *end != '\0' || !(value > 0) || value > MAX_SECONDS)
		cli_fail("%s: '%s' is not a number of seconds above 0, such as 10 or 2.5", option, text);
	return value;
}

void cli_size(const char *option, const char *text, uint32_t *width_px, uint32_t *height_px)
{
	const char *rest = text;
	uint64_t width, height;

	if (!take_digits(&rest, &width) || *rest++ != 'x' || !take_digits(&rest, &height) || *rest != '\0')
		cli_fail("%s: '%s' is not a size such as 1280x720", option, text);
	if (width < 1 || width > MAX_SIDE_PX || height < 1 || height > MAX_SIDE_PX)
		cli_fail("%s: '%s': width and height must be from 1 to %d", option, text, MAX_SIDE_PX);
	*width_px = (uint32_t)width;
	*height_px = (uint32_t)height;
}

/* ".97" after "29": both terms of the fraction grow by ten for each digit. */
static bool take_decimals(const char **text, uint64_t *num, uint64_t *den)
{
	const char *digit = *text;

	if (*digit < '0' || *digit > '9')
		return false;
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		if (*num > UINT32_MAX || *den >= MAX_RATE_TERM)
			return false;
		*num = *num * 10 + (uint64_t)(*digit - '0');
		*den *= 10;
	}
	*text = digit;
	return true;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

void cli_rate(const char *option, const char *text, uint32_t *num, uint32_t *den)
{
	const char *rest = text;
	uint64_t n = 0, d = 1;
	bool ok = take_digits(&rest, &n);

	if (ok && *rest == '/') {
		rest++;
		ok = take_digits(&rest, &d);
	} else if (ok && *rest == '.') {
		rest++;
		ok = take_decimals(&rest, &n, &d);
	}
	if (!ok || *rest != '\0' || n == 0 || d == 0)
		cli_fail("%s: '%s' is not a frame rate above 0 such as 60, 29.97 or 30000/1001", option, text);

	uint64_t divisor = common_divisor(n, d);
	n /= divisor;
	d /= divisor;
	if (n > MAX_RATE_TERM || d > MAX_RATE_TERM || n / d > MAX_RATE || (n / d == MAX_RATE && n % d))
		cli_fail("%s: '%s': at most %d frames a second, as a fraction of numbers up to %d", option, text,
		    MAX_RATE, MAX_RATE_TERM);
	*num = (uint32_t)n;
	*den = (uint32_t)d;
}
