/* The cheapest milter that sees what a content filter must see: client, envelope, header fields.
 *
 * It looks at nothing, keeps nothing, replies only where libmilter or Postfix makes it wait, and
 * lets every message pass at the end of its headers, so that no body is ever sent. What a
 * message costs with it is what libmilter and the MTA cost; nothing written on top of libmilter
 * can be cheaper.
 *
 *     minimal-milter unix:/path | inet:PORT@127.0.0.1 [take]
 *
 * take: it has every body sent, throws it away and answers DISCARD: what a filter that keeps messages costs apart from
 * looking at them and keeping them.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

static unsigned long offered;
static int takes;

#define SILENT(flag) ((offered & (flag)) ? SMFIS_NOREPLY : SMFIS_CONTINUE)

static sfsistat negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
                          unsigned long unused2, unsigned long unused3, unsigned long *wanted_actions,
                          unsigned long *wanted_steps, unsigned long *reserved2,
                          unsigned long *reserved3)
{
  (void)context, (void)actions, (void)unused2, (void)unused3;
  /* All connections here come from one Postfix, so one variable is enough. */
  offered = steps;
  *wanted_actions = 0;
  /* DATA is answered: without that Postfix over TCP meets a delayed ACK of 40 ms. */
  *wanted_steps = steps & (SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR |
                           (takes ? SMFIP_NR_BODY : SMFIP_NOBODY) | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC);
  *reserved2 = *reserved3 = 0;
  return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
  (void)context, (void)name, (void)address;
  return SMFIS_CONTINUE;
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
  (void)context, (void)name;
  return SILENT(SMFIP_NR_HELO);
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
  (void)context, (void)arguments;
  return SILENT(SMFIP_NR_MAIL);
}

static sfsistat on_recipient(SMFICTX *context, char **arguments)
{
  (void)context, (void)arguments;
  return SILENT(SMFIP_NR_RCPT);
}

static sfsistat on_data(SMFICTX *context)
{
  (void)context;
  return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
  (void)context, (void)name, (void)value;
  return SILENT(SMFIP_NR_HDR);
}

static sfsistat on_end_of_headers(SMFICTX *context)
{
  (void)context;
  return takes ? SMFIS_CONTINUE : SMFIS_ACCEPT;
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t count)
{
  (void)context, (void)bytes, (void)count;
  return SILENT(SMFIP_NR_BODY);
}

static sfsistat on_end_of_message(SMFICTX *context)
{
  (void)context;
  return takes ? SMFIS_DISCARD : SMFIS_ACCEPT;
}

int main(int count, char **arguments)
{
  static char filter_name[] = "minimal-milter";
  struct smfiDesc filter;

  takes = count == 3 && strcmp(arguments[2], "take") == 0;
  if (count != 2 + takes) {
    fputs("usage: minimal-milter SOCKET [take]\n", stderr);
    return 2;
  }
  memset(&filter, 0, sizeof filter);
  filter.xxfi_name = filter_name;
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_connect = on_connect;
  filter.xxfi_helo = on_helo;
  filter.xxfi_envfrom = on_mail;
  filter.xxfi_envrcpt = on_recipient;
  filter.xxfi_data = on_data;
  filter.xxfi_header = on_header;
  filter.xxfi_eoh = on_end_of_headers;
  filter.xxfi_body = on_body;
  filter.xxfi_eom = on_end_of_message;
  filter.xxfi_negotiate = negotiate;
  if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(arguments[1]) != MI_SUCCESS) {
    fprintf(stderr, "minimal-milter: cannot use %s\n", arguments[1]);
    return 1;
  }
  smfi_setbacklog(512);
  return smfi_main() == MI_SUCCESS ? 0 : 1;
}
