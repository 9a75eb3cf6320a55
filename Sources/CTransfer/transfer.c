/* libcurl by its stable binary interface: the numbers below are part of it and never change. */
#include "transfer.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
  option_write_data = 10001,
  option_url = 10002,
  option_error_buffer = 10010,
  option_user_agent = 10018,
  option_header = 10023,
  option_progress_data = 10057,
  option_write_function = 20011,
  option_progress_function = 20219,
  option_low_speed_limit = 19,
  option_low_speed_time = 20,
  option_no_progress = 43,
  option_follow = 52,
  option_most_redirects = 68,
  option_connect_timeout = 78,
  option_no_signal = 99,
  option_protocols = 181,
  option_redirect_protocols = 182,
  info_status = 0x200002,
  info_content_length = 0x60000F,
  protocols_http = 1 | 2,
  global_all = 3,
  error_size = 256,
};

enum { code_ok = 0, code_unsupported = 1, code_malformed = 3, code_write = 23, code_callback = 42 };

typedef struct curl curl;
typedef struct list list;

static struct {
  int (*global_init)(long);
  curl *(*easy_init)(void);
  int (*set)(curl *, int, ...);
  int (*perform)(curl *);
  int (*info)(curl *, int, ...);
  void (*cleanup)(curl *);
  const char *(*message)(int);
  list *(*append)(list *, const char *);
  void (*free_all)(list *);
} library;

static char missing[512];
static pthread_once_t loading = PTHREAD_ONCE_INIT;

static void load(void) {
  void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!handle) handle = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *reason = dlerror();
    snprintf(missing, sizeof missing, "libcurl cannot be loaded: %s", reason ? reason : "unknown reason");
    return;
  }
  const struct {
    const char *name;
    void *place;
  } functions[] = {
      {"curl_global_init", &library.global_init}, {"curl_easy_init", &library.easy_init},
      {"curl_easy_setopt", &library.set},         {"curl_easy_perform", &library.perform},
      {"curl_easy_getinfo", &library.info},       {"curl_easy_cleanup", &library.cleanup},
      {"curl_easy_strerror", &library.message},   {"curl_slist_append", &library.append},
      {"curl_slist_free_all", &library.free_all},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *function = dlsym(handle, functions[i].name);
    if (!function) {
      snprintf(missing, sizeof missing, "libcurl lacks %s", functions[i].name);
      return;
    }
    memcpy(functions[i].place, &function, sizeof function);
  }
  if (library.global_init(global_all) != code_ok) snprintf(missing, sizeof missing, "libcurl does not start");
}

typedef struct {
  const transfer_request *request;
  curl *handle;
  long status;
} transfer;

static int is_success(long status) { return status >= 200 && status < 300; }

static size_t received(const void *bytes, size_t size, size_t count, void *context) {
  transfer *transfer = context;
  library.info(transfer->handle, info_status, &transfer->status);
  if (!is_success(transfer->status)) return 0;
  int64_t total = 0;
  library.info(transfer->handle, info_content_length, &total);
  if (transfer->request->watch(transfer->request->context, total)) return 0;
  return transfer->request->receive(transfer->request->context, bytes, size * count) ? 0 : size * count;
}

static int watched(void *context, int64_t total, int64_t done, int64_t up_total, int64_t up_done) {
  (void)done, (void)up_total, (void)up_done;
  transfer *transfer = context;
  return transfer->request->watch(transfer->request->context, total);
}

static void set_up(curl *handle, const transfer_request *request, list *headers, transfer *transfer, char *error) {
  library.set(handle, option_url, request->address);
  library.set(handle, option_header, headers);
  library.set(handle, option_user_agent, "runner");
  library.set(handle, option_error_buffer, error);
  library.set(handle, option_no_signal, 1L);
  library.set(handle, option_follow, 1L);
  library.set(handle, option_most_redirects, 20L);
  library.set(handle, option_protocols, (long)protocols_http);
  library.set(handle, option_redirect_protocols, (long)protocols_http);
  library.set(handle, option_connect_timeout, request->idle_seconds);
  library.set(handle, option_low_speed_limit, 1L);
  library.set(handle, option_low_speed_time, request->idle_seconds);
  library.set(handle, option_write_function, received);
  library.set(handle, option_write_data, transfer);
  library.set(handle, option_no_progress, 0L);
  library.set(handle, option_progress_function, watched);
  library.set(handle, option_progress_data, transfer);
}

static transfer_end end_of(int code, long status) {
  if (status != 0 && !is_success(status)) return transfer_refused;
  switch (code) {
    case code_ok: return transfer_done;
    case code_write:
    case code_callback: return transfer_ended;
    case code_unsupported:
    case code_malformed: return transfer_bad_address;
    default: return transfer_failed;
  }
}

transfer_result transfer_run(const transfer_request *request) {
  transfer_result result = {transfer_failed, 0, ""};
  pthread_once(&loading, load);
  if (missing[0]) {
    snprintf(result.reason, sizeof result.reason, "%s", missing);
    return result;
  }
  curl *handle = library.easy_init();
  if (!handle) {
    snprintf(result.reason, sizeof result.reason, "libcurl does not start");
    return result;
  }
  list *headers = NULL;
  for (const char *const *header = request->headers; *header; header++) headers = library.append(headers, *header);
  transfer transfer = {request, handle, 0};
  char error[error_size] = "";
  set_up(handle, request, headers, &transfer, error);
  int code = library.perform(handle);
  library.info(handle, info_status, &transfer.status);
  result.status = transfer.status;
  result.end = end_of(code, transfer.status);
  snprintf(result.reason, sizeof result.reason, "%s", error[0] ? error : library.message(code));
  library.cleanup(handle);
  library.free_all(headers);
  return result;
}
