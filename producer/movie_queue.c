// SPDX-License-Identifier: MIT
#include "movie_queue.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

#define SECOND_NS INT64_C(1000000000)

int movie_queue_init(struct movie_queue *queue, bool flat_out)
{
	*queue = (struct movie_queue){.clock.flat_out = flat_out};
	queue->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (queue->fd < 0)
		return -errno;
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->changed, NULL);
	return 0;
}

void movie_queue_finish(struct movie_queue *queue)
{
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->mutex);
	close(queue->fd);
}

/* Setting a timer also takes back what it has said. 0: never. */
static void wake_at(const struct movie_queue *queue, int64_t ns)
{
	struct itimerspec spec = {.it_value = {.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS}};

	timerfd_settime(queue->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* There is another first frame; or none, and what follows comes when the last has had its time. */
static void look_ahead(struct movie_queue *queue)
{
	struct movie_clock *clock = &queue->clock;

	if (queue->filled_count > 0)
		queue->due_ns = movie_clock_due(clock, queue->filled[queue->first].pts_ns, tripool_now_ns());
	else
		queue->due_ns = clock->running ? clock->last_due_ns + clock->step_ns : 0;
	if (queue->filled_count == 0 && queue->state == MOVIE_PLAYING)
		wake_at(queue, 0);
	else
		wake_at(queue, clock->flat_out || queue->due_ns <= 0 ? 1 : queue->due_ns);
}

static bool is_due(const struct movie_queue *queue)
{
	return queue->clock.flat_out || tripool_now_ns() >= queue->due_ns;
}

int movie_queue_wait_described(struct movie_queue *queue, struct tripool_error *error)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->state == MOVIE_OPENING)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	int r = queue->state == MOVIE_ENDED ? queue->end_code : 0;
	if (r < 0 && error)
		*error = queue->end;
	pthread_mutex_unlock(&queue->mutex);
	return r;
}

void movie_queue_forget_slots(struct movie_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->empty_count = 0;
	pthread_mutex_unlock(&queue->mutex);
}

void movie_queue_attach(struct movie_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->state = MOVIE_PLAYING;
	look_ahead(queue);
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void movie_queue_give(struct movie_queue *queue, const struct tripool_slot *slot)
{
	pthread_mutex_lock(&queue->mutex);
	queue->empty[queue->empty_count++] = *slot;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

int movie_queue_next(struct movie_queue *queue, struct movie_frame *frame, int64_t *due_ns, struct tripool_error *error)
{
	int r = -EAGAIN;

	pthread_mutex_lock(&queue->mutex);
	bool due = is_due(queue);
	if (due && queue->filled_count > 0) {
		*frame = queue->filled[queue->first];
		*due_ns = queue->due_ns;
		queue->first = (queue->first + 1) % TRIPOOL_MAX_SLOTS;
		queue->filled_count--;
		if (error)
			*error = queue->remark;
		queue->remark.text[0] = '\0';
		look_ahead(queue);
		r = 0;
	} else if (due && queue->state == MOVIE_DESCRIBED) {
		r = -ESTALE;
	} else if (due && queue->state == MOVIE_ENDED) {
		r = queue->end_code;
		if (error)
			*error = queue->end;
	}
	pthread_mutex_unlock(&queue->mutex);
	return r;
}

void movie_queue_stop(struct movie_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->stopped = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

uint64_t movie_queue_dropped(struct movie_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	uint64_t dropped = queue->dropped;
	pthread_mutex_unlock(&queue->mutex);
	return dropped;
}

/* What comes after the frames that are filled already. */
static void change_state(struct movie_queue *queue, enum movie_state state)
{
	queue->state = state;
	if (queue->filled_count == 0)
		look_ahead(queue);
	pthread_cond_broadcast(&queue->changed);
}

int movie_queue_describe(struct movie_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	change_state(queue, MOVIE_DESCRIBED);
	while (queue->state == MOVIE_DESCRIBED && !queue->stopped)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	int r = queue->stopped ? -ECANCELED : 0;
	pthread_mutex_unlock(&queue->mutex);
	return r;
}

int movie_queue_take(struct movie_queue *queue, struct tripool_slot *slot)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->empty_count == 0 && !queue->stopped)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	int r = queue->stopped ? -ECANCELED : 0;
	if (r == 0)
		*slot = queue->empty[--queue->empty_count];
	pthread_mutex_unlock(&queue->mutex);
	return r;
}

void movie_queue_hand_over(struct movie_queue *queue, const struct tripool_slot *slot, int64_t pts_ns)
{
	pthread_mutex_lock(&queue->mutex);
	uint32_t place = (queue->first + queue->filled_count++) % TRIPOOL_MAX_SLOTS;
	queue->filled[place] = (struct movie_frame){*slot, pts_ns};
	if (queue->filled_count == 1)
		look_ahead(queue);
	pthread_mutex_unlock(&queue->mutex);
}

void movie_queue_drop(struct movie_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->dropped++;
	pthread_mutex_unlock(&queue->mutex);
}

void movie_queue_remark(struct movie_queue *queue, const struct tripool_error *remark)
{
	pthread_mutex_lock(&queue->mutex);
	queue->remark = *remark;
	pthread_mutex_unlock(&queue->mutex);
}

void movie_queue_end(struct movie_queue *queue, int code, const struct tripool_error *error)
{
	pthread_mutex_lock(&queue->mutex);
	queue->end_code = code;
	queue->end = *error;
	change_state(queue, MOVIE_ENDED);
	pthread_mutex_unlock(&queue->mutex);
}
