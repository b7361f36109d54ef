// SPDX-License-Identifier: MIT
/*
 * sysv-write with tripool: what is typed stands in shared memory, as a picture that is one line high.
 * line-write [NAME]
 *
 * What was left to the user there:
 * - Who removes it? Nobody needs to: the memory has no name of its own, and ends with its last user, however that ends.
 *   Killed, this program leaves a socket and a lock file of no size, which the next one of that name takes over.
 * - Half a line: it is typed into a slot that no viewer looks at, and shown whole by publish. No lock, nobody waits.
 * - A dead writer: viewers get -EPIPE, new ones "has no producer".
 * - A second writer is told which process has the name. Readers, up to 16 here, do not see one another.
 * - Permissions: the socket's (socket_mode, group). Who may read can never write: the kernel sees to that.
 * - The name is a name, and readers learn the size.
 * What it asks for in return: readers come by a socket, so while it waits for a key it has to answer the door.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <tripool.h>
#include <unistd.h>

#define LINE_BYTES 256

int main(int argc, char **argv)
{
	const struct tripool_producer_options options = {.name = argc > 1 ? argv[1] : "line"};
	struct tripool_format format = {.pix_fmt = "gray", .width_px = LINE_BYTES, .height_px = 1};
	struct pollfd fds[3] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}, {.events = POLLIN}};
	struct tripool_producer *producer;
	struct tripool_slot slot;
	struct tripool_error error;
	size_t length = 0;
	sigset_t signals;
	char c;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[1].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fds[1].fd < 0) {
		perror("cannot wait for signals");
		return 1;
	}
	if (tripool_format_layout(&format, &error) < 0 ||
	    tripool_producer_create(&producer, &options, &format, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	fds[2].fd = tripool_producer_fd(producer);
	tripool_producer_begin(producer, &slot);
	while (poll(fds, 3, -1) > 0 && !fds[1].revents) {
		if (fds[2].revents)
			tripool_producer_dispatch(producer);
		if (!fds[0].revents)
			continue;
		if (read(STDIN_FILENO, &c, 1) != 1)
			break;
		if (c == '\n') {
			slot.plane[0][length] = '\0';
			tripool_producer_publish(producer, &slot, NULL);
			tripool_producer_begin(producer, &slot);
			length = 0;
		} else if (length < LINE_BYTES - 1) {
			slot.plane[0][length++] = (uint8_t)c;
		}
	}
	tripool_producer_destroy(producer);
	return 0;
}
