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

void tripool_make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
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
