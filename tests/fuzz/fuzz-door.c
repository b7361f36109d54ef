// SPDX-License-Identifier: MIT
/*
 * What viewers may say and do to a producer: a real one, with dishonest peers at its door and in its lease pages. After
 * each step what the producer promises must hold, for itself, for an honest viewer, and for who asks.
 */
#include "harness.h"
#include "input.h"
#include "peers.h"
#include "place.h"
#include "producer.h"
#include "tripool_report.h"
#include "waiting.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { GREETED, ADMITTED, ADMITTED_EVERY, ANSWERED, PUBLISHED, CHANGED, HONEST, HONEST_FRAMES, REFUSED, STALLED, FULL };
static struct fuzz_goal goal[] = {[GREETED] = {"lease-pages", 0},
    [ADMITTED] = {"viewers", 0},
    [ADMITTED_EVERY] = {"viewers-of-every-frame", 0},
    [ANSWERED] = {"answers", 0},
    [PUBLISHED] = {"frames", 0},
    [CHANGED] = {"new-formats", 0},
    [HONEST] = {"honest-viewers", 0},
    [HONEST_FRAMES] = {"honest-frames", 0},
    [REFUSED] = {"honest-refused", 0},
    [STALLED] = {"viewers-closed", 0},
    [FULL] = {"full-houses", 0},
    {NULL, 0}};

#define MOST_WRITING 4

static struct stage {
	struct input in;
	struct tripool_producer *producer;
	struct peers peers;
	struct tripool_slot writing[MOST_WRITING];
	uint32_t writings;
	uint64_t newest; /* sequence, in this generation; 0: none */

	struct tripool_viewer *honest;
	bool every;
	uint64_t seen; /* the last sequence it got */
	struct tripool_frame frame[2];
	uint32_t frames;

	bool attaching; /* the honest one, now: the producer has to go on meanwhile */
} s;

static struct tripool_format choose_format(struct input *in)
{
	static const struct tripool_format format[] = {
	    {.pix_fmt = "gray", .width_px = 64, .height_px = 4},
	    {.pix_fmt = "nv12", .width_px = 64, .height_px = 64},
	    {.pix_fmt = "rgb24", .width_px = 100, .height_px = 100},
	    {.pix_fmt = "yuv420p", .width_px = 33, .height_px = 33, .frame_rate_num = 30, .frame_rate_den = 1},
	};
	struct tripool_format f = format[input_digit(in, 4)];
	CHECK(tripool_format_layout(&f, NULL) == 0);
	return f;
}

static void check_log(void *context, enum tripool_log_level level, const char *text)
{
	(void)context;
	(void)level;
	CHECK(fuzz_is_printable(text));
}

/* ---- What must be true at any time ----------------------------------------------------------------------------- */

static void check_producer(void)
{
	const struct tripool_producer *p = s.producer;
	uint32_t leases = 0;
	CHECK(p->viewers <= p->max_viewers && p->guests <= TRIPOOL_MAX_GUESTS);
	for (uint32_t i = 0; i < p->viewers; i++) {
		const struct tripool_attachment *a = &p->writer.reader[i];
		CHECK(p->viewer[i].page == a->page && p->viewer[i].leases == a->cells);
		CHECK(memchr(p->viewer[i].name, 0, TRIPOOL_NAME_BYTES) && fuzz_is_printable(p->viewer[i].name));
		CHECK(!a->every || a->head - a->tail <= a->cells);
		CHECK(!a->every || a->cells >= tripool_audience_least_leases(p));
		leases += p->viewer[i].leases;
		goal[STALLED].times += a->closed;
	}
	CHECK(leases == p->leases && leases <= p->max_leases);
	CHECK(p->writer.readers == p->viewers);
	goal[FULL].times += p->viewers > 1 && p->viewers == p->max_viewers;
}

/* A leased frame never changes: its ends are stamped with its number. */
static bool is_whole(const struct tripool_frame *f)
{
	uint64_t first, last;
	memcpy(&first, f->memory, sizeof(first));
	memcpy(&last, f->memory + f->format->size_bytes - sizeof(last), sizeof(last));
	return first == f->sequence && last == f->sequence;
}

static void check_frames(void)
{
	for (uint32_t i = 0; i < s.frames; i++)
		CHECK(is_whole(&s.frame[i]));
}

/* ---- The producer ---------------------------------------------------------------------------------------------- */

/* Until it has nothing more to do. */
static void settle(void)
{
	struct pollfd f = {.fd = tripool_producer_fd(s.producer), .events = POLLIN};
	int rounds = 0;
	for (; poll(&f, 1, 0) > 0; rounds++) {
		CHECK(rounds < 2000);
		tripool_producer_dispatch(s.producer);
	}
}

static void begin(void)
{
	struct tripool_slot slot;
	if (s.writings == MOST_WRITING)
		return;
	int r = tripool_producer_begin(s.producer, &slot);
	CHECK(r == (s.writings < s.producer->write_depth ? 0 : -EBUSY));
	if (r == 0) {
		memset(slot.memory, 0xff, s.producer->format.size_bytes);
		s.writing[s.writings++] = slot;
	}
}

/* Some frames are a little less. */
static uint64_t bytes_used(uint64_t number, const struct tripool_format *f)
{
	return f->size_bytes - number % 3;
}

static void publish(bool cancel)
{
	if (s.writings == 0)
		return;
	struct tripool_slot slot = s.writing[0];
	memmove(&s.writing[0], &s.writing[1], --s.writings * sizeof(slot));
	if (cancel) {
		CHECK(tripool_producer_cancel(s.producer, &slot) == 0);
		return;
	}
	uint64_t number = tripool_producer_sequence(s.producer) + 1;
	memcpy(slot.memory, &number, sizeof(number));
	memcpy(slot.memory + s.producer->format.size_bytes - sizeof(number), &number, sizeof(number));
	struct tripool_frame_info info = {.bytes_used = bytes_used(number, &s.producer->format)};
	CHECK(tripool_producer_publish(s.producer, &slot, &info) == 0);
	CHECK(tripool_producer_publish(s.producer, &slot, &info) == -EINVAL);
	s.newest = number;
	goal[PUBLISHED].times++;
}

static void change_format(void)
{
	struct tripool_format f = choose_format(&s.in);
	CHECK(tripool_producer_set_format(s.producer, &f, NULL) == 0);
	s.writings = 0;
	s.newest = 0;
	goal[CHANGED].times++;
	if (s.honest)
		(void)tripool_viewer_wait(s.honest, 0); /* who never listens is let go of in the end */
}

/* ---- An honest viewer ------------------------------------------------------------------------------------------ */

static void let_go(void)
{
	if (s.frames > 0)
		tripool_viewer_release(s.honest, &s.frame[--s.frames]);
}

static void leave(void)
{
	tripool_viewer_destroy(s.honest);
	s.honest = NULL;
	s.frames = 0;
}

/* Who comes when there is room gets in, whoever else is at the door. */
static void attach(void)
{
	const struct tripool_producer *p = s.producer;
	s.every = input_digit(&s.in, 2);
	struct tripool_viewer_options o = {.name = "t", .leases = 1 + input_digit(&s.in, 4), .every = s.every};
	if (s.honest)
		leave();
	settle();
	bool room = p->viewers < p->max_viewers && o.leases <= p->max_leases - p->leases &&
	            !(s.every && p->writer.lossless && o.leases < p->write_depth);
	s.attaching = true;
	int r = tripool_viewer_create(&s.honest, &o, NULL);
	s.attaching = false;
	CHECK(r == (room ? 0 : -ECONNREFUSED));
	s.seen = 0;
	goal[r == 0 ? HONEST : REFUSED].times++;
}

static void acquire(void)
{
	struct tripool_frame frame;
	if (!s.honest || s.frames == 2)
		return;
	int r;
	do
		r = tripool_viewer_acquire(s.honest, &frame);
	while (r == -ESTALE);
	if (!s.every && r != -EBUSY) /* newest means newest */
		CHECK(s.newest && s.newest != s.seen ? r == 0 && frame.sequence == s.newest : r == -EAGAIN);
	if (r == 0) {
		CHECK(frame.sequence > s.seen && is_whole(&frame));
		CHECK(frame.info.bytes_used == bytes_used(frame.sequence, frame.format));
		s.seen = frame.sequence;
		s.frame[s.frames++] = frame;
		goal[HONEST_FRAMES].times++;
	} else {
		CHECK(r == -EAGAIN || r == -EBUSY || (r == -EPIPE && s.every && s.producer->writer.lossless));
	}
}

/* Who asks gets an answer, and one that makes sense. */
static void ask(void)
{
	struct tripool_report report;
	settle(); /* so that nobody comes or goes between the answer and our look */
	int fd = tripool_report_ask("t", NULL);
	CHECK(fd >= 0);
	settle();
	CHECK(tripool_report_take(fd, &report, NULL) == 0);
	CHECK(report.viewers == s.producer->viewers && report.producer_pid == getpid());
	close(fd);
	goal[ANSWERED].times++;
}

/* A dishonest viewer comes in by the front door. */
static void admit(void)
{
	uint32_t index = input_digit(&s.in, PEERS), mode = input_digit(&s.in, 2), before;
	peers_say_hello(&s.peers, index, mode, peers_choose_leases(&s.in));
	settle();
	before = s.producer->viewers;
	if (s.peers.peer[index].socket < 0)
		return;
	peers_say_ready(&s.peers, index);
	settle();
	if (s.producer->viewers <= before)
		return;
	goal[ADMITTED].times++;
	goal[ADMITTED_EVERY].times += mode;
}

/* ---- The script ------------------------------------------------------------------------------------------------ */

static const char producer_steps[] = "dbpkfDTvuUyQaB";

static void producer_step(char step)
{
	switch (step) {
	case 'd':
		tripool_producer_dispatch(s.producer);
		break;
	case 'b':
		begin();
		break;
	case 'p':
	case 'k':
		publish(step == 'k');
		break;
	case 'B':
		begin();
		publish(false);
		break;
	case 'f':
		change_format();
		break;
	case 'D':
		(void)tripool_producer_set_write_depth(s.producer, input_digit(&s.in, MOST_WRITING + 1));
		break;
	case 'T':
		waiting_pass(INT64_C(100000000) << input_digit(&s.in, 6));
		break;
	case 'v':
		attach();
		break;
	case 'u':
		acquire();
		break;
	case 'U':
		let_go();
		break;
	case 'y':
		leave();
		break;
	case 'Q':
		ask();
		break;
	case 'a':
		admit();
		break;
	}
}

/* Somebody would sleep. The honest one, at the door: it is the producer's turn. The producer, for room: the peers'. */
static bool meanwhile(void)
{
	if (s.attaching) {
		struct pollfd f = {.fd = tripool_producer_fd(s.producer), .events = POLLIN};
		bool more = poll(&f, 1, 0) > 0;
		tripool_producer_dispatch(s.producer);
		return more;
	}
	if (s.in.left == 0 || !strchr(PEER_STEPS, *s.in.at))
		return false;
	peers_step(&s.peers, input_choice(&s.in, PEER_STEPS), &s.in);
	return true;
}

void fuzz_begin(void)
{
	fuzz_set_goals(goal);
	fuzz_make_directory();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fds = fuzz_count_fds();
	char steps[sizeof(PEER_STEPS) + sizeof(producer_steps)];
	s = (struct stage){.in = {data, size}};
	waiting_begin(meanwhile);
	struct tripool_producer_options o = {.name = "t", .log = check_log, .source = "fuzz"};
	o.lossless = input_digit(&s.in, 2);
	o.max_viewers = 1 + input_digit(&s.in, 24);
	o.max_leases = o.max_viewers + input_digit(&s.in, 30);
	o.write_depth = 1 + input_digit(&s.in, MOST_WRITING);
	o.manual_dispatch = input_digit(&s.in, 2);
	struct tripool_format f = choose_format(&s.in);
	int directory = tripool_place_open(true, NULL);
	CHECK(tripool_producer_create(&s.producer, &o, &f, NULL) == 0);
	peers_init(&s.peers, directory);
	strcat(strcpy(steps, PEER_STEPS), producer_steps);
	while (s.in.left > 0) {
		char step = input_choice(&s.in, steps);
		if (strchr(PEER_STEPS, step))
			peers_step(&s.peers, step, &s.in);
		else
			producer_step(step);
		check_producer();
		check_frames();
	}
	leave();
	if (!o.manual_dispatch) { /* else the producer goes first */
		peers_finish(&s.peers);
		settle();
		CHECK(s.producer->viewers == 0 && s.producer->guests == 0);
	}
	tripool_producer_destroy(s.producer);
	peers_finish(&s.peers);
	close(directory);
	goal[GREETED].times += s.peers.leases;
	CHECK(fuzz_count_fds() == fds);
	return 0;
}
