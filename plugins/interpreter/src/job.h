/* One job: bytes of a request in, bytes of a reply out (PROTOCOL.md). */
#ifndef QUAERO_JOB_H
#define QUAERO_JOB_H
#include "bytes.h"

/* Called once while the snapshot is made; false with a Python error set. */
bool job_prepare(void);
/* False: the request is broken or there is no memory for the reply. */
bool job_run(const char *request, size_t len, Bytes *reply);
#endif
