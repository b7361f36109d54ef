// SPDX-License-Identifier: MIT
/* The controls of the fake driver, as the kernel's control framework and uvcvideo answer for theirs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-parts.h"
#include "fake-v4l2.h"

static struct fake_control *find(uint32_t id)
{
	for (unsigned i = 0; i < fake.control_count; i++)
		if (fake.controls[i].id == id)
			return &fake.controls[i];
	return NULL;
}

static uint32_t flags(const struct fake_control *c)
{
	return c->flags | (c->ruled_by && find(c->ruled_by)->value ? V4L2_CTRL_FLAG_INACTIVE : 0);
}

/* The table is in the order of ids. */
static const struct fake_control *after(uint32_t id, bool compound)
{
	for (unsigned i = 0; i < fake.control_count; i++)
		if (fake.controls[i].id > (id & 0x0fffffff) &&
		    (compound || (!fake.controls[i].dims && fake.controls[i].type < V4L2_CTRL_COMPOUND_TYPES)))
			return &fake.controls[i];
	return NULL;
}

static int query_ext(struct v4l2_query_ext_ctrl *query)
{
	const struct fake_control *c = after(query->id, query->id & V4L2_CTRL_FLAG_NEXT_COMPOUND);

	if (fake.no_ext_query)
		return -ENOTTY;
	if (!c || !(query->id & V4L2_CTRL_FLAG_NEXT_CTRL))
		return -EINVAL;
	*query = (struct v4l2_query_ext_ctrl){
	    .id = c->id,
	    .type = c->type,
	    .minimum = c->minimum,
	    .maximum = c->maximum,
	    .step = c->step,
	    .default_value = c->default_value,
	    .flags = flags(c),
	    .nr_of_dims = c->dims,
	};
	snprintf(query->name, sizeof(query->name), "%s", c->name);
	return 0;
}

static int query_old(struct v4l2_queryctrl *query)
{
	const struct fake_control *c = after(query->id, false);

	if (!c || !(query->id & V4L2_CTRL_FLAG_NEXT_CTRL))
		return -EINVAL;
	*query = (struct v4l2_queryctrl){
	    .id = c->id,
	    .type = c->type,
	    .minimum = (int32_t)c->minimum,
	    .maximum = (int32_t)c->maximum,
	    .step = (int32_t)c->step,
	    .default_value = (int32_t)c->default_value,
	    .flags = flags(c),
	};
	snprintf((char *)query->name, sizeof(query->name), "%s", c->name);
	return 0;
}

static int query_menu(struct v4l2_querymenu *entry)
{
	const struct fake_control *c = find(entry->id);

	if (!c || !c->menu || entry->index > c->maximum || !c->menu[entry->index])
		return -EINVAL;
	if (c->type == V4L2_CTRL_TYPE_MENU)
		snprintf((char *)entry->name, sizeof(entry->name), "%s", c->menu[entry->index]);
	else
		entry->value = atoll(c->menu[entry->index]);
	return 0;
}

static int get(struct v4l2_ext_control *one)
{
	const struct fake_control *c = find(one->id);

	if (!c || c->flags & V4L2_CTRL_FLAG_WRITE_ONLY)
		return c ? -EACCES : -EINVAL;
	if (c->type == V4L2_CTRL_TYPE_STRING) {
		if (one->size < c->maximum + 1)
			return -ENOSPC;
		strcpy(one->string, c->text);
	} else if (c->type == V4L2_CTRL_TYPE_INTEGER64) {
		one->value64 = c->value;
	} else {
		one->value = (int32_t)c->value;
	}
	return 0;
}

/* Clamps as drivers do. */
static int set(struct v4l2_ext_control *one)
{
	struct fake_control *c = find(one->id);
	int64_t most = fake.control_most ? fake.control_most : INT64_MAX;

	if (!c || fake.control_error)
		return c ? fake.control_error : -EINVAL;
	if (flags(c) & V4L2_CTRL_FLAG_READ_ONLY)
		return -EACCES;
	if (flags(c) & V4L2_CTRL_FLAG_GRABBED)
		return -EBUSY;
	if (c->type == V4L2_CTRL_TYPE_STRING)
		snprintf(c->text, sizeof(c->text), "%.*s", (int)(most < one->size ? most : one->size - 1), one->string);
	else
		c->value = c->type == V4L2_CTRL_TYPE_INTEGER64 ? one->value64 : one->value;
	c->value = c->value > most ? most : c->value;
	c->sets++;
	return 0;
}

int fake_control_call(unsigned long request, void *argument)
{
	const struct v4l2_ext_controls *all = argument;

	switch (request) {
	case VIDIOC_QUERY_EXT_CTRL:
		return query_ext(argument);
	case VIDIOC_QUERYCTRL:
		return query_old(argument);
	case VIDIOC_QUERYMENU:
		return query_menu(argument);
	case VIDIOC_G_EXT_CTRLS:
		return all->count == 1 && all->which == V4L2_CTRL_WHICH_CUR_VAL ? get(all->controls) : -EINVAL;
	case VIDIOC_S_EXT_CTRLS:
		return all->count == 1 && all->which == V4L2_CTRL_WHICH_CUR_VAL ? set(all->controls) : -EINVAL;
	default:
		return -ENOTTY;
	}
}
