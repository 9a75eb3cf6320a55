/* One transfer from the web, by libcurl, which is loaded at the first transfer and never before:
   linked, it and the twenty libraries that it needs would cost every start of the program some milliseconds. */
#ifndef RUNNER_TRANSFER_H
#define RUNNER_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

/* What is asked for, and who gets what comes. */
typedef struct {
  const char *address;
  /* `Name: value`, ended by NULL; `Authorization` is not sent on to other hosts. */
  const char *const *headers;
  /* How long a connection may take to be made, and a transfer may stand still. */
  long idle_seconds;
  void *context;
  /* Gets bytes of an answer that is a success; anything but 0 ends the transfer. */
  int (*receive)(void *context, const void *bytes, size_t count);
  /* Asked again and again; gets the size of the answer, 0 if it is not known; anything but 0 ends the transfer. */
  int (*watch)(void *context, int64_t total);
} transfer_request;

/* How a transfer ended. */
typedef enum {
  transfer_done,       /* the whole answer came */
  transfer_refused,    /* the server answered with another status than a success */
  transfer_failed,     /* the server could not be reached, or the transfer broke off; the reason says why */
  transfer_ended,      /* `receive` or `watch` ended it */
  transfer_bad_address /* this is no address */
} transfer_end;

typedef struct {
  transfer_end end;
  /* The server's status; 0 if there is none. */
  long status;
  char reason[512];
} transfer_result;

/* Transfers; returns when the transfer has ended. Safe on any number of threads. */
transfer_result transfer_run(const transfer_request *request);

#endif
