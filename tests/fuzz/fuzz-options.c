// SPDX-License-Identifier: MIT
/*
 * Command lines of the four programs, by their own options_parse. The first byte is the program, the lines after it are
 * the arguments. Wrong usage is told in one line that any terminal can show; what is taken is what it may be.
 */
#include "command-lines.h"
#include "error.h"
#include "harness.h"
#include "input.h"
#include "place.h"

#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ARGUMENTS 80

enum { CAPTURE, VIEW, RECORD, STAT, WRONG, TOLD, NAMES };
static struct fuzz_goal goal[] = {[CAPTURE] = {"capture", 0},
    [VIEW] = {"view", 0},
    [RECORD] = {"record", 0},
    [STAT] = {"stat", 0},
    [WRONG] = {"wrong-usage", 0},
    [TOLD] = {"help-and-version", 0},
    [NAMES] = {"sound-names", 0},
    {NULL, 0}};

/* The linker leads exit here (--wrap): a program that ends is one more result. */
__attribute__((noreturn)) void __real_exit(int status);
__attribute__((noreturn)) void __wrap_exit(int status);

static jmp_buf back;
static bool parsing;
static int ended_with;

void __wrap_exit(int status)
{
	if (!parsing)
		__real_exit(status);
	ended_with = status;
	longjmp(back, 1);
}

static void parse(char program, int argc, char **argv)
{
	switch (program) {
	case 'c':
		parse_capture(argc, argv);
		goal[CAPTURE].times++;
		break;
	case 'v':
		parse_view(argc, argv);
		goal[VIEW].times++;
		break;
	case 'r':
		parse_record(argc, argv);
		goal[RECORD].times++;
		break;
	case 's':
		parse_stat(argc, argv);
		goal[STAT].times++;
		break;
	}
}

/* "program: one line\n" */
static void check_complaint(char *text)
{
	size_t length = strlen(text), name = strlen(program_invocation_short_name);
	CHECK(length > 0 && text[length - 1] == '\n');
	text[length - 1] = '\0';
	CHECK(fuzz_is_printable(text));
	CHECK(strncmp(text, program_invocation_short_name, name) == 0 && strncmp(text + name, ": ", 2) == 0);
}

static void run(char program, int argc, char **argv)
{
	FILE *out = stdout, *err = stderr;
	char *said, *complained;
	size_t said_bytes, complained_bytes;
	stdout = open_memstream(&said, &said_bytes);
	stderr = open_memstream(&complained, &complained_bytes);
	CHECK(stdout && stderr);
	optind = 0; /* getopt begins anew */
	ended_with = -1;
	parsing = true;
	if (setjmp(back) == 0)
		parse(program, argc, argv);
	parsing = false;
	fclose(stderr);
	if (ended_with != 0)
		fclose(stdout); /* cli_print has done it */
	stdout = out;
	stderr = err;
	CHECK(ended_with == -1 || ended_with == 0 || ended_with == 2);
	CHECK((ended_with == 0) == (said_bytes > 0) && (ended_with == 2) == (complained_bytes > 0));
	if (ended_with == 2)
		check_complaint(complained);
	goal[WRONG].times += ended_with == 2;
	goal[TOLD].times += ended_with == 0;
	free(said);
	free(complained);
}

/* The text itself: as a stream's name, and made fit to be printed. */
static void try_text(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	struct tripool_error error = {""};
	int r = tripool_name_check(text, &error);
	size_t length = strlen(text);
	CHECK((r == 0) == (length >= 1 && length <= 64 && text[0] != '.' && strspn(text, allowed) == length));
	CHECK(r == 0 || (r == -EINVAL && error.text[0] && fuzz_is_printable(error.text)));
	goal[NAMES].times += r == 0;

	char *copy = strdup(text);
	CHECK(copy);
	tripool_make_printable(copy);
	CHECK(strlen(copy) == length && fuzz_is_printable(copy));
	CHECK(!fuzz_is_printable(text) || strcmp(copy, text) == 0);
	for (size_t i = 0; i < length; i++)
		CHECK(copy[i] == text[i] || copy[i] == '?');
	free(copy);
}

void fuzz_begin(void)
{
	fuzz_set_goals(goal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	char *argument[MOST_ARGUMENTS + 1] = {strdup("program")};
	char program = input_choice(&in, "cvrs");
	int count = 1;
	while (in.left > 0 && count < MOST_ARGUMENTS) {
		const uint8_t *end = memchr(in.at, '\n', in.left);
		size_t length = end ? (size_t)(end - in.at) : in.left;
		argument[count] = strndup((const char *)in.at, length);
		CHECK(argument[count]);
		try_text(argument[count++]);
		length += end != NULL;
		in.at += length;
		in.left -= length;
	}
	/* getopt moves them about, and record writes others in their place */
	char *given[MOST_ARGUMENTS + 1];
	memcpy(given, argument, sizeof(given));
	run(program, count, given);
	for (int i = 0; i < count; i++)
		free(argument[i]);
	return 0;
}
