// SPDX-License-Identifier: MIT
#include "remarks.h"

#include <libavutil/log.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Codecs log from threads of their own. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char first[REMARK_BYTES];

static void note(void *context, int level, const char *format, va_list arguments)
{
	(void)context;
	if (level > AV_LOG_ERROR)
		return;
	pthread_mutex_lock(&mutex);
	if (first[0] == '\0') {
		vsnprintf(first, sizeof(first), format, arguments);
		first[strcspn(first, "\n")] = '\0';
	}
	pthread_mutex_unlock(&mutex);
}

void remarks_open(void)
{
	av_log_set_callback(note);
}

void remarks_take(char text[REMARK_BYTES])
{
	pthread_mutex_lock(&mutex);
	memcpy(text, first, sizeof(first));
	first[0] = '\0';
	pthread_mutex_unlock(&mutex);
}
