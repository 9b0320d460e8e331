/* The MCP server behind every proxy: one thread, epoll, as little work a request as possible, so that what is measured is
 * the proxy. It speaks just enough MCP of both eras for real clients (FastMCP's and ContextForge's proxies are some).
 *
 *   usage: upstream PORT
 *   POST /mcp            tools/call answers a body of 1,024 bytes; initialize, server/discover, tools/list … what a client needs
 *   POST /mcp/stateless  the same without sessions
 *   POST /mcp/legacy     the same without the modern era
 *   POST /mcp/modern     the same without the legacy era
 *   POST /mcp/size/N     tools/call answers a body of N bytes
 *   POST /mcp/events/N   tools/call answers a stream of N events, each in a write of its own; the last is the response
 *   GET, subscriptions/listen   a stream that says one thing and then stays open
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD = 32768, CONNECTIONS = 65536, LARGEST = 16 << 20 };

typedef struct {
  char *head;          /* the request's head and the first bytes of its body */
  size_t have;         /* bytes in head */
  size_t body_left;    /* bytes of the body that have not come yet */
  int in_body;
  char *out;           /* what has not been written yet */
  size_t out_length, out_done;
  int events_left;
  char id[64];
} Connection;

static Connection *connections[CONNECTIONS];
static char *filler;

static const char *TOOLS =
    "{\"tools\":[{\"name\":\"echo\",\"description\":\"Says the text again\",\"inputSchema\":{\"type\":\"object\","
    "\"properties\":{\"text\":{\"type\":\"string\"},\"filler\":{\"type\":\"string\"}}}}],"
    "\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"}";
static const char *SERVER =
    "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
    "\"serverInfo\":{\"name\":\"bench\",\"version\":\"1\"}}";

static const char *DISCOVERY =
    "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"tools\":{\"listChanged\":true}},"
    "\"serverInfo\":{\"name\":\"bench\",\"version\":\"1\"},\"ttlMs\":3600000,\"cacheScope\":\"private\"}";

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void drop(int fd) {
  Connection *c = connections[fd];
  if (!c) return;
  connections[fd] = NULL;
  close(fd);
  free(c->head);
  free(c->out);
  free(c);
}

/* The value of a member of the message, without its quotes; good for the flat, well-formed messages that come here. */
static size_t member(const char *body, size_t length, const char *name, char *value, size_t room) {
  char key[64];
  int key_length = snprintf(key, sizeof key, "\"%s\"", name);
  const char *at = memmem(body, length, key, key_length), *end = body + length;
  if (!at) return 0;
  at += key_length;
  while (at < end && (*at == ':' || *at == ' ')) at++;
  size_t count = 0;
  int quoted = at < end && *at == '"';
  if (quoted) value[count++] = *at++;
  while (at < end && count + 2 < room && (quoted ? *at != '"' : *at != ',' && *at != '}' && *at != ' ')) value[count++] = *at++;
  if (quoted) value[count++] = '"';
  value[count] = 0;
  return count;
}

/* Writes what waits; says whether all of it is out. */
static int flush(int fd, Connection *c) {
  while (c->out_done < c->out_length) {
    ssize_t n = write(fd, c->out + c->out_done, c->out_length - c->out_done);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) return -1;
    c->out_done += n;
  }
  free(c->out);
  c->out = NULL;
  return 1;
}

static int keep_rest(Connection *c, const struct iovec *parts, int count, size_t written) {
  size_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  if (written == total) return 1;
  c->out = malloc(total - written);
  c->out_length = c->out_done = 0;
  for (int i = 0; i < count; i++) {
    size_t skip = written < parts[i].iov_len ? written : parts[i].iov_len;
    written -= skip;
    memcpy(c->out + c->out_length, (char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
    c->out_length += parts[i].iov_len - skip;
  }
  return 0;
}

static int send_parts(int fd, Connection *c, struct iovec *parts, int count) {
  ssize_t n = writev(fd, parts, count);
  if (n < 0 && errno != EAGAIN) return -1;
  return keep_rest(c, parts, count, n < 0 ? 0 : n);
}

static int send_text(int fd, Connection *c, const char *text) {
  struct iovec part = {(void *)text, strlen(text)};
  return send_parts(fd, c, &part, 1);
}

/* A JSON answer; `size` pads a tool's answer to exactly that many bytes. */
static int send_json(int fd, Connection *c, const char *session, const char *result, size_t size) {
  char head[512], front[256];
  const char *back = "\"}],\"isError\":false,\"resultType\":\"complete\"}}";
  int front_length, padding = 0;
  size_t length;
  if (result) {
    front_length = snprintf(front, sizeof front, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", c->id);
    back = "}";
    length = front_length + strlen(result) + 1;
  } else {
    front_length = snprintf(front, sizeof front,
                            "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"", c->id);
    length = front_length + strlen(back);
    if (size > length) padding = size - length;
    length += padding;
  }
  int head_length = snprintf(head, sizeof head,
                             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n", session, length);
  struct iovec parts[4] = {{head, head_length},
                           {front, front_length},
                           {result ? (void *)result : filler, result ? strlen(result) : (size_t)padding},
                           {(void *)back, strlen(back)}};
  return send_parts(fd, c, parts, 4);
}

static int send_events(int fd, Connection *c) {
  char event[512], chunk[600];
  while (c->events_left > 0) {
    int last = --c->events_left == 0;
    int n = last ? snprintf(event, sizeof event,
                            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"content\":[{\"type\":\"text\","
                            "\"text\":\"done\"}],\"isError\":false,\"resultType\":\"complete\"}}\n\n", c->id)
                 : snprintf(event, sizeof event,
                            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                            "{\"progressToken\":1,\"progress\":%d,\"message\":\"a word of an answer\"}}\n\n", 1000 - c->events_left);
    snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n%s", n, event, last ? "0\r\n\r\n" : "");
    int done = send_text(fd, c, chunk);
    if (done < 1) return done;
  }
  return 1;
}

static const char *STREAM =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

/* A stream that stays open. */
static int open_stream(int fd, Connection *c) {
  char event[512], text[1024];
  int n = snprintf(event, sizeof event,
                   "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":"
                   "{\"notifications\":{},\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":%s}}}\n\n", c->id);
  snprintf(text, sizeof text, "%s%x\r\n%s\r\n", STREAM, n, event);
  return send_text(fd, c, text);
}

static int answer(int fd, Connection *c) {
  c->head[c->have] = 0;
  char *body = strstr(c->head, "\r\n\r\n") + 4, method[64] = "";
  size_t length = c->head + c->have - body;
  if (!strncmp(c->head, "GET ", 4)) {
    strcpy(c->id, "1");
    return open_stream(fd, c);
  }
  if (!strncmp(c->head, "DELETE ", 7)) return send_text(fd, c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  if (!member(body, length, "id", c->id, sizeof c->id)) return send_text(fd, c, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  member(body, length, "method", method, sizeof method);
  char *path = strchr(c->head, ' ') + 1;
  if (!strcmp(method, "\"tools/call\"")) {
    if (!strncmp(path, "/mcp/events/", 12)) {
      c->events_left = atoi(path + 12);
      int done = send_text(fd, c, STREAM);
      return done < 1 ? done : send_events(fd, c);
    }
    return send_json(fd, c, "", NULL, strncmp(path, "/mcp/size/", 10) ? 1024 : (size_t)atol(path + 10));
  }
  if (!strcmp(method, "\"subscriptions/listen\"")) return open_stream(fd, c);
  int legacy = !strncmp(path, "/mcp/legacy ", 12), modern = !strncmp(path, "/mcp/modern ", 12);
  if (!strcmp(method, "\"server/discover\"") && !legacy) return send_json(fd, c, "", DISCOVERY, 0);
  if (!strcmp(method, "\"initialize\"") && !modern) {
    int stateless = !strncmp(path, "/mcp/stateless ", 15);
    return send_json(fd, c, stateless ? "" : "Mcp-Session-Id: bench-session\r\n", SERVER, 0);
  }
  if (!strcmp(method, "\"tools/list\"")) return send_json(fd, c, "", TOOLS, 0);
  if (!strcmp(method, "\"ping\"")) return send_json(fd, c, "", "{}", 0);
  char text[512];
  int n = snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}", c->id);
  char whole[1024];
  snprintf(whole, sizeof whole, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, text);
  return send_text(fd, c, whole);
}

/* Takes bytes that arrived; -1 ends the connection. Nobody pipelines here. */
static int take(int fd, Connection *c, const char *bytes, size_t count) {
  if (!c->in_body) {
    size_t arrived = c->have + count, room = HEAD - 1 - c->have, keep = count < room ? count : room;
    memcpy(c->head + c->have, bytes, keep);
    c->have += keep;
    c->head[c->have] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return keep < count ? -1 : 0;
    char *field = strcasestr(c->head, "\r\ncontent-length:");
    size_t length = field && field < end ? strtoul(field + 17, NULL, 10) : 0, here = arrived - (end + 4 - c->head);
    if (here > length) return -1;
    c->body_left = length - here;
    c->in_body = 1;
  } else {
    if (count > c->body_left) return -1;
    size_t room = HEAD - 1 - c->have, keep = count < room ? count : room;
    memcpy(c->head + c->have, bytes, keep);
    c->have += keep;
    c->body_left -= count;
  }
  if (c->body_left > 0) return 0;
  c->in_body = 0;
  int done = answer(fd, c);
  c->have = 0;
  return done < 0 ? -1 : 0;
}

/* Reads all there is: events come once an edge. A short read says that nothing is left, unless the end is near. */
static void readable(int fd, Connection *c, int ending) {
  static char bytes[1 << 17];
  ssize_t n;
  do {
    n = read(fd, bytes, sizeof bytes);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || take(fd, c, bytes, n) < 0) return drop(fd);
  } while (n == sizeof bytes || ending);
}

static void writable(int fd, Connection *c) {
  if (!c->out) return;
  int done = flush(fd, c);
  if (done > 0 && c->events_left) done = send_events(fd, c);
  if (done < 0) drop(fd);
}

static void accept_all(int listener, int queue) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (fd >= CONNECTIONS) { close(fd); continue; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *c = calloc(1, sizeof *c);
    c->head = malloc(HEAD);
    connections[fd] = c;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.fd = fd};
    epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **arguments) {
  if (count != 2) return fprintf(stderr, "usage: upstream PORT\n"), 2;
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  filler = malloc(LARGEST);
  memset(filler, 'x', LARGEST);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) fail("bind");
  int queue = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
  epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int n = epoll_wait(queue, ready, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener) { accept_all(listener, queue); continue; }
      if (connections[fd] && ready[i].events & EPOLLOUT) writable(fd, connections[fd]);
      if (connections[fd] && ready[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
        readable(fd, connections[fd], ready[i].events & (EPOLLRDHUP | EPOLLHUP));
    }
  }
}
