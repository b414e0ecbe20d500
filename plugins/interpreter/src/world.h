/* The closed world: clock, sleep, random numbers and files as the guest sees them. */
#ifndef QUAERO_WORLD_H
#define QUAERO_WORLD_H
#include <stdbool.h>
/* From here on no file is found and only fd 1 and 2 can be written. */
void world_seal(void);
/* Turns to world 0, CPython's, or to 1 or 2, where what depends on the seed of hashes, on addresses,
   the clock or random numbers comes out otherwise. */
void world_turn(int world);
/* Whether, since this was last asked, the program looked at a hash that depends on the world. */
bool world_shown(void);
/* Whether a walk in world 1 may have left an element in its place since `world_forget_walks`: that
   of a set of three or more whose order is an accident. */
bool world_walked(void);
void world_forget_walks(void);
#endif
