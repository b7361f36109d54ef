// SPDX-License-Identifier: MIT
/* What viewer.c and connection.c share: the viewer object. One thread. */
#ifndef TRIPOOL_VIEWER_H
#define TRIPOOL_VIEWER_H

#include "error.h"
#include "mapping.h"
#include "queue.h"

struct tripool_viewer {
	char name[TRIPOOL_NAME_BYTES];
	char client_name[TRIPOOL_NAME_BYTES];
	uint32_t leases;
	bool every;
	struct tripool_queue queue; /* of this producer or the last, with `every` */
	struct tripool_logger logger;
	struct tripool_viewer_stats stats;
	uint64_t last_sequence; /* acquired from this producer; 0: none */

	int socket;        /* -1: no producer */
	int inotify;       /* on the directory, for a producer to come */
	int epoll;         /* of whichever counts, so that one fd serves for the viewer's whole life */
	int failure;       /* why the producer was lost; for acquire to tell once */
	bool was_attached; /* ever */
	bool unheard;      /* the socket was readable and has not been read */
	bool try_again;    /* attaching failed in a way that the directory will not tell the end of */

	struct tripool_lease_page *page; /* of this producer or the last; NULL before the first */
	struct tripool_mapping *current; /* NULL before the first producer */
	struct tripool_mapping *news;    /* has come, and acquire has not said so yet */
	struct tripool_mapping *older;   /* a list: kept by leases only */
};

/* The current pool makes room for the next, or NULL; frames leased in it stay. */
void tripool_viewer_replace_current(struct tripool_viewer *viewer, struct tripool_mapping *next);

/* Makes the fds of a viewer that has no producer yet. Returns 0 or -errno, and then none is open. */
int tripool_connection_init(struct tripool_viewer *viewer, struct tripool_error *error);

/* Finds the producer and takes its pool as the current one. Returns 0 or -errno, and then nothing has changed but
 * try_again. */
int tripool_connection_open(struct tripool_viewer *viewer, struct tripool_error *error);

/* Takes in all that the producer has said, without waiting: a new pool, which becomes `news`, or its end. */
void tripool_connection_listen(struct tripool_viewer *viewer);

/* Hangs up, where there is a producer; `failure` is what acquire will say. */
void tripool_connection_close(struct tripool_viewer *viewer, int failure);

/* Closes all fds: the last thing, after the memory was let go. */
void tripool_connection_finish(struct tripool_viewer *viewer);

#endif
