// SPDX-License-Identifier: MIT
#include "camera_find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "error.h"
#include "v4l2.h"

int camera_next(struct camera_found *found, int after)
{
	for (int n = v4l2_next_device(after); n >= 0; n = v4l2_next_device(n)) {
		*found = (struct camera_found){.device.fd = -1};
		snprintf(found->path, sizeof(found->path), "/dev/video%d", n);
		found->code = camera_device_open(&found->device, found->path, &found->why);
		if (found->code == -EINVAL)
			continue;
		if (v4l2_stable_path(found->path, found->stable_path, sizeof(found->stable_path)) < 0)
			found->stable_path[0] = '\0';
		return n;
	}
	return -ENOENT;
}

/* Cameras that were met, as words for an error. */
struct words {
	char text[176]; /* leaves room for the rest of an error's text */
	bool full;
	unsigned count;
};

static void add_word(struct words *words, const char *word)
{
	size_t length = strlen(words->text);

	words->count++;
	if (words->full)
		return;
	words->full = length + strlen(word) + sizeof(", , ...") > sizeof(words->text);
	snprintf(
	    words->text + length, sizeof(words->text) - length, "%s%s", length ? ", " : "", words->full ? "..." : word);
}

/* With the name it has, or why that is not known. */
static void add_named(struct words *words, const struct camera_found *found)
{
	char word[160];

	if (found->code == 0)
		snprintf(word, sizeof(word), "'%s' %s", found->device.name, found->path);
	else
		snprintf(word, sizeof(word), "%s (%.100s)", found->path, strerror(-found->code));
	add_word(words, word);
}

/* With the paths to choose it by. */
static void add_paths(struct words *words, const struct camera_found *found)
{
	char word[320];

	snprintf(word, sizeof(word), "%s", found->path);
	if (found->stable_path[0])
		snprintf(word, sizeof(word), "%s (%s)", found->path, found->stable_path);
	add_word(words, word);
}

int camera_find_none(struct tripool_error *error)
{
	return tripool_fail(
	    error, -ENODEV, "no cameras found: no /dev/video* device captures (plug one in, or load its driver)");
}

static int not_found(const char *name, const struct words *all, struct tripool_error *error)
{
	if (all->count == 0)
		return camera_find_none(error);
	return tripool_fail(error, -ENODEV, "no camera is named '%.32s'; there is %s", name, all->text);
}

static int find_named(char path[CAMERA_PATH_BYTES], const char *name, struct tripool_error *error)
{
	struct words whole = {.count = 0}, part = {.count = 0}, all = {.count = 0};
	char whole_path[CAMERA_PATH_BYTES] = "", part_path[CAMERA_PATH_BYTES] = "";
	const struct words *met = &whole;
	struct camera_found found;

	for (int n = camera_next(&found, -1); n >= 0; n = camera_next(&found, n)) {
		add_named(&all, &found);
		if (found.code == 0 && strcasecmp(found.device.name, name) == 0) {
			add_paths(&whole, &found);
			strcpy(whole_path, found.path);
		} else if (found.code == 0 && strcasestr(found.device.name, name)) {
			add_paths(&part, &found);
			strcpy(part_path, found.path);
		}
		camera_device_close(&found.device);
	}
	if (whole.count == 0)
		met = &part;
	if (met->count == 0)
		return not_found(name, &all, error);
	if (met->count > 1)
		return tripool_fail(error, -EINVAL, "%u cameras are named '%.32s': choose one by its path: %s",
		    met->count, name, met->text);
	strcpy(path, met == &whole ? whole_path : part_path);
	return 0;
}

void camera_identity(char identity[SOURCE_IDENTITY_BYTES], const struct camera_device *device)
{
	snprintf(identity, SOURCE_IDENTITY_BYTES, "%.31s (%.31s)", device->name, device->bus);
}

static int find_again(char path[CAMERA_PATH_BYTES], const char *identity, struct tripool_error *error)
{
	char elsewhere[CAMERA_PATH_BYTES];
	struct camera_found found;
	unsigned namesakes = 0;
	bool same = false;

	for (int n = camera_next(&found, -1); n >= 0; n = camera_next(&found, n)) {
		char met[SOURCE_IDENTITY_BYTES];
		size_t name = strlen(found.device.name);

		if (found.code < 0)
			continue;
		camera_identity(met, &found.device);
		same = strcmp(met, identity) == 0;
		if (same || (strncmp(met, identity, name) == 0 && identity[name] == ' ' && identity[name + 1] == '(')) {
			namesakes++;
			strcpy(elsewhere, found.path);
		}
		camera_device_close(&found.device);
		if (same)
			break;
	}
	if (!same && namesakes != 1)
		return tripool_fail(error, -ENODEV, "camera '%s' is not there", identity);
	strcpy(path, elsewhere);
	return 0;
}

/* A camera that cannot be had is passed over; where there is no other, it is what the error tells of. */
static int find_first(struct camera_device *device, struct tripool_error *error)
{
	struct tripool_error why;
	struct camera_found found;
	int failed = 0;

	for (int n = camera_next(&found, -1); n >= 0; n = camera_next(&found, n)) {
		if (found.code == 0) {
			*device = found.device;
			return 0;
		}
		if (failed == 0) {
			failed = found.code;
			why = found.why;
		}
	}
	return failed < 0 ? tripool_fail(error, failed, "%s", why.text) : camera_find_none(error);
}

/* A name may have a '/' in it as well ("PC/TV Camera"), but what begins with one is no name. */
static bool is_path(const char *argument)
{
	return argument[0] == '/' || argument[0] == '.' || (strchr(argument, '/') && access(argument, F_OK) == 0);
}

int camera_find(struct camera_device *device, const char *argument, const char *identity, struct tripool_error *error)
{
	char path[CAMERA_PATH_BYTES];
	int r;

	if (argument && is_path(argument))
		return camera_device_open(device, argument, error);
	if (!argument && !identity)
		return find_first(device, error);
	r = identity ? find_again(path, identity, error) : find_named(path, argument, error);
	return r < 0 ? r : camera_device_open(device, path, error);
}
