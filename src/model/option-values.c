/* SPDX-License-Identifier: Apache-2.0 */
/* model/option-values.c: grammars of single options. Bounds that concern several values are container_spec_check()'s. */
#include "model/option-values.h"
#include <sys/mount.h>
#include <sys/resource.h>
#include "base/parse.h"
#include "base/str.h"

static const struct {
        const char *name;
        uint64_t set, clear;
} mount_flags[] = {
        { "ro", MS_RDONLY, 0 },          { "rw", 0, MS_RDONLY },
        { "noexec", MS_NOEXEC, 0 },      { "exec", 0, MS_NOEXEC },
        { "nosuid", MS_NOSUID, 0 },      { "suid", 0, MS_NOSUID },
        { "nodev", MS_NODEV, 0 },        { "dev", 0, MS_NODEV },
        { "noatime", MS_NOATIME, 0 },    { "atime", 0, MS_NOATIME },
        { "nodiratime", MS_NODIRATIME, 0 }, { "diratime", 0, MS_NODIRATIME },
        { "relatime", MS_RELATIME, 0 },  { "strictatime", MS_STRICTATIME, 0 },
        { "sync", MS_SYNCHRONOUS, 0 },   { "async", 0, MS_SYNCHRONOUS },
        { "defaults", 0, 0 },
};

/* Is @value fit for tmpfs's own option @key? */
static bool tmpfs_value_is_valid(const char *key, const char *value) {
        uint64_t ignored;
        size_t n;

        if (streq(key, "mode")) {
                n = strspn(value, "01234567");
                return n >= 1 && n <= 5 && value[n] == '\0';
        }
        if (streq(key, "uid") || streq(key, "gid")) {
                uint32_t id;

                return parse_u32(value, &id) >= 0 && id < UINT32_MAX;
        }
        if (streq(key, "size") || streq(key, "nr_blocks") || streq(key, "nr_inodes")) {
                n = strspn(value, "0123456789");
                if (n == 0 || n > 18)
                        return false;
                if (streq(key, "size") && streq(value + n, "%"))
                        return true;
                return value[n] == '\0' || (strchr("kKmMgG", value[n]) && value[n + 1] == '\0' &&
                                                           parse_bytes(value, &ignored) >= 0);
        }
        return false;
}

/* One option: a mount flag, or one of tmpfs's own, which is kept as text. */
static int tmpfs_option(const char *option, uint64_t *flags, StrBuf *data, Failure *reterr) {
        _cleanup_free_ char *key = NULL;
        const char *equals;

        for (size_t i = 0; i < ELEMENTSOF(mount_flags); i++)
                if (streq(option, mount_flags[i].name)) {
                        *flags = (*flags & ~mount_flags[i].clear) | mount_flags[i].set;
                        return 0;
                }

        equals = strchr(option, '=');
        key = strndup(option, equals ? (size_t) (equals - option) : strlen(option));
        if (!key)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (!equals || !tmpfs_value_is_valid(key, equals + 1))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%.64s' is no option of a tmpfs",
                                option);

        if (strbuf_printf(data, "%s%s", data->size > 0 ? "," : "", option) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return 0;
}

bool path_is_normalized(const char *s) {
        if (s[0] != '/')
                return false;
        if (s[1] == '\0')
                return true;

        while (*s == '/') {
                size_t n = strcspn(++s, "/");

                if (n == 0 || n > 255 || (n == 1 && s[0] == '.') ||
                                (n == 2 && s[0] == '.' && s[1] == '.'))
                        return false;
                s += n;
        }
        return true;
}

char *path_normalize(const char *s, size_t size) {
        char *path, *to;

        path = to = malloc(size + 1);
        if (!path)
                return NULL;
        for (size_t i = 0; i < size; i++)
                if (s[i] != '/' || to == path || to[-1] != '/')
                        *to++ = s[i];
        if (to > path + 1 && to[-1] == '/')
                to--;
        *to = '\0';
        return path;
}

int tmpfs_parse(const char *s, Tmpfs *ret, Failure *reterr) {
        uint64_t flags = MS_NOEXEC | MS_NOSUID | MS_NODEV;
        _cleanup_strv_free_ char **options = NULL;
        _cleanup_strbuf_ StrBuf data = {};
        _cleanup_free_ char *path = NULL, *text = NULL;
        const char *colon = strchr(s, ':');
        int r;

        if (s[0] != '/')
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The tmpfs '%.64s' does not begin with an absolute path", s);

        path = path_normalize(s, colon ? (size_t) (colon - s) : strlen(s));
        if (!path || (colon && strv_split(colon + 1, ',', &options) < 0))
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        STRV_FOREACH (o, options) {
                r = tmpfs_option(*o, &flags, &data, reterr);
                if (r < 0)
                        return r;
        }
        if (data.size > 0 && strbuf_steal(&data, &text, NULL) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        *ret = (Tmpfs) { .path = TAKE_PTR(path), .options = TAKE_PTR(text), .flags = flags };
        return 0;
}

void tmpfs_done(Tmpfs *t) {
        free(t->path);
        free(t->options);
        *t = (Tmpfs) {};
}

static const char *const ulimit_table[RLIM_NLIMITS] = {
        [RLIMIT_CORE] = "core",
        [RLIMIT_CPU] = "cpu",
        [RLIMIT_DATA] = "data",
        [RLIMIT_FSIZE] = "fsize",
        [RLIMIT_LOCKS] = "locks",
        [RLIMIT_MEMLOCK] = "memlock",
        [RLIMIT_MSGQUEUE] = "msgqueue",
        [RLIMIT_NICE] = "nice",
        [RLIMIT_NOFILE] = "nofile",
        [RLIMIT_NPROC] = "nproc",
        [RLIMIT_RSS] = "rss",
        [RLIMIT_RTPRIO] = "rtprio",
        [RLIMIT_RTTIME] = "rttime",
        [RLIMIT_SIGPENDING] = "sigpending",
        [RLIMIT_STACK] = "stack",
        [RLIMIT_AS] = "as",
};

const char *ulimit_to_string(int resource) {
        return resource >= 0 && resource < RLIM_NLIMITS ? ulimit_table[resource] : NULL;
}

static int parse_limit(const char *s, size_t size, uint64_t *ret) {
        char text[32];

        if (size >= sizeof(text))
                return -EINVAL;
        memcpy(text, s, size);
        text[size] = '\0';

        if (streq(text, "-1") || streq(text, "unlimited")) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_u64(text, ret);
}

int ulimit_parse(const char *s, UserLimit *ret, Failure *reterr) {
        size_t name = strcspn(s, "="), soft;
        UserLimit limit = { .resource = -1 };
        const char *value;

        for (int i = 0; i < RLIM_NLIMITS; i++)
                if (ulimit_table[i] && strlen(ulimit_table[i]) == name &&
                                strncmp(s, ulimit_table[i], name) == 0)
                        limit.resource = i;
        if (s[name] != '=' || limit.resource < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.64s' is no ulimit: TYPE=SOFT[:HARD]", s);

        value = s + name + 1;
        soft = strcspn(value, ":");
        if (parse_limit(value, soft, &limit.soft) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The ulimit '%.64s' is not a number", s);
        limit.hard = limit.soft;
        if (value[soft] == ':' &&
                        parse_limit(value + soft + 1, strlen(value + soft + 1), &limit.hard) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The ulimit '%.64s' is not a number", s);
        if (limit.soft > limit.hard)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The ulimit '%.64s' has a soft value above its hard value", s);

        *ret = limit;
        return 0;
}

int log_option_parse(const char *s, ContainerSpec *spec, Failure *reterr) {
        const char *value;
        uint64_t bytes;
        uint32_t files;

        value = startswith(s, "max-size=");
        if (value) {
                if (streq(value, "-1"))
                        bytes = UINT64_MAX;
                else if (parse_bytes(value, &bytes) < 0 || bytes > INT64_MAX)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The log option '%.64s' is not a size", s);
                spec->log_max_size = bytes;
                return 0;
        }

        value = startswith(s, "max-file=");
        if (value) {
                if (parse_u32(value, &files) < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The log option '%.64s' is not a number", s);
                spec->log_max_files = files;
                return 0;
        }
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "There is no log option '%.64s': max-size=SIZE and max-file=NUMBER", s);
}

int log_driver_parse(const char *s, LogDriver *ret, Failure *reterr) {
        static const char *const others[] = {
                "json-file", "local", "journald", "syslog", "gelf", "fluentd", "awslogs", "splunk",
                "etwlogs", "gcplogs", "k8s-file", "passthrough",
        };

        if (s[0] == '\0' || streq(s, "file")) {
                *ret = LOG_DRIVER_FILE;
                return 0;
        }
        if (streq(s, "none")) {
                *ret = LOG_DRIVER_NONE;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (streq(s, others[i]))
                        return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                        "The log driver '%s' is not supported by this version: "
                                        "file or none",
                                        s);
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "There is no log driver '%.64s': file or none", s);
}
