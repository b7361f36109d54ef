// SPDX-License-Identifier: MIT
#include "source_error.h"

#include <stdarg.h>
#include <stdio.h>

int source_fail(struct tripool_error *error, int code, const char *format, ...)
{
	va_list arguments;

	if (error) {
		va_start(arguments, format);
		vsnprintf(error->text, sizeof(error->text), format, arguments);
		va_end(arguments);
	}
	return code;
}
