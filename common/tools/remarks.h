// SPDX-License-Identifier: MIT
/* What FFmpeg says when something fails, kept for the one line that is printed then. */
#ifndef TRIPOOL_REMARKS_H
#define TRIPOOL_REMARKS_H

#define REMARK_BYTES 256

/* From now on FFmpeg prints nothing itself. */
void remarks_open(void);

/* The first error since the last call, "" when there was none. */
void remarks_take(char text[REMARK_BYTES]);

#endif
