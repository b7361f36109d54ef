// SPDX-License-Identifier: MIT
#include "attack.h"

#include <string.h>

const struct attack attacks[] = {
    {"fds", "writes, maps, grows, cuts, punches, splices into whatever it was given", attack_fds, false, ANYBODY},
    {"seals", "seals the lease page too early, too little, with holes", attack_seals, false, ANYBODY},
    {"process", "the producer's memory and fds by way of /proc (of another user's)", attack_process, false, STRANGERS},
    {"lock", "holds the lock of the pool's inode by a write that never ends", attack_lock, false, ROOT},
    {"noise", "random bytes all over its lease page without end", attack_noise, false, ANYBODY},
    {"near", "values that are nearly right all over its lease page", attack_near, true, ANYBODY},
    {"ghosts", "claims slots that do not exist", attack_ghosts, false, ANYBODY},
    {"stop", "claims as many slots as it can, and stops itself: end it by kill -9", attack_stop, false, ANYBODY},
    {"tail", "a tail that jumps, a head and a queue of its own making", attack_tail, true, ANYBODY},
    {"room", "sets and clears wants_room, and says that there is room", attack_room, true, ANYBODY},
    {"late", "takes each frame as late as it may", attack_late, true, ANYBODY},
    {"stall", "takes no frame, is left behind, comes again", attack_stall, true, ANYBODY},
    {"armed", "asks to be woken at each frame, and never reads", attack_armed, false, ANYBODY},
    {"garbage", "random packets at every step", attack_garbage, false, ANYBODY},
    {"sizes", "each message in each wrong size", attack_sizes, false, ANYBODY},
    {"order", "the right messages in every wrong order", attack_order, false, ANYBODY},
    {"passing", "fds with every message: memory, pipes, sockets that linger, itself", attack_passing, false, ANYBODY},
    {"said-room", "floods of ROOM that nobody asked for", attack_said_room, true, ANYBODY},
    {"knocks", "connects and hangs up", attack_knocks, false, ANYBODY},
    {"mutes", "connects and says nothing", attack_mutes, false, ANYBODY},
    {"hellos", "says hello and never that it is ready", attack_hellos, false, ANYBODY},
    {"unread", "says hello, never reads the answer, and keeps the line", attack_unread, false, ANYBODY},
    {"turnover", "comes in as every kind of viewer and goes at once", attack_turnover, false, ANYBODY},
    {"deaths", "is killed at any moment", attack_deaths, false, ANYBODY},
    {"questions", "asks without end, and does not read what is answered", attack_questions, false, ANYBODY},
    {"watches", "watches its socket by thousands of epoll sets", attack_watches, false, ANYBODY},
    {"burn", "nothing but a busy processor: what the others are compared with", attack_burn, false, ANYBODY},
    {0},
};

const struct attack *attack_find(const char *name)
{
	for (const struct attack *k = attacks; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}
