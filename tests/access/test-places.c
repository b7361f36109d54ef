// SPDX-License-Identifier: MIT
/* Directories of streams that are full, read-only, immutable, closed or somebody else's: a clear error, and nothing
 * half made. In a mount namespace of its own, where /tmp is a new one. */
#include "puppet.h"
#include "sandbox.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

/* Ids that nobody has. */
#define OWNER 64021
#define SQUATTER 64022

static const struct stage_person owner = {OWNER, OWNER, 0};
static const struct stage_role as_owner = {.become = stage_become_person, .context = &owner};

/* In the way of each test: a file system of its own. */
static char disk[512], streams[600];

static void mount_disk(const char *options)
{
	snprintf(disk, sizeof(disk), "%s/disk", scratch_directory());
	snprintf(streams, sizeof(streams), "%s/streams", disk);
	assert_int_equal(chmod(scratch_directory(), 0755), 0);
	assert_int_equal(mkdir(disk, 0755), 0);
	assert_int_equal(mount("none", disk, "tmpfs", 0, options), 0);
	setenv("TRIPOOL_DIR", streams, 1);
}

static void unmount_disk(void)
{
	assert_int_equal(umount2(disk, 0), 0);
	assert_int_equal(rmdir(disk), 0);
}

static void expect(const struct stage_producer *p, int result, const char *words)
{
	if (p->result != result || !strstr(p->error.text, words))
		fail_msg("%d, \"%s\" instead of %d, \"%s\"", p->result, p->error.text, result, words);
}

static void cannot_open(struct stage_role role, int result, const char *words)
{
	struct stage_producer p = stage_open(role, NULL);
	expect(&p, result, words);
	stage_close(&p);
}

static void can_open(struct stage_role role)
{
	struct stage_producer p = stage_open(role, NULL);
	if (p.result < 0)
		fail_msg("%s", p.error.text);
	assert_int_equal(stage_visit(role).frames_right, 3);
	stage_close(&p);
}

static void cannot_view(struct stage_role role, int result, const char *words)
{
	struct stage_visit seen = stage_visit(role);
	if (seen.result != result || !strstr(seen.error.text, words))
		fail_msg("%d, \"%s\" instead of %d, \"%s\"", seen.result, seen.error.text, result, words);
}

static const struct stage_role nobody;

/* ---- Full, read-only, immutable ------------------------------------------------------------------------------- */

/* With each number of files that are left: from none to enough. */
static void without_inodes_nothing_is_half_made(void **state)
{
	(void)state;
	mount_disk("mode=755,size=1m,nr_inodes=32");
	char filler[700];
	int made = 0, opened = 0;
	for (;; made++) {
		snprintf(filler, sizeof(filler), "%s/%d", disk, made);
		int fd = open(filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	assert_int_equal(errno, ENOSPC);
	for (int left = 0; left < 4; left++) {
		struct stage_producer p = stage_open(nobody, NULL);
		if (p.result < 0)
			expect(&p, -ENOSPC, "No space left on device");
		opened += p.result == 0;
		stage_close(&p);
		assert_int_equal(rmdir(streams), left > 0 ? 0 : -1); /* made, with nothing in it */
		snprintf(filler, sizeof(filler), "%s/%d", disk, --made);
		assert_int_equal(unlink(filler), 0);
	}
	assert_int_equal(opened, 1); /* the directory, the lock and the socket are three */
	unmount_disk();
}

static void on_a_full_disk_nothing_is_half_made(void **state)
{
	(void)state;
	mount_disk("mode=755,size=64k");
	char filler[700], page[4096] = {0};
	snprintf(filler, sizeof(filler), "%s/filler", disk);
	assert_int_equal(mkdir(streams, 0700), 0);
	int fd = open(filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	while (write(fd, page, sizeof(page)) > 0)
		continue;
	close(fd);
	cannot_open(nobody, -ENOSPC, "cannot write the lock file 't.lock': No space left on device");
	assert_int_equal(rmdir(streams), 0);
	assert_int_equal(unlink(filler), 0);
	can_open(nobody);
	unmount_disk();
}

static void on_a_read_only_disk_one_can_look_only(void **state)
{
	(void)state;
	mount_disk("mode=755");
	assert_int_equal(mount(NULL, disk, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	cannot_open(nobody, -EROFS, "cannot make directory '");
	cannot_view(nobody, -EROFS, "Read-only file system (set TRIPOOL_DIR to another)");
	assert_int_equal(mount(NULL, disk, NULL, MS_REMOUNT, NULL), 0);
	assert_int_equal(mkdir(streams, 0700), 0);
	/* Not under a producer, who has its lock file open for writing; but with what a killed one left. */
	struct stage_producer p = stage_open(nobody, NULL);
	assert_int_equal(p.result, 0);
	assert_int_equal(mount(NULL, disk, NULL, MS_REMOUNT | MS_RDONLY, NULL), -1);
	assert_int_equal(errno, EBUSY);
	stage_kill(&p);
	assert_int_equal(mount(NULL, disk, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	cannot_view(nobody, -ENOENT, "stream 't' has no producer");
	cannot_open(nobody, -EROFS, "cannot open the lock file 't.lock' in the directory of streams: Read-only");
	assert_int_equal(mount(NULL, disk, NULL, MS_REMOUNT, NULL), 0);
	can_open(nobody);
	assert_int_equal(rmdir(streams), 0);
	unmount_disk();
}

static void set_immutable(const char *path, bool on)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;
	assert_true(fd >= 0);
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		flags = -1;
	else
		flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	int r = flags < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	if (r < 0) {
		fprintf(stderr, "test-places: nothing can be made immutable: %s\n", strerror(errno));
		skip();
	}
}

static void in_an_immutable_directory_nothing_is_half_made(void **state)
{
	(void)state;
	mount_disk("mode=755");
	assert_int_equal(mkdir(streams, 0700), 0);
	set_immutable(streams, true);
	cannot_open(nobody, -EPERM, "cannot open the lock file 't.lock' in the directory of streams: Operation not");
	set_immutable(streams, false);
	/* Made so under a producer: it leaves its files, which the next one cannot replace, and then can. */
	struct stage_producer p = stage_open(nobody, NULL);
	set_immutable(streams, true);
	stage_close(&p);
	cannot_open(nobody, -EPERM, "cannot make the socket 't.sock'");
	set_immutable(streams, false);
	can_open(nobody);
	assert_int_equal(rmdir(streams), 0);
	unmount_disk();
}

/* ---- Somebody else's ------------------------------------------------------------------------------------------ */

static void squat(const char *path, const char *how)
{
	char other[710];
	snprintf(other, sizeof(other), "%s-other", path);
	if (strcmp(how, "directory") == 0)
		assert_int_equal(mkdir(path, 0755), 0);
	else if (strcmp(how, "open directory") == 0)
		assert_int_equal(mkdir(path, 0777), 0);
	else if (strcmp(how, "file") == 0)
		assert_int_equal(mknod(path, S_IFREG | 0666, 0), 0);
	else if (strcmp(how, "dangling link") == 0)
		assert_int_equal(symlink("/nonsense/nowhere", path), 0);
	else { /* to a directory of ours */
		assert_int_equal(mkdir(other, 0700), 0);
		assert_int_equal(chown(other, OWNER, OWNER), 0);
		assert_int_equal(symlink(other, path), 0);
	}
	assert_int_equal(lchown(path, SQUATTER, SQUATTER), 0);
}

static void a_squatted_directory_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *how;
		int result;
		const char *words;
	} ways[] = {
	    {"directory", -EPERM, "belongs to user 64022, not to us (64021): set TRIPOOL_DIR"},
	    {"open directory", -EPERM, "belongs to user 64022, not to us (64021): set TRIPOOL_DIR"},
	    {"file", -ENOTDIR, "Not a directory (set TRIPOOL_DIR to another)"},
	    {"dangling link", -ENOTDIR, "Not a directory (set TRIPOOL_DIR to another)"},
	    {"link", -ENOTDIR, "Not a directory (set TRIPOOL_DIR to another)"},
	};
	char runtime[600], path[700], other[710];
	snprintf(runtime, sizeof(runtime), "%s/runtime", scratch_directory());
	assert_int_equal(chmod(scratch_directory(), 0755), 0);
	assert_int_equal(mkdir(runtime, 0755), 0);
	assert_int_equal(chown(runtime, OWNER, OWNER), 0);
	unsetenv("TRIPOOL_DIR");
	for (size_t i = 0; i < 2 * sizeof(ways) / sizeof(*ways); i++) {
		if (i % 2) {
			setenv("XDG_RUNTIME_DIR", runtime, 1);
			snprintf(path, sizeof(path), "%s/tripool", runtime);
		} else {
			unsetenv("XDG_RUNTIME_DIR");
			snprintf(path, sizeof(path), "/tmp/tripool-%d", OWNER);
		}
		squat(path, ways[i / 2].how);
		cannot_open(as_owner, ways[i / 2].result, ways[i / 2].words);
		cannot_view(as_owner, ways[i / 2].result, ways[i / 2].words);
		assert_int_equal(remove(path), 0);
		snprintf(other, sizeof(other), "%s-other", path);
		if (strcmp(ways[i / 2].how, "link") == 0)
			assert_int_equal(rmdir(other), 0); /* empty */
	}
	/* And where nobody was before us it is made, for us alone. */
	struct stat st;
	can_open(as_owner);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(st.st_uid, OWNER);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(runtime), 0);
	unsetenv("XDG_RUNTIME_DIR");
}

static void a_closed_directory_is_told(void **state)
{
	(void)state;
	char path[600];
	snprintf(path, sizeof(path), "%s/closed", scratch_directory());
	assert_int_equal(chmod(scratch_directory(), 0755), 0);
	setenv("TRIPOOL_DIR", path, 1);
	/* Cannot be made. */
	cannot_open(as_owner, -EACCES, "cannot make directory '");
	cannot_view(as_owner, -EACCES, "Permission denied (set TRIPOOL_DIR to another)");
	/* Ours, but not to be written. */
	assert_int_equal(mkdir(path, 0500), 0);
	assert_int_equal(chown(path, OWNER, OWNER), 0);
	cannot_open(as_owner, -EACCES, "cannot open the lock file 't.lock' in the directory of streams: Permission");
	/* Not ours. */
	assert_int_equal(chown(path, SQUATTER, SQUATTER), 0);
	assert_int_equal(chmod(path, 0755), 0);
	cannot_open(as_owner, -EPERM, "belongs to user 64022");
	cannot_view(as_owner, -ENOENT, "stream 't' has no producer");
	/* Sticky, but open to all. */
	assert_int_equal(chmod(path, 01777), 0);
	cannot_view(as_owner, -EPERM, "others may write in directory");
	assert_int_equal(chown(path, OWNER, OWNER), 0);
	cannot_open(as_owner, -EPERM, "others may write in directory");
	assert_int_equal(chmod(path, 01700), 0);
	can_open(as_owner);
	assert_int_equal(rmdir(path), 0);
}

/* By a list beside the mode: the mode's group bits say what anybody in it may. */
static void a_list_of_users_who_may_write_is_seen(void **state)
{
	(void)state;
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entry[5];
	} list = {2, {{0x01, 7, UINT32_MAX}, {0x02, 7, SQUATTER}, {0x04, 0, UINT32_MAX}, {0x10, 7, UINT32_MAX},
			 {0x20, 0, UINT32_MAX}}}; /* owner, a user, group, mask, others */
	mount_disk("mode=755");
	assert_int_equal(mkdir(streams, 0700), 0);
	if (setxattr(streams, "system.posix_acl_access", &list, sizeof(list), 0) < 0) {
		fprintf(stderr, "test-places: there are no access lists: %s\n", strerror(errno));
		skip();
	}
	cannot_open(nobody, -EPERM, "others may write in directory");
	cannot_view(nobody, -EPERM, "others may write in directory");
	assert_int_equal(rmdir(streams), 0);
	unmount_disk();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(without_inodes_nothing_is_half_made),
	    TEST(on_a_full_disk_nothing_is_half_made),
	    TEST(on_a_read_only_disk_one_can_look_only),
	    TEST(in_an_immutable_directory_nothing_is_half_made),
	    TEST(a_squatted_directory_is_refused),
	    TEST(a_closed_directory_is_told),
	    TEST(a_list_of_users_who_may_write_is_seen),
	};
	if (geteuid() != 0) {
		fputs("test-places: not root: cannot mount, nor be several users\n", stderr);
		return 77;
	}
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/tmp", "tmpfs", 0, "mode=1777") < 0) {
		perror("test-places: cannot mount a /tmp of its own");
		return 77;
	}
	unsetenv("TMPDIR");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
