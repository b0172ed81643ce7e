/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.c: the journal's native protocol or plain lines. The one file of base/ that uses libsystemd. */
#include "base/log.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define LOG_FIELD_MAX 1024
#define LOG_MESSAGE_MAX 8192
#define LOG_FIELDS 12

static const char *log_identifier = "pocketdocker";
static int log_max_level = LOG_INFO;
static bool log_to_journal;

/* systemd names the device and inode of the stream it connected stderr to; a redirection later makes them differ. */
static bool stderr_is_journal(void) {
        const char *e = getenv("JOURNAL_STREAM");
        uint64_t device, inode;
        struct stat st;

        if (!e || sscanf(e, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2)
                return false;
        return fstat(STDERR_FILENO, &st) >= 0 && (uint64_t) st.st_dev == device &&
               (uint64_t) st.st_ino == inode;
}

void log_open(const char *identifier) {
        log_identifier = identifier;
        log_to_journal = stderr_is_journal();
}

void log_set_max_level(int level) {
        log_max_level = level;
}

int log_get_max_level(void) {
        return log_max_level;
}

/* The journal's fields of one message, in buffers of their own; what is too long is cut. */
typedef struct Fields {
        char text[LOG_FIELDS][LOG_FIELD_MAX];
        struct iovec iov[LOG_FIELDS + 1];
        int n;
} Fields;

static void fields_add(Fields *f, const char *format, ...)
                __attribute__((__format__(__printf__, 2, 3)));
static void fields_add(Fields *f, const char *format, ...) {
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(f->text[f->n], LOG_FIELD_MAX, format, ap);
        va_end(ap);
        if (n < 0)
                return;

        f->iov[f->n].iov_base = f->text[f->n];
        f->iov[f->n].iov_len = (size_t) n < LOG_FIELD_MAX ? (size_t) n : LOG_FIELD_MAX - 1;
        f->n++;
}

static int send_to_journal(const LogContext *c, int level, int error, const char *file, int line,
                const char *func, char *message) {
        Fields f = {};

        fields_add(&f, "PRIORITY=%i", level);
        fields_add(&f, "SYSLOG_IDENTIFIER=%s", log_identifier);
        fields_add(&f, "CODE_FILE=%s", file);
        fields_add(&f, "CODE_LINE=%i", line);
        fields_add(&f, "CODE_FUNC=%s", func);
        if (error != 0)
                fields_add(&f, "ERRNO=%i", error);
        if (c && c->message_id)
                fields_add(&f, "MESSAGE_ID=%s", c->message_id);
        if (c && c->container_id)
                fields_add(&f, "CONTAINER_ID_FULL=%s", c->container_id);
        if (c && c->container_name)
                fields_add(&f, "CONTAINER_NAME=%s", c->container_name);
        if (c && c->image)
                fields_add(&f, "POCKETDOCKER_IMAGE=%s", c->image);
        if (c && c->operation)
                fields_add(&f, "POCKETDOCKER_OPERATION=%s", c->operation);

        f.iov[f.n].iov_base = message;
        f.iov[f.n].iov_len = strlen(message);
        return sd_journal_sendv(f.iov, f.n + 1);
}

/* One call, so that lines of several processes stay whole; dprintf(3) asks four times for what it writes to. */
static void write_line(char *message) {
        struct iovec parts[] = {
                { .iov_base = (char *) log_identifier, .iov_len = strlen(log_identifier) },
                { .iov_base = (char *) ": ", .iov_len = 2 },
                { .iov_base = message, .iov_len = strlen(message) },
                { .iov_base = (char *) "\n", .iov_len = 1 },
        };

        (void) !writev(STDERR_FILENO, parts, sizeof(parts) / sizeof(parts[0])); /* nowhere else to tell */
}

int log_full_internal(const LogContext *context, int level, int error, const char *file, int line,
                      const char *func, const char *format, ...) {
        static const char field[] = "MESSAGE=";
        char message[sizeof(field) + LOG_MESSAGE_MAX];
        int saved = errno, positive = abs(error);
        va_list ap;

        if (level > log_max_level)
                return -positive;

        memcpy(message, field, sizeof(field));
        errno = positive; /* for %m */
        va_start(ap, format);
        (void) vsnprintf(message + sizeof(field) - 1, LOG_MESSAGE_MAX, format, ap); /* cut where it is too long */
        va_end(ap);

        if (!log_to_journal ||
                        send_to_journal(context, level, positive, file, line, func, message) < 0)
                write_line(message + sizeof(field) - 1);

        errno = saved;
        return -positive;
}
