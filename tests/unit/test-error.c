// SPDX-License-Identifier: MIT
/* What a peer says of itself is printed: only what is UTF-8, and moves no cursor. */
#include "error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void only_printable_utf_8_is_left(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""}, {"camera 1", "camera 1"}, {"\x1b[31m\x7f\n", "?[31m??"},
	    {"K\xc3\xbc"
	     "che",
		"K\xc3\xbc"
		"che"},
	    {"\xe2\x82\xac \xf0\x9f\x8e\xa5", "\xe2\x82\xac \xf0\x9f\x8e\xa5"},
	    {"\xc2\x9b"
	     "2J",
		"??2J"},                              /* a control character of two bytes */
	    {"\xc2\xa0", "\xc2\xa0"},                 /* the first that is none */
	    {"\xc0\x80", "??"},                       /* longer than need be */
	    {"\xe0\x9f\xbf", "???"},                  /* likewise */
	    {"\xf0\x8f\xbf\xbf", "????"},             /* likewise */
	    {"\xe0\xa0\x80", "\xe0\xa0\x80"},         /* the first of three bytes */
	    {"\xf0\x90\x80\x80", "\xf0\x90\x80\x80"}, /* of four */
	    {"\xed\x9f\xbf", "\xed\x9f\xbf"},         /* the last before the halves of UTF-16 */
	    {"\xed\xa0\x80", "???"},                  /* one of them */
	    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* the last there is */
	    {"\xf4\x90\x80\x80", "????"},             /* beyond */
	    {"\xf5\x80\x80\x80", "????"},             /* likewise */
	    {"\x80\xff", "??"},                       /* no beginning */
	    {"a\xe2\x82", "a??"},                     /* cut short */
	    {"\xf0\x9f\x8e", "???"},                  /* likewise */
	    {"\xc3(", "?("},                          /* no end */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[32];
		strcpy(text, cases[i][0]);
		tripool_make_printable(text);
		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(only_printable_utf_8_is_left)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
