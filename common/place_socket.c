// SPDX-License-Identifier: MIT
/* A stream's socket in its directory: made by the producer, found by viewers. */
#include "place.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16 */
#endif

static int address(struct sockaddr_un *a, int directory, const char *file, struct tripool_error *error)
{
	char path[PATH_MAX];
	int r = tripool_place_reach(path, directory, error);
	if (r < 0)
		return r;
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	int n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s", path, file);
	if (n >= (int)sizeof(a->sun_path))
		return tripool_fail(error, -ENAMETOOLONG,
		    "the path of '%s' has %d bytes, and without /proc a socket's has %zu at most: mount /proc, or set "
		    "TRIPOOL_DIR",
		    file, n, sizeof(a->sun_path) - 1);
	return 0;
}

static int find_group(const char *group, gid_t *gid, struct tripool_error *error)
{
	struct group entry, *found;
	char buffer[65536];
	int r = getgrnam_r(group, &entry, buffer, sizeof(buffer), &found);
	if (!found)
		return tripool_fail(error, r ? -r : -EINVAL, "there is no group '%.64s'%s%s", group, r ? ": " : "",
		    r ? strerror(r) : "");
	*gid = entry.gr_gid;
	return 0;
}

int tripool_place_listen(int directory, const char *name, uint32_t mode, const char *group, struct tripool_error *error)
{
	gid_t gid = (gid_t)-1;
	int r = group ? find_group(group, &gid, error) : 0;
	if (r < 0)
		return r;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tripool_fail(error, -errno, "cannot make a socket: %s", strerror(errno));

	/* No fds are wanted. One that a peer sent would be closed by us, and a socket that lingers keeps who closes it:
	 * where the kernel can, it is not taken at all. Accepted sockets inherit this. */
	int no = 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof(no));

	char file[TRIPOOL_FILE_BYTES], new_file[TRIPOOL_FILE_BYTES];
	struct sockaddr_un a;
	tripool_place_file(file, name, ".sock");
	tripool_place_file(new_file, name, ".sock.new");
	/* Of one that died right here; the lock says it is nobody's. */
	if (unlinkat(directory, new_file, 0) < 0 && errno != ENOENT) {
		r = tripool_fail(error, -errno,
		    "cannot remove '%s' from the directory of streams: %s (remove it by hand)", new_file,
		    strerror(errno));
		goto close_fd;
	}
	if ((r = address(&a, directory, new_file, error)) < 0)
		goto close_fd;
	/* The socket's own mode limits the file's: nobody else gets in before it is what it should be. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		r = tripool_fail(error, -errno, "cannot make the socket '%s': %s", file, strerror(errno));
		goto close_fd;
	}
	if ((group && fchownat(directory, new_file, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) < 0) ||
	    fchmodat(directory, new_file, mode, 0) < 0) {
		r = tripool_fail(error, -errno, "cannot give the socket '%s' mode %03o%s%.64s: %s", file, mode,
		    group ? " and group " : "", group ? group : "", strerror(errno));
		goto unlink;
	}
	/* Listening before it has its name, so that a viewer who sees the name come can connect; and a stale socket of
	 * a producer that was killed is replaced in one step. */
	if (listen(fd, BACKLOG) < 0 || renameat(directory, new_file, directory, file) < 0) {
		r = tripool_fail(error, -errno, "cannot listen at '%s': %s", file, strerror(errno));
		goto unlink;
	}
	return fd;
unlink:
	unlinkat(directory, new_file, 0);
close_fd:
	close(fd);
	return r;
}

void tripool_place_unlisten(int directory, const char *name, int lock)
{
	char file[TRIPOOL_FILE_BYTES];
	if (tripool_place_is_ours(directory, name, lock))
		unlinkat(directory, tripool_place_file(file, name, ".sock"), 0);
}

/* Looks, without following a link: that could lead to anybody's socket. Returns an O_PATH fd. */
static int find_socket(int directory, const char *name, struct tripool_error *error)
{
	char file[TRIPOOL_FILE_BYTES];
	struct stat st;
	int fd = openat(directory, tripool_place_file(file, name, ".sock"), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int looked = fd < 0 ? -1 : fstat(fd, &st);
	if (looked == 0 && S_ISSOCK(st.st_mode))
		return fd;
	int r = looked == 0 ? -ENOENT : -errno;
	if (fd >= 0)
		close(fd);
	if (r == -ENOENT)
		return tripool_fail(error, -ENOENT, "stream '%s' has no producer", name);
	if (r == -EACCES)
		return tripool_fail(
		    error, r, "the directory of streams is not open to this user (its owner can open it: chmod 755)");
	return tripool_fail(error, r, "cannot look for stream '%s': %s", name, strerror(-r));
}

static int connect_to(int directory, const char *name, int found, struct tripool_error *error)
{
	char file[TRIPOOL_FILE_BYTES], path[PATH_MAX];
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int r = 0;
	if (tripool_place_path_of_fd(path, found))
		snprintf(a.sun_path, sizeof(a.sun_path), "%.32s", path);
	else
		r = address(&a, directory, tripool_place_file(file, name, ".sock"), error);
	if (r < 0)
		return r;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tripool_fail(error, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	r = -errno;
	close(fd);
	if (r == -ENOENT || r == -ECONNREFUSED) /* refused: the socket of a producer that was killed */
		return tripool_fail(error, -ENOENT, "stream '%s' has no producer", name);
	if (r == -EAGAIN)
		return tripool_fail(
		    error, r, "too many stand at the door of stream '%s' (is its producer stopped?): try again", name);
	if (r == -EACCES)
		return tripool_fail(
		    error, r, "stream '%s' is not open to this user (see the producer's --mode and --group)", name);
	return tripool_fail(error, r, "cannot connect to stream '%s': %s", name, strerror(-r));
}

int tripool_place_connect(int directory, const char *name, struct tripool_error *error)
{
	int found = find_socket(directory, name, error);
	if (found < 0)
		return found;
	int r = connect_to(directory, name, found, error);
	close(found);
	return r;
}

bool tripool_place_is_live(int directory, const char *name, int probe)
{
	char file[TRIPOOL_FILE_BYTES];
	struct sockaddr_un a;
	return address(&a, directory, tripool_place_file(file, name, ".sock"), NULL) == 0 &&
	       connect(probe, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == EPROTOTYPE;
}
