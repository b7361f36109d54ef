/* SPDX-License-Identifier: MIT */
/*
 * The data path as a Spin model: each shared word of layout.h that carries the argument is a variable here, and each
 * atomic operation of writer.c, reader.c and queue.c is one step, in the order in which the code does them, and all
 * steps have one order. Those that carry the argument are seq_cst, so they have one in the code as well; that weaker
 * orders are enough for the others is what tests/explore looks at.
 *
 * One producer publishes FRAMES frames. Viewer 0 takes the newest. Viewer 1 does as well, or with -DEVERY gets each
 * frame through a queue of PLACES; with -DLOSSLESS the producer waits for it; with -DSTALLS it may stop for ever
 * wherever it is, and the producer gives up waiting at any time; with -DDIES it may die wherever it is, and the producer
 * evicts it, at any time after. model.sh says which are checked, and breaks each rule
 * on purpose (-DBREAK_...) to see that it is missed.
 *
 * Checked in every state: a leased slot has its frame's pixels, and its description; what was leased is not older than
 * what was newest before; begin finds a slot; a queue's frames come in order, and of a lossless stream all. In every
 * end: all have ended, so nobody sleeps through the last frame, and the producer waits for nobody for ever.
 */
#ifndef FRAMES
#define FRAMES 4
#endif
#ifndef PLACES
#define PLACES 2
#endif
#ifdef EVERY
#define LEASES (1 + PLACES)
#else
#define LEASES 2
#endif
#ifdef BREAK_SLOT_COUNT
#define SLOTS (1 + LEASES)
#else
#define SLOTS (2 + LEASES) /* the newest, the one being written, the leased ones */
#endif

/* ---- Shared ---- */

byte latest, latest_slot;       /* of one word */
byte described[2];              /* the frame that the description at [n % 2] is of; 0: half written */
byte pixels[SLOTS];             /* the frame that the slot shows; 0: half written */
byte cell[2];                   /* 0, or 1 + the leased slot */
bool armed[2];
bool woken[2];                  /* wake-ups in the socket: one is as good as many */
byte tail, head;
byte queued[PLACES], queued_slot[PLACES];
bool wants_room, told_of_room;
bool published_all;

/* ---- Producer ---- */

byte busy;                      /* a mask: what the scan found */
byte known_tail;                /* the producer's own copies, which no viewer can change */
byte own_slot[PLACES];
bool closed, evicted;
bool dead;                      /* viewer 1 */
#ifdef BREAK_EVICT_EARLY
#define DEATH_IS_TOLD true
#else
#define DEATH_IS_TOLD dead
#endif
byte slot, newest_slot;

inline look_at_tail() {
	known_tail = tail
}

inline add_queued(n) {
	n = known_tail;
	do
	:: n < head -> busy = busy | (1 << own_slot[n % PLACES]); n++
	:: else -> break
	od;
	n = 0
}

/* Each load is a step of its own: the viewers go on between them. */
inline scan(n) {
	busy = 0;
	atomic { if :: cell[0] > 0 -> busy = busy | (1 << (cell[0] - 1)) :: else fi };
#ifdef EVERY
	d_step { look_at_tail(); add_queued(n) }
#else
#ifdef DIES
	if
	:: DEATH_IS_TOLD -> evicted = true
	:: true
	fi;
#endif
	atomic { if :: cell[1] > 0 && !evicted -> busy = busy | (1 << (cell[1] - 1)) :: else fi }
#endif
}

#define HAS_ROOM (closed || head - known_tail < PLACES)

inline wait_for_room() {
	do
	:: HAS_ROOM -> break
	:: else ->
#ifdef BREAK_ASK_FOR_ROOM
		atomic { look_at_tail(); if :: HAS_ROOM -> break :: else fi };
		wants_room = true;
#else
		wants_room = true;
		atomic { look_at_tail(); if :: HAS_ROOM -> break :: else fi };
#endif
		if
		:: atomic { told_of_room -> told_of_room = false }
#ifdef STALLS
		:: closed = true; break
#endif
		fi
	od
}

inline choose() {
	d_step {
		slot = 0;
		do
		:: slot < SLOTS && ((busy & (1 << slot)) || (latest > 0 && slot == newest_slot)) -> slot++
		:: else -> break
		od;
		assert(slot < SLOTS)
	}
}

/* When the look at `armed` finds it set it is cleared, and then the wake-up is sent. */
inline wake(v) {
#ifdef BREAK_CLEAR_LATE
	if
	:: armed[v] -> woken[v] = true; armed[v] = false
	:: else
	fi
#else
	if
	:: armed[v] -> armed[v] = false; woken[v] = true
	:: else
	fi
#endif
}

inline put_in_queue(n) {
	look_at_tail();
	if
	:: closed || head - known_tail >= PLACES
	:: else ->
#ifdef BREAK_HEAD_FIRST
		head++;
		queued[(head - 1) % PLACES] = n;
		d_step { queued_slot[(head - 1) % PLACES] = slot; own_slot[(head - 1) % PLACES] = slot }
#else
		queued[head % PLACES] = n;
		d_step { queued_slot[head % PLACES] = slot; own_slot[head % PLACES] = slot };
		head++
#endif
	fi
}

active proctype producer() {
	byte frame = 1, n;
#ifdef BREAK_SCAN_FIRST
	scan(n);
#endif
	do
	:: frame <= FRAMES ->
#ifndef BREAK_SCAN_FIRST
		scan(n);
#endif
#ifdef LOSSLESS
		if
		:: HAS_ROOM
		:: else -> wait_for_room(); scan(n)
		fi;
#endif
		choose();
		pixels[slot] = 0;
		pixels[slot] = frame;
		described[frame % 2] = 0;
		described[frame % 2] = frame;
#ifdef BREAK_SCAN_FIRST
		newest_slot = slot; /* the scan for the next frame, before this one is published */
		scan(n);
#endif
		d_step { latest = frame; latest_slot = slot; newest_slot = slot };
		wake(0);
#ifdef EVERY
		put_in_queue(frame);
#endif
		wake(1);
		frame++
	:: else -> break
	od;
	published_all = true
}

/* ---- Viewers ---- */

/* Falls asleep unless there is news; `news` is looked at after arming. `over` ends the model, not the viewer: nothing
 * more will come, and nothing that came is missed. */
inline sleep_unless(v, news, over) {
#ifdef BREAK_LOOK_FIRST
	if
	:: news
	:: else -> armed[v] = true; if :: atomic { woken[v] -> woken[v] = false } :: over fi
	fi
#else
	armed[v] = true;
	if
	:: news ->
		/* Disarmed; where the producer was faster a wake-up comes, which is heard now or before a later sleep. */
		atomic { if :: armed[v] -> armed[v] = false :: else fi }
	:: else -> if :: atomic { woken[v] -> woken[v] = false } :: over fi
	fi
#endif
}

/* Claim, read the description, look again. */
inline acquire(v) {
	d_step { word = latest; word_slot = latest_slot; before = latest };
	do
	:: word == seen -> break
	:: else ->
		cell[v] = word_slot + 1;
#ifndef BREAK_DESCRIBE_LATE
		description = described[word % 2];
#endif
#ifdef BREAK_RECHECK
		lease = word; seen = word; break
#else
		atomic {
			if
			:: latest == word -> lease = word; seen = word; break
			:: else -> word = latest; word_slot = latest_slot
			fi
		}
#endif
	od
}

inline use(v) {
#ifdef BREAK_DESCRIBE_LATE
	description = described[lease % 2];
#endif
	assert(lease >= before);
	assert(description == lease);
#ifdef BREAK_RELEASE_EARLY
	cell[v] = 0;
#endif
	assert(pixels[word_slot] == lease);
	assert(pixels[word_slot] == lease); /* also later */
	cell[v] = 0;
	lease = 0
}

#ifdef DIES
#define UNLESS_DEAD(v) unless { v == 1 && dead }
#else
#define UNLESS_DEAD(v)
#endif

proctype newest(byte v) {
	byte word, word_slot, before, description, seen, lease;
	{
		do
		:: seen == FRAMES -> break
		:: else ->
			acquire(v);
			if
			:: lease > 0 -> use(v)
			:: else -> sleep_unless(v, latest != seen, false)
			fi
		od
	} UNLESS_DEAD(v)
}

#ifdef DIES
active proctype death() {
	dead = true
}
#endif

/* A frame that finds no place is not for it, nor is one that comes after it had to leave. */
#if defined(LOSSLESS) && !defined(STALLS)
#define MAY_MISS false
#else
#define MAY_MISS true
#endif

/* Takes the frames of the queue, holds up to all of its places, lets go in any order. */
proctype every() {
	byte next, own_tail, last, n;
	bool held[PLACES];
	byte held_frame[PLACES], held_slot[PLACES];
	do
	:: head != next ->
		d_step { n = next % PLACES };
		assert(head - next <= PLACES - (next - own_tail));
		held_frame[n] = queued[n];
		held_slot[n] = queued_slot[n];
		assert(held_frame[n] > last);
		assert(MAY_MISS || held_frame[n] == last + 1);
		d_step { last = held_frame[n]; held[n] = true; next++ }
	:: own_tail != next ->
		if
		:: n = own_tail % PLACES
		:: n = (next - 1) % PLACES
		fi;
		if
		:: held[n] ->
#ifndef BREAK_TAIL_EARLY
			assert(pixels[held_slot[n]] == held_frame[n]);
			assert(pixels[held_slot[n]] == held_frame[n]);
#endif
			d_step {
				held[n] = false;
				do
				:: own_tail != next && !held[own_tail % PLACES] -> own_tail++
				:: else -> break
				od
			};
			tail = own_tail;
#ifdef BREAK_TAIL_EARLY
			assert(pixels[held_slot[n]] == held_frame[n]);
#endif
			atomic { if :: wants_room -> wants_room = false; told_of_room = true :: else fi }
		:: else
		fi
	:: (last == FRAMES || MAY_MISS && published_all && head == next) && own_tail == next -> break
#ifdef STALLS
	:: true -> break       /* stops for ever, whatever it holds */
#endif
	:: head == next && own_tail == next && last != FRAMES ->
		sleep_unless(1, head != next, MAY_MISS && published_all && head == next)
	od
}

init {
	atomic {
		run newest(0);
#ifdef EVERY
		run every()
#else
		run newest(1)
#endif
	}
}
