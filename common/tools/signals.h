// SPDX-License-Identifier: MIT
/* The signals that ask a program to end, as something to wait for. */
#ifndef TRIPOOL_SIGNALS_H
#define TRIPOOL_SIGNALS_H

/*
 * Blocks SIGINT, SIGTERM and SIGHUP and returns an fd that is readable once one of them came; -errno when there is
 * none. A SIGHUP that was ignored when the program started (nohup) stays ignored. The caller closes the fd. To be
 * called before the program has a second thread.
 */
int signals_open(void);

#endif
