// SPDX-License-Identifier: MIT
/* Prints the line in a System V segment, whole or not, of a writer that lives or not. sysv-read FILE: see sysv-write */
#include <stdio.h>
#include <sys/shm.h>

#define LINE_BYTES 256

int main(int argc, char **argv)
{
	key_t key = ftok(argc > 1 ? argv[1] : ".", 't');
	int id = key == -1 ? -1 : shmget(key, LINE_BYTES, 0);
	const char *line = id == -1 ? (void *)-1 : shmat(id, NULL, SHM_RDONLY); /* without the flag it could write */
	if (line == (void *)-1) {
		perror("cannot attach to the segment");
		return 1;
	}
	printf("%.*s\n", LINE_BYTES - 1, line); /* who knows whether there is an end in it */
	shmdt(line);
	return 0;
}
