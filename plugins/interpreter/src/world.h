/* The closed world: clock, sleep, random numbers and files as the guest sees them. */
#ifndef QUAERO_WORLD_H
#define QUAERO_WORLD_H
/* From here on no file is found and only fd 1 and 2 can be written. */
void world_seal(void);
#endif
