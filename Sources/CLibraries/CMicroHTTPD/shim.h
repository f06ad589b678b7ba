#include <microhttpd.h>

// Swift does not import functions with variable arguments. A thread per connection: one that waits for the disk
// keeps no other waiting. The thread that accepts sleeps in poll(2).
static inline struct MHD_Daemon *voicemail_start_http(
    int listening, unsigned int connections, unsigned int seconds,
    MHD_AccessHandlerCallback answer, MHD_NotifyConnectionCallback notify, void *context) {
  return MHD_start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL, answer, context,
      MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_CONNECTION_LIMIT, connections,
      MHD_OPTION_CONNECTION_TIMEOUT, seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384,
      MHD_OPTION_NOTIFY_CONNECTION, notify, context,
      MHD_OPTION_END);
}

// Its socket, or -1.
static inline int voicemail_http_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}
