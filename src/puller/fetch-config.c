/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch-config.c: the configuration as a run of fetch needs it. */
#include "puller/fetch-config.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/json.h"
#include "model/limits.h"

#define ENTRIES_MAX 1024U
#define SECONDS_MAX (3600ULL)
#define CERTIFICATES_BYTES_MAX (1U * 1024 * 1024) /* of one registry */

void fetch_config_done(FetchConfig *config) {
        strv_free(config->mirrors);
        strv_free(config->insecure);
        strv_free(config->certificate_dirs);
        *config = (FetchConfig) {};
}

static int read_list(const json_t *j, const char *key, char ***ret) {
        return json_read_strv(j, key, ENTRIES_MAX, FETCH_CONFIG_BYTES_MAX, ret);
}

static int read_seconds(const json_t *j, const char *key, usec_t *ret) {
        const json_t *value = json_object_get(j, key);
        double seconds = json_number_value(value);

        if (!value)
                return 0;
        if (!json_is_number(value) || !(seconds >= 0 && seconds <= SECONDS_MAX))
                return -EBADMSG;
        *ret = (usec_t) (seconds * USEC_PER_SEC);
        return 1;
}

static int read_bound(const json_t *j, const char *key, uint64_t *ret) {
        int r;

        r = json_read_u64(j, key, ret);
        if (r > 0 && *ret == 0)
                *ret = UINT64_MAX;
        return r;
}

static int read_document(const json_t *j, const char *registry, FetchConfig *c) {
        const json_t *mirrors = NULL, *limits = NULL, *seconds = NULL;
        int r;

        r = json_is_object(j) ? json_read_object(j, "mirrors", &mirrors) : -EBADMSG;
        if (r > 0)
                r = read_list(mirrors, registry, &c->mirrors);
        if (r >= 0)
                r = read_list(j, "insecure", &c->insecure);
        if (r >= 0)
                r = read_list(j, "certs", &c->certificate_dirs);
        if (r >= 0)
                r = json_read_u32(j, "retries", &c->retries);
        if (r >= 0)
                r = json_read_object(j, "limits", &limits);
        if (r > 0)
                r = read_bound(limits, "layer_bytes", &c->layer_bytes_max);
        if (r >= 0 && limits)
                r = read_bound(limits, "image_bytes", &c->image_bytes_max);
        if (r >= 0)
                r = json_read_object(j, "seconds", &seconds);
        if (r > 0)
                r = read_seconds(seconds, "connect", &c->connect_usec);
        if (r >= 0 && seconds)
                r = read_seconds(seconds, "document", &c->document_usec);
        if (r >= 0 && seconds)
                r = read_seconds(seconds, "stall", &c->stall_usec);
        if (r >= 0 && seconds)
                r = read_seconds(seconds, "pause", &c->pause_usec);
        return r;
}

int fetch_config_parse(const char *json, size_t size, const char *registry, FetchConfig *ret,
                Failure *reterr) {
        _cleanup_fetch_config_ FetchConfig c = {
                .retries = 5,
                .layer_bytes_max = UINT64_MAX,
                .image_bytes_max = UINT64_MAX,
                .connect_usec = 30 * USEC_PER_SEC,
                .document_usec = 2 * USEC_PER_MINUTE,
                .stall_usec = USEC_PER_MINUTE,
                .pause_usec = USEC_PER_SEC,
        };
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        int r = 0;

        if (json) {
                j = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
                r = j ? read_document(j, registry, &c) : -EBADMSG;
        }
        if (r < 0)
                return fail_errno(reterr, r, "The daemon's configuration could not be read");
        *ret = c;
        c = (FetchConfig) {};
        return 0;
}

/* The host of "host:port", without brackets. Return: false: longer than any. */
static bool copy_host(const char *authority, char *ret, size_t size) {
        const char *host = authority[0] == '[' ? authority + 1 : authority;
        size_t n = strcspn(host, authority[0] == '[' ? "]" : ":");

        if (n >= size)
                return false;
        memcpy(ret, host, n);
        ret[n] = '\0';
        return true;
}

static bool is_loopback(const char *host) {
        struct in6_addr six;
        struct in_addr four;

        if (strcasecmp(host, "localhost") == 0)
                return true;
        if (inet_pton(AF_INET, host, &four) == 1)
                return ntohl(four.s_addr) >> 24 == 127;
        return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool fetch_config_is_insecure(const FetchConfig *config, const char *authority) {
        char host[REFERENCE_MAX];

        STRV_FOREACH (s, config->insecure)
                if (strcasecmp(*s, authority) == 0)
                        return true;
        return copy_host(authority, host, sizeof(host)) && is_loopback(host);
}

/* A file that is not there any more is none; the rest is read as the administrator wrote it. */
static int add_file(int dir_fd, const char *dir, const char *authority, const char *name, StrBuf *b,
                Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        char path[FD_PATH_MAX];
        size_t size;
        int r;

        fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT)
                return 0;
        r = fd < 0 ? -errno : 0;
        if (r >= 0) {
                fd_path(fd, path);
                r = read_file(path, CERTIFICATES_BYTES_MAX, &text, &size);
        }
        if (r < 0)
                return fail_errno(reterr, r, "Failed to read the certificate '%s/%s/%s'", dir,
                                authority, name);
        (void) strbuf_append(b, text, size);
        (void) strbuf_putc(b, '\n');
        return 0;
}

static int add_directory(const char *dir, const char *authority, StrBuf *b, Failure *reterr) {
        _cleanup_closedir_ DIR *stream = NULL;
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = str_printf(&path, "%s/%s", dir, authority);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        stream = opendir(path);
        if (!stream && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        if (!stream)
                return fail_errno(reterr, errno, "Failed to open '%s'", path);

        for (struct dirent *e; (e = readdir(stream));)
                if (e->d_name[0] != '.' && endswith(e->d_name, ".crt") &&
                                strv_push(&names, e->d_name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (names)
                strv_sort(names);
        STRV_FOREACH (s, names) {
                r = add_file(dirfd(stream), dir, authority, *s, b, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int fetch_config_certificates(const FetchConfig *config, const char *authority, char **ret,
                Failure *reterr) {
        _cleanup_strbuf_ StrBuf b = { .max_bytes = CERTIFICATES_BYTES_MAX };
        int r;

        *ret = NULL;
        if (strchr(authority, '/') || authority[0] == '.') /* it becomes a path */
                return 0;
        STRV_FOREACH (dir, config->certificate_dirs) {
                r = add_directory(*dir, authority, &b, reterr);
                if (r < 0)
                        return r;
        }
        if (b.error < 0)
                return fail_errno(reterr, b.error, "Failed to keep the certificates for '%s'",
                                authority);
        if (b.size == 0)
                return 0;
        r = strbuf_steal(&b, ret, NULL);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}
