// SPDX-License-Identifier: MIT
/*
 * The textbook's shared memory: what is typed stands in a System V segment, which has a name by ftok.
 * sysv-write FILE: any file that exists. sysv-read reads; line-write and line-read do the same with tripool.
 *
 * It is short because all of this is left to its user:
 * - Who removes the segment? It outlives every process. This program does at its end; killed, it leaves the segment and
 *   the last line in it until somebody runs ipcrm (or the machine starts anew).
 * - Half a line: a reader that comes while somebody types reads what is there. To have whole lines takes a lock, and
 *   then the writer waits for readers, and everybody for one that died with it (but for robust mutexes, SEM_UNDO).
 * - A dead writer: nobody is told. The old line looks like a new one.
 * - A second writer is not noticed: both type into one line. A second reader is no trouble before there is a lock.
 * - Permissions: a mode as files have, for user, group, others. Who may write can also spoil the line, reader or not.
 * - The name is the file's inode and device in 32 bits: replaced by an editor, the file names another segment; and two
 *   files may name the same one. The size is the first one's: who asks for more gets EINVAL.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LINE_BYTES 256

int main(int argc, char **argv)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	size_t length = 0;
	sigset_t signals;
	char c;

	sigemptyset(&signals); /* before the segment is there: it must be removed */
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[1].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	key_t key = ftok(argc > 1 ? argv[1] : ".", 't');
	int id = key == -1 ? -1 : shmget(key, LINE_BYTES, IPC_CREAT | 0600);
	char *line = id == -1 ? (void *)-1 : shmat(id, NULL, 0);
	if (fds[1].fd < 0 || line == (void *)-1) {
		perror("cannot make the segment");
		return 1;
	}
	while (poll(fds, 2, -1) > 0 && !fds[1].revents && read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n') {
			length = 0;
		} else if (length < LINE_BYTES - 1) {
			line[length++] = c;
			line[length] = '\0';
		}
	}
	shmdt(line);
	if (shmctl(id, IPC_RMID, NULL) < 0) { /* gone when the last reader detaches */
		perror("cannot remove the segment");
		return 1;
	}
	return 0;
}
