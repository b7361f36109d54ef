// SPDX-License-Identifier: MIT
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int tripool_fail(struct tripool_error *error, int code, const char *format, ...)
{
	if (error) {
		va_list args;
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
		tripool_make_printable(error->text);
	}
	return code;
}

/* How many bytes at `text` are one printable character of UTF-8; 0: none is. C1 controls (c2 80 to c2 9f) are not. */
static int printable(const unsigned char *text)
{
	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f;
	int more = text[0] >= 0xf0 ? 3 : text[0] >= 0xe0 ? 2 : 1;
	if (text[0] < 0xc2 || text[0] > 0xf4 || (text[0] == 0xc2 && text[1] < 0xa0))
		return 0;
	/* Longer than need be, half a pair of UTF-16, beyond Unicode. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
		return 0;
	for (int i = 1; i <= more; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return 1 + more;
}

void tripool_make_printable(char *text)
{
	while (*text) {
		int length = printable((const unsigned char *)text);
		if (length == 0)
			*text = '?';
		text += length ? length : 1;
	}
}

void tripool_log(const struct tripool_logger *logger, enum tripool_log_level level, const char *format, ...)
{
	if (!logger->log)
		return;
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tripool_make_printable(text);
	logger->log(logger->context, level, text);
}
