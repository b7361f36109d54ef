// SPDX-License-Identifier: MIT
/* hold-frames STREAM CLIENT FRAMES [every]: a viewer that takes so many frames, says so, and holds them until its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tripool.h"

int main(int argc, char **argv)
{
	struct tripool_frame frame[TRIPOOL_MAX_LEASES];
	struct tripool_viewer *viewer;
	if (argc < 4)
		return 2;
	struct tripool_viewer_options o = {
	    .name = argv[1], .client_name = argv[2], .leases = TRIPOOL_MAX_LEASES / 2, .every = argc > 4};
	if (tripool_viewer_create(&viewer, &o, NULL) < 0)
		return 1;
	for (int held = 0; held < atoi(argv[3]) && held < TRIPOOL_MAX_LEASES / 2;) {
		if (tripool_viewer_acquire(viewer, &frame[held]) == 0)
			held++;
		else
			tripool_viewer_wait(viewer, 1000);
	}
	puts("holding");
	fflush(stdout);
	pause();
	return 0;
}
