// SPDX-License-Identifier: MIT
/* What the producers said, for people. */
#ifndef TRIPOOL_STAT_TABLE_H
#define TRIPOOL_STAT_TABLE_H

#include "survey.h"

#include <stdio.h>

/* Lines of at most `columns` columns, as far as that can be (80); 0: names in full. What the locale cannot show is '?'.
 */
void table_write(FILE *out, const struct survey *survey, int columns);

#endif
