/* Sends requests at a fixed rate, whatever the answers do (open loop): the time of an answer counts from the instant at
 * which its request was due, so that a stall is charged to every request that it delays.
 *
 *   usage: paced PORT TEMPLATE VALUES CONNECTIONS RATE SECONDS spin|sleep
 *   VALUES: a token and perhaps a session on each line, used in turn. Prints one line of JSON; times in microseconds.
 *   `core_use` is its own part of a core; one that spins and has less than all of it was held up.
 *   Answers 429 are counted by themselves: neither as answered nor as failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER = 1 << 16 };

typedef struct {
  int fd, busy;
  size_t have;
  double due;
  char answer[ANSWER + 1];
} Connection;

static char *requests[4096];
static size_t lengths[4096];
static int request_count;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double used(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static char *contents(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) exit((perror(path), 1));
  fseek(file, 0, SEEK_END);
  *length = ftell(file);
  rewind(file);
  char *text = calloc(1, *length + 1);
  if (fread(text, 1, *length, file) != *length) exit((perror(path), 1));
  fclose(file);
  return text;
}

static void replace(char *text, size_t *length, const char *place, const char *value) {
  char *at = memmem(text, *length, place, strlen(place));
  if (!at) return;
  size_t rest = text + *length - at - strlen(place), size = strlen(value);
  memmove(at + size, at + strlen(place), rest);
  memcpy(at, value, size);
  *length = at - text + size + rest;
}

static void compose(const char *template_path, const char *values_path) {
  size_t length, unused;
  char *template = contents(template_path, &length), *values = contents(values_path, &unused);
  for (char *line = strtok(values, "\n"); line && request_count < 4096; line = strtok(NULL, "\n")) {
    char *session = strchr(line, ' ');
    if (session) *session++ = 0;
    char *request = malloc(length + strlen(line) + 256);
    memcpy(request, template, length);
    size_t size = length;
    replace(request, &size, "{{token}}", line);
    replace(request, &size, "{{session}}", session ? session : "");
    requests[request_count] = request;
    lengths[request_count++] = size;
  }
}

static int dial(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) exit((perror("connect"), 1));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/* Reads; 1 when the answer is complete, -1 when it is none. */
static int receive(Connection *c) {
  ssize_t n = recv(c->fd, c->answer + c->have, ANSWER - c->have, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) return -1;
  c->have += n;
  c->answer[c->have] = 0;
  char *end = strstr(c->answer, "\r\n\r\n");
  if (!end) return 0;
  char *field = strcasestr(c->answer, "\r\ncontent-length:");
  if (field && field < end) return c->have >= (size_t)(end + 4 - c->answer) + strtoul(field + 17, NULL, 10);
  return c->have >= 5 && !memcmp(c->answer + c->have - 5, "0\r\n\r\n", 5);
}

static int ascending(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(int count, char **arguments) {
  if (count != 8) return fprintf(stderr, "usage: paced PORT TEMPLATE VALUES CONNECTIONS RATE SECONDS spin|sleep\n"), 2;
  compose(arguments[2], arguments[3]);
  int connections = atoi(arguments[4]), spins = !strcmp(arguments[7], "spin");
  double interval = 1e6 / atof(arguments[5]), seconds = atof(arguments[6]);
  long total = atof(arguments[5]) * seconds, sent = 0, answered = 0, limited = 0;
  Connection *all = calloc(connections, sizeof *all);
  double *times = calloc(total, sizeof *times);
  int queue = epoll_create1(0), next = 0, open = 0;
  for (int i = 0; i < connections; i++) {
    all[i].fd = dial(atoi(arguments[1]));
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(queue, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  double begun = now(), busy = used(), start = begun + 1000, limit = start + seconds * 1e6 + 5e6;
  while ((sent < total || open) && now() < limit) {
    double due = start + sent * interval, time = now();
    if (sent < total && time >= due && open < connections) {
      while (all[next].busy) next = (next + 1) % connections;
      Connection *c = &all[next];
      size_t length = lengths[sent % request_count];
      if (send(c->fd, requests[sent % request_count], length, MSG_NOSIGNAL) == (ssize_t)length)
        c->busy = 1, c->due = due, c->have = 0, open++;
      next = (next + 1) % connections;
      sent++;
      continue;
    }
    double wait = spins ? 0 : sent < total && open < connections ? due - time : 100000;
    struct timespec pause = {.tv_sec = 0, .tv_nsec = wait > 0 ? wait * 1e3 : 0};
    if (pause.tv_nsec > 999999999) pause.tv_nsec = 999999999;
    struct epoll_event ready[64];
    int n = epoll_pwait2(queue, ready, 64, &pause, NULL);
    for (int i = 0; i < n; i++) {
      Connection *c = &all[ready[i].data.u32];
      int state = receive(c);
      if (!state) continue;
      if (state > 0 && !strncmp(c->answer, "HTTP/1.1 200", 12)) times[answered++] = now() - c->due;
      else if (state > 0 && !strncmp(c->answer, "HTTP/1.1 429", 12)) limited++;
      if (c->busy) c->busy = 0, open--;
      if (state < 0) {
        close(c->fd);
        c->fd = dial(atoi(arguments[1]));
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = ready[i].data.u32};
        epoll_ctl(queue, EPOLL_CTL_ADD, c->fd, &event);
      }
    }
  }
  double core_use = (used() - busy) / (now() - begun);
  qsort(times, answered, sizeof *times, ascending);
#define AT(share) (answered ? times[(long)((answered - 1) * (share))] : 0)
  printf("{\"sent\":%ld,\"answered\":%ld,\"limited\":%ld,\"failed\":%ld,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,\"core_use\":%.3f}\n", sent,
         answered, limited, sent - answered - limited, AT(0.5), AT(0.9), AT(0.99), AT(0.999), AT(1.0), core_use);
  return 0;
}
