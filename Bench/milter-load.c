/* An MTA's side of many milter sessions at once, protocol version 6, to see how many decisions a
 * filter makes per second when no MTA stands in its way.
 *
 *     milter-load [-c SESSIONS] [-k MESSAGES PER SESSION] [-n MESSAGES] [-l BODY BYTES]
 *                 [-t plain|multipart] [-f FILE] [-r MESSAGES PER SECOND] [-a CLIENT ADDRESS]
 *                 PATH OF A UNIX SOCKET
 *
 * SESSIONS are open at any time. Negotiation and CONNECT wait for their answers; then a message is
 * pipelined: MAIL up to the end of its headers in one write, and when the filter wants to see the
 * body, body and end of message in another. A filter that accepts the connection ends the session:
 * that is one decision. -f: the message is a voicemail as Asterisk writes it, and its body lies in that
 * file. -r: no faster than that.
 *
 * Prints `messages=N sessions=N seconds=S accepted=N continued=N discarded=N other=N p50_ms=T p99_ms=T`, the
 * times from the end of the message to its answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { NR_HDR = 0x80, NO_CONNECT = 0x1, NO_HELO = 0x2, NO_MAIL = 0x4, NO_RCPT = 0x8, NO_BODY = 0x10,
       NO_HEADERS = 0x20, NO_EOH = 0x40, NO_DATA = 0x200, NR_CONNECT = 0x1000, NR_HELO = 0x2000,
       NR_MAIL = 0x4000, NR_RCPT = 0x8000, NR_DATA = 0x10000, NR_EOH = 0x40000, NR_BODY = 0x80000 };

enum state { NEGOTIATING, CONNECTING, WAITING, IN_HEADERS, IN_BODY };

struct buffer { char *bytes; size_t count, room; };

struct session {
  int descriptor;
  enum state state;
  uint32_t steps;
  int awaited;   /* replies still to come in this state */
  int messages;  /* sent in this session */
  double ended;  /* when its body was sent */
  struct session *next; /* that waits for its turn, too */
  char input[4096];
  size_t filled;
};

static const char *socket_path;
static const char *client_address = "192.0.2.10";
static long wanted_messages = 10000, started, decided, sessions_opened;
static long accepted, continued, discarded, other;
static const char *body_file;
static double rate, begin;
static float *latencies;
static int per_session = 100, is_multipart = 0;
static size_t body_bytes = 2048;
static char *body;

static void fail(const char *what)
{
  fprintf(stderr, "milter-load: %s: %s\n", what, errno ? strerror(errno) : "protocol error");
  exit(1);
}

static void put(struct buffer *to, const void *bytes, size_t count)
{
  if (to->count + count > to->room) {
    to->room = (to->count + count) * 2;
    if (!(to->bytes = realloc(to->bytes, to->room))) fail("memory");
  }
  memcpy(to->bytes + to->count, bytes, count);
  to->count += count;
}

static void put_number(struct buffer *to, uint32_t number)
{
  unsigned char bytes[4] = { number >> 24, number >> 16, number >> 8, number };
  put(to, bytes, 4);
}

static void put_packet(struct buffer *to, char command, const void *bytes, size_t count)
{
  put_number(to, (uint32_t)count + 1);
  put(to, &command, 1);
  put(to, bytes, count);
}

#define PUT_LITERAL(to, command, text) put_packet(to, command, text, sizeof text - 1)

static void send_all(struct session *session, struct buffer *from)
{
  size_t sent = 0;
  while (sent < from->count) {
    ssize_t count = send(session->descriptor, from->bytes + sent, from->count - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("send");
    sent += (size_t)count;
  }
  from->count = 0;
}

static int granted(const struct session *session, uint32_t skipped, uint32_t silent)
{
  return (session->steps & (skipped | silent)) == 0;
}

static struct buffer scratch;

static void put_header(const char *name, const char *value)
{
  struct buffer *to = &scratch;
  size_t first = strlen(name) + 1, second = strlen(value) + 1;
  put_number(to, (uint32_t)(first + second + 1));
  put(to, "L", 1);
  put(to, name, first);
  put(to, value, second);
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct session *first_waiting, **last_waiting = &first_waiting;

/* Seconds until the next message may begin; -r. */
static double until_next(void)
{
  return rate > 0 ? begin + (double)started / rate - now() : 0;
}

static void put_voicemail_headers(void)
{
  char text[256];
  put_header("Date", " Tue, 4 Nov 2025 10:12:30 +0100");
  put_header("From", " Asterisk PBX <asterisk@pbx.example.org>");
  put_header("To", " \"Ann Example\" <ann@example.com>");
  put_header("Subject", " [PBX]: New message 3 in mailbox 1001");
  snprintf(text, sizeof text, " <Asterisk-3-%lx-%lu-1001-%d@pbx.example.org>", (long)(now() * 1e6), started,
           (int)getpid());
  put_header("Message-ID", text);
  put_header("X-Asterisk-CallerID", " 07700900123");
  put_header("X-Asterisk-CallerIDName", " JOHN SMITH");
  put_header("MIME-Version", " 1.0");
  put_header("Content-Type", " multipart/mixed; boundary=\"----voicemail_310014242\"");
}

static void send_headers(struct session *session);

/* In a queue while it is too early: the answers to others are read meanwhile. */
static void next_message(struct session *session)
{
  if (!first_waiting && until_next() <= 0) { send_headers(session); return; }
  session->state = WAITING;
  session->next = NULL;
  *last_waiting = session;
  last_waiting = &session->next;
}

/* The macros and commands Postfix sends for a message, with the header fields of ordinary mail. */
static void send_headers(struct session *session)
{
  char text[256];
  struct buffer *to = &scratch;

  session->state = IN_HEADERS;
  session->awaited = granted(session, NO_MAIL, NR_MAIL) + granted(session, NO_RCPT, NR_RCPT) +
                     granted(session, NO_DATA, NR_DATA) + granted(session, NO_EOH, NR_EOH);
  if (session->messages++ > 0) PUT_LITERAL(to, 'A', "");
  started++;
  if (!(session->steps & NO_MAIL)) {
    PUT_LITERAL(to, 'D', "M{mail_addr}\0kim@example.org\0");
    PUT_LITERAL(to, 'M', "<kim@example.org>\0SIZE=2900\0BODY=8BITMIME\0");
  }
  if (!(session->steps & NO_RCPT)) {
    PUT_LITERAL(to, 'D', "R{rcpt_addr}\0ann@example.com\0");
    PUT_LITERAL(to, 'R', "<ann@example.com>\0");
  }
  if (!(session->steps & NO_DATA)) {
    PUT_LITERAL(to, 'D', "Ti\0004fZ1Zz2x9qz4F\0");
    PUT_LITERAL(to, 'T', "");
  }
  if (!(session->steps & NO_HEADERS) && body_file) {
    put_voicemail_headers();
  } else if (!(session->steps & NO_HEADERS)) {
    put_header("Received", " from mail.example.org (mail.example.org [192.0.2.10])\n\tby relay.example.com"
               " (Postfix) with ESMTPS id 4fZ1Zy0r6Hz3k\n\tfor <ann@example.com>; Tue, 4 Nov 2025 09:12:31 +0000 (UTC)");
    put_header("Date", " Tue, 4 Nov 2025 10:12:30 +0100");
    put_header("From", " Kim Example <kim@example.org>");
    put_header("To", " Ann Example <ann@example.com>");
    put_header("Cc", " =?UTF-8?Q?J=C3=BCrgen_Beispiel?= <juergen@example.net>");
    snprintf(text, sizeof text, " <%08lx.4711.%lu@mail.example.org>", started * 2654435761ul & 0xffffffff, started);
    put_header("Message-ID", text);
    put_header("Subject", " Minutes of Monday's meeting, and a question about the order");
    put_header("References", " <20251103081500.1234@example.com>\n <20251103094512.5678@example.org>");
    put_header("User-Agent", " Mozilla Thunderbird");
    put_header("MIME-Version", " 1.0");
    put_header("Content-Type", is_multipart
               ? " multipart/mixed; boundary=\"------------0tQvnF8X1cWwTq\""
               : " text/plain; charset=UTF-8; format=flowed");
    if (!is_multipart) put_header("Content-Transfer-Encoding", " 8bit");
  }
  if (!(session->steps & NO_EOH)) {
    PUT_LITERAL(to, 'D', "Ni\0004fZ1Zz2x9qz4F\0");
    PUT_LITERAL(to, 'N', "");
  }
  send_all(session, to);
}

static void send_body(struct session *session)
{
  struct buffer *to = &scratch;
  size_t sent = 0, chunks = 0;

  session->state = IN_BODY;
  while (!(session->steps & NO_BODY) && sent < body_bytes) {
    size_t count = body_bytes - sent < 65535 ? body_bytes - sent : 65535;
    put_packet(to, 'B', body + sent, count);
    sent += count;
    chunks++;
  }
  session->awaited = (granted(session, NO_BODY, NR_BODY) ? (int)chunks : 0) + 1;
  PUT_LITERAL(to, 'D', "Ei\0004fZ1Zz2x9qz4F\0");
  PUT_LITERAL(to, 'E', "");
  send_all(session, to);
  session->ended = now();
}

static void open_session(int poller, struct session *session)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = session };

  memset(session, 0, sizeof *session);
  strncpy(address.sun_path, socket_path, sizeof address.sun_path - 1);
  session->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (session->descriptor < 0) fail("socket");
  if (connect(session->descriptor, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  if (epoll_ctl(poller, EPOLL_CTL_ADD, session->descriptor, &event) < 0) fail("epoll");
  sessions_opened++;
  session->awaited = 1;
  put_number(&scratch, 13);
  put(&scratch, "O", 1);
  put_number(&scratch, 6);
  put_number(&scratch, 0x1ff);
  put_number(&scratch, 0x1fffff);
  send_all(session, &scratch);
}

static void send_connect(struct session *session)
{
  char text[512];
  size_t count;

  session->state = CONNECTING;
  session->awaited = granted(session, NO_CONNECT, NR_CONNECT) + granted(session, NO_HELO, NR_HELO);
  if (!(session->steps & NO_CONNECT)) {
    PUT_LITERAL(&scratch, 'D', "Cj\0mta.example.com\0{daemon_name}\0smtpd\0v\0Postfix 3.7.11\0");
    count = (size_t)snprintf(text, sizeof text, "mail.example.org%c4%c%c%s", 0, 0x9c, 0x40, client_address) + 1;
    put_packet(&scratch, 'C', text, count);
  }
  send_all(session, &scratch);
}

static void send_helo(struct session *session)
{
  if (!(session->steps & NO_HELO)) PUT_LITERAL(&scratch, 'H', "mail.example.org\0");
  if (scratch.count) send_all(session, &scratch);
}

static void close_session(struct session *session)
{
  struct buffer *to = &scratch;
  PUT_LITERAL(to, 'Q', "");
  send_all(session, to);
  close(session->descriptor);
  session->descriptor = -1;
}

/* The message, or at CONNECT the session, has its answer. */
static void decide(struct session *session, char reply)
{
  if (reply == 'a') accepted++;
  else if (reply == 'c') continued++;
  else if (reply == 'd') discarded++;
  else other++;
  latencies[decided] = session->state == IN_BODY ? (float)(now() - session->ended) : 0;
  decided++;
  if (session->state == CONNECTING) started++;
  if (session->state != CONNECTING && session->messages < per_session && started < wanted_messages)
    next_message(session);
  else
    close_session(session);
}

static void take_reply(struct session *session, char reply, const unsigned char *bytes, size_t count)
{
  switch (session->state) {
  case NEGOTIATING:
    if (reply != 'O' || count < 12) fail("negotiation");
    session->steps = (uint32_t)bytes[8] << 24 | (uint32_t)bytes[9] << 16 | (uint32_t)bytes[10] << 8 | bytes[11];
    send_connect(session);
    if (session->steps & (NO_CONNECT | NR_CONNECT)) {
      send_helo(session);
      if (session->awaited == 0) next_message(session);
    }
    return;
  case WAITING:
    errno = 0;
    fail("a reply between messages");
    return;
  case CONNECTING:
    if (reply == 'a') { decide(session, reply); return; }
    if (granted(session, NO_CONNECT, NR_CONNECT) && session->awaited-- == 1 + granted(session, NO_HELO, NR_HELO)) {
      send_helo(session);
    } else if (!granted(session, NO_CONNECT, NR_CONNECT)) {
      session->awaited--;
    }
    if (session->awaited == 0) next_message(session);
    return;
  case IN_HEADERS:
    if (--session->awaited > 0) {
      if (reply != 'c') { errno = 0; fail("a reply before the end of the headers"); }
    } else if (reply == 'c') {
      send_body(session);
    } else {
      decide(session, reply);
    }
    return;
  case IN_BODY:
    if (--session->awaited == 0) decide(session, reply);
    return;
  }
}

static void receive(struct session *session)
{
  ssize_t count = recv(session->descriptor, session->input + session->filled,
                       sizeof session->input - session->filled, 0);
  size_t used = 0;

  if (count <= 0) { errno = count < 0 ? errno : ECONNRESET; fail("receive"); }
  session->filled += (size_t)count;
  while (session->descriptor >= 0 && session->filled - used >= 5) {
    const unsigned char *at = (unsigned char *)session->input + used;
    size_t length = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    if (length == 0 || length > sizeof session->input - 4) { errno = 0; fail("reply length"); }
    if (session->filled - used < 4 + length) break;
    used += 4 + length;
    take_reply(session, (char)at[4], at + 5, length - 1);
  }
  memmove(session->input, session->input + used, session->filled - used);
  session->filled -= used;
}

static void make_body(void)
{
  static const char mixed_start[] =
    "This is a multi-part message in MIME format.\r\n--------------0tQvnF8X1cWwTq\r\n"
    "Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    "Hello Ann,\r\n\r\nthe order is attached.\r\n\r\n--------------0tQvnF8X1cWwTq\r\n"
    "Content-Type: application/pdf; name=\"order.pdf\"\r\n"
    "Content-Disposition: attachment; filename=\"order.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  static const char mixed_end[] = "\r\n--------------0tQvnF8X1cWwTq--\r\n";
  size_t start = is_multipart ? sizeof mixed_start - 1 : 0, end = is_multipart ? sizeof mixed_end - 1 : 0;

  if (body_file) {
    FILE *file = fopen(body_file, "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0) fail(body_file);
    body_bytes = (size_t)ftell(file);
    rewind(file);
    if (!(body = malloc(body_bytes)) || fread(body, 1, body_bytes, file) != body_bytes) fail(body_file);
    fclose(file);
    return;
  }
  if (body_bytes < start + end) body_bytes = start + end;
  if (!(body = malloc(body_bytes))) fail("memory");
  for (size_t index = 0; index < body_bytes; index++) body[index] = index % 78 == 76 ? '\r' : index % 78 == 77 ? '\n' : 'Q';
  memcpy(body, mixed_start, start);
  memcpy(body + body_bytes - end, mixed_end, end);
}

static int ascending(const void *first, const void *second)
{
  float difference = *(const float *)first - *(const float *)second;
  return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments)
{
  int option, concurrent = 20, open_now = 0, poller;
  struct session *sessions;
  struct timespec from, to;

  while ((option = getopt(count, arguments, "c:k:n:l:t:a:f:r:")) != -1) {
    switch (option) {
    case 'c': concurrent = atoi(optarg); break;
    case 'k': per_session = atoi(optarg); break;
    case 'n': wanted_messages = atol(optarg); break;
    case 'l': body_bytes = (size_t)atol(optarg); break;
    case 't': is_multipart = strcmp(optarg, "multipart") == 0; break;
    case 'f': body_file = optarg; break;
    case 'r': rate = atof(optarg); break;
    case 'a': client_address = optarg; break;
    default: return 2;
    }
  }
  if (optind + 1 != count || concurrent < 1 || per_session < 1) {
    fputs("usage: milter-load [options] SOCKET\n", stderr);
    return 2;
  }
  socket_path = arguments[optind];
  make_body();
  if (!(latencies = calloc((size_t)(wanted_messages + concurrent), sizeof *latencies))) fail("memory");
  begin = now();
  poller = epoll_create1(EPOLL_CLOEXEC);
  sessions = calloc((size_t)concurrent, sizeof *sessions);
  if (poller < 0 || !sessions) fail("epoll");
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (int index = 0; index < concurrent; index++, open_now++) open_session(poller, &sessions[index]);
  while (open_now > 0) {
    struct epoll_event events[64];
    double left = first_waiting ? until_next() : 20;
    struct timespec limit = { .tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
    if (left <= 0) limit.tv_sec = limit.tv_nsec = 0;
    int ready = epoll_pwait2(poller, events, 64, &limit, NULL);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || (ready == 0 && !first_waiting)) fail("no reply within 20 s");
    for (int index = 0; index < ready; index++) {
      struct session *session = events[index].data.ptr;
      receive(session);
      if (session->descriptor >= 0) continue;
      if (started < wanted_messages) open_session(poller, session);
      else open_now--;
    }
    while (first_waiting && (started >= wanted_messages || until_next() <= 0)) {
      struct session *session = first_waiting;
      if (!(first_waiting = session->next)) last_waiting = &first_waiting;
      if (started < wanted_messages) { send_headers(session); continue; }
      close_session(session);
      open_now--;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  qsort(latencies, (size_t)decided, sizeof *latencies, ascending);
  printf("messages=%ld sessions=%ld seconds=%.6f accepted=%ld continued=%ld discarded=%ld other=%ld"
         " p50_ms=%.2f p99_ms=%.2f\n", decided, sessions_opened, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
         accepted, continued, discarded, other, 1e3 * latencies[decided / 2],
         1e3 * latencies[decided * 99 / 100]);
  return 0;
}
