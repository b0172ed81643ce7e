/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run-flags.c: one declarative table: flag, D-Bus key, kind. */
#include "cli/run-flags.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/security-flags.h"

enum { FILE_BYTES_MAX = 1024 * 1024 }; /* of an --env-file or --label-file */

/*
 * Rows without help are second names, or flags of Docker's that the service of this version refuses with a sentence of its
 * own; they are sent all the same, so that a flag that matters is never dropped in silence.
 */
const Flag container_flags[] = {
        { "name", 0, FLAG_STRING, "name", "NAME",
          "Name of the container; one is made up if not given" },
        { "hostname", 'h', FLAG_STRING, "hostname", "NAME", "Host name; by default the short id" },
        { "env", 'e', FLAG_LIST, "env", "KEY[=VALUE]",
          "Set an environment variable, or hand over the caller's" },
        { "env-file", 0, FLAG_LIST, NULL, "FILE",
          "Read environment variables from a file, one a line" },
        { "workdir", 'w', FLAG_STRING, "workdir", "PATH", "Working directory" },
        { "user", 'u', FLAG_STRING, "user", "USER[:GROUP]",
          "Names or numbers, looked up in the image" },
        { "group-add", 0, FLAG_LIST, "group-add", "GROUP",
          "Add a group to the user's, by name or number" },
        { "entrypoint", 0, FLAG_STRING, "entrypoint", "COMMAND",
          "Run this instead of the image's entry point" },
        { "label", 'l', FLAG_LIST, "label", "KEY[=VALUE]", "Attach a label" },
        { "label-file", 0, FLAG_LIST, NULL, "FILE", "Read labels from a file, one a line" },
        { "tty", 't', FLAG_SWITCH, "tty", NULL, "Give the workload a terminal" },
        { "interactive", 'i', FLAG_SWITCH, "interactive", NULL, "Keep standard input open" },
        { "rm", 0, FLAG_SWITCH, "rm", NULL, "Remove the container when it ends" },
        { "init", 0, FLAG_SWITCH, "init", NULL,
          "Put a small first process before the workload, which reaps" },
        { "read-only", 0, FLAG_SWITCH, "read-only", NULL, "Mount the root file system read-only" },
        { "tmpfs", 0, FLAG_LIST, "tmpfs", "PATH[:OPTIONS]", "Mount an empty tmpfs" },
        { "volume", 'v', FLAG_LIST, NULL, "[SOURCE:]TARGET[:OPTIONS]",
          "Mount a volume, or a directory or file of the host" },
        { "mount", 0, FLAG_LIST, NULL, "FIELD=VALUE[,...]",
          "The same in words: type=bind|tmpfs|volume,source=,target=,readonly" },
        { "volumes-from", 0, FLAG_LIST, "volumes-from", "CONTAINER[:ro]",
          "Mount what another container has mounted" },
        { "privileged", 0, FLAG_SWITCH, "privileged", NULL,
          "All capabilities and devices, no filter, nothing masked" },
        { "device", 0, FLAG_LIST, "device", "HOST[:CONTAINER[:rwm]]",
          "Give it a device, or all in a directory" },
        { "device-cgroup-rule", 0, FLAG_LIST, "device-cgroup-rule", "RULE",
          "Allow a kind of device, as in 'c 10:* rw'" },
        { "ulimit", 0, FLAG_LIST, "ulimit", "TYPE=SOFT[:HARD]", "Set a resource limit" },
        { "network", 0, FLAG_STRING, "network", "MODE",
          "none: loopback only (default); host; container:NAME" },
        { "pid", 0, FLAG_STRING, "pid", "MODE",
          "Whose processes are seen: private (default), host, container:NAME" },
        { "ipc", 0, FLAG_STRING, "ipc", "MODE",
          "Whose shared memory: private (default), none, host, container:NAME" },
        { "uts", 0, FLAG_STRING, "uts", "MODE",
          "Whose host name: private (default), host, container:NAME" },
        { "userns", 0, FLAG_STRING, "userns", "MODE",
          "private: ids of its own (default); host: the host's; keep-id" },
        { "cgroupns", 0, FLAG_STRING, "cgroupns", "MODE",
          "private (default), or host: see all cgroups, read-only" },
        { "cap-add", 0, FLAG_LIST, "cap-add", "CAPABILITY", "Give a capability, or ALL" },
        { "cap-drop", 0, FLAG_LIST, "cap-drop", "CAPABILITY",
          "Take a capability of the usual ones, or ALL" },
        { "security-opt", 0, FLAG_LIST, "security-opt", "OPTION",
          "seccomp=FILE|unconfined, no-new-privileges=BOOL, mask=PATHS, unmask=ALL|PATHS" },
        { "sysctl", 0, FLAG_LIST, "sysctl", "KEY=VALUE",
          "Set what its own network or IPC namespace has" },
        { "shm-size", 0, FLAG_SIZE, "shm-size", "BYTES", "Size of /dev/shm; by default 64m" },
        { "stop-signal", 0, FLAG_STRING, "stop-signal", "SIGNAL",
          "What 'stop' sends first; by default SIGTERM or the image's" },
        { "stop-timeout", 0, FLAG_SECONDS, "stop-timeout", "SECONDS",
          "How long 'stop' waits before SIGKILL; by default 5" },
        { "oom-score-adj", 0, FLAG_STRING, "oom-score-adj", "NUMBER",
          "-1000 to 1000: how soon the kernel ends its processes when memory is short" },
        { "health-cmd", 0, FLAG_STRING, "health-cmd", "COMMAND",
          "Probe by this command of a shell, beside the workload: 0 is healthy" },
        { "health-http", 0, FLAG_STRING, "health-http", "PORT[/PATH]",
          "Probe by GET, without a process inside: 200 to 399 is healthy" },
        { "health-tcp", 0, FLAG_STRING, "health-tcp", "PORT",
          "Probe by connecting, without a process inside" },
        { "health-interval", 0, FLAG_DURATION, "health-interval", "TIME",
          "From the end of a probe to the next; by default 30s" },
        { "health-timeout", 0, FLAG_DURATION, "health-timeout", "TIME",
          "How long a probe may take; by default 30s" },
        { "health-retries", 0, FLAG_STRING, "health-retries", "N",
          "Failures in a row that make it unhealthy; by default 3" },
        { "health-start-period", 0, FLAG_DURATION, "health-start-period", "TIME",
          "Failures do not count so long, until a first success" },
        { "health-start-interval", 0, FLAG_DURATION, "health-start-interval", "TIME",
          "The interval in the start period; by default 5s" },
        { "health-on-failure", 0, FLAG_STRING, "health-on-failure", "ACTION",
          "What is done about an unhealthy one: none (default), kill, restart, stop" },
        { "no-healthcheck", 0, FLAG_SWITCH, "no-healthcheck", NULL,
          "No health check, whatever the image has" },
        { "log-driver", 0, FLAG_STRING, "log-driver", "DRIVER", "file (default) or none" },
        { "log-opt", 0, FLAG_LIST, "log-opt", "KEY=VALUE",
          "max-size=BYTES (-1: no rotation), max-file=N" },
        { "pull", 0, FLAG_STRING, NULL, "POLICY",
          "When the image is pulled: missing (default), always, never, newer" },
        { "platform", 0, FLAG_STRING, NULL, "OS/ARCH[/VARIANT]",
          "Of the image; by default this machine's" },
        { "net", 0, FLAG_STRING, "network", "MODE", NULL },
        { "add-host", 0, FLAG_LIST, "add-host", "", NULL },
        { "annotation", 0, FLAG_LIST, "annotation", "", NULL },
        { "blkio-weight", 0, FLAG_STRING, "blkio-weight", "", NULL },
        { "cgroup-parent", 0, FLAG_STRING, "cgroup-parent", "", NULL },
        { "dns", 0, FLAG_LIST, "dns", "", NULL },
        { "dns-option", 0, FLAG_LIST, "dns-option", "", NULL },
        { "dns-search", 0, FLAG_LIST, "dns-search", "", NULL },
        { "domainname", 0, FLAG_STRING, "domainname", "", NULL },
        { "expose", 0, FLAG_LIST, "expose", "", NULL },
        { "gpus", 0, FLAG_STRING, "gpus", "", NULL },
        { "ip", 0, FLAG_STRING, "ip", "", NULL },
        { "ip6", 0, FLAG_STRING, "ip6", "", NULL },
        { "kernel-memory", 0, FLAG_STRING, "kernel-memory", "", NULL },
        { "link", 0, FLAG_LIST, "link", "", NULL },
        { "mac-address", 0, FLAG_STRING, "mac-address", "", NULL },
        { "memory-swappiness", 0, FLAG_STRING, "memory-swappiness", "", NULL },
        { "network-alias", 0, FLAG_LIST, "network-alias", "", NULL },
        { "oom-kill-disable", 0, FLAG_SWITCH, "oom-kill-disable", NULL, NULL },
        { "publish", 'p', FLAG_LIST, "publish", "", NULL },
        { "publish-all", 'P', FLAG_SWITCH, "publish-all", NULL, NULL },
        { "runtime", 0, FLAG_STRING, "runtime", "", NULL },
        { "storage-opt", 0, FLAG_LIST, "storage-opt", "", NULL },
        { "volume-driver", 0, FLAG_STRING, "volume-driver", "", NULL },
        { "blkio-weight-device", 0, FLAG_LIST, "blkio-weight-device", "", NULL },
        { "cpu-count", 0, FLAG_STRING, "cpu-count", "", NULL },
        { "cpu-percent", 0, FLAG_STRING, "cpu-percent", "", NULL },
        { "cpu-rt-period", 0, FLAG_STRING, "cpu-rt-period", "", NULL },
        { "cpu-rt-runtime", 0, FLAG_STRING, "cpu-rt-runtime", "", NULL },
        { "device-read-bps", 0, FLAG_LIST, "device-read-bps", "", NULL },
        { "device-read-iops", 0, FLAG_LIST, "device-read-iops", "", NULL },
        { "device-write-bps", 0, FLAG_LIST, "device-write-bps", "", NULL },
        { "device-write-iops", 0, FLAG_LIST, "device-write-iops", "", NULL },
        { "dns-opt", 0, FLAG_LIST, "dns-option", "", NULL },
        { "io-maxbandwidth", 0, FLAG_STRING, "io-maxbandwidth", "", NULL },
        { "io-maxiops", 0, FLAG_STRING, "io-maxiops", "", NULL },
        { "isolation", 0, FLAG_STRING, "isolation", "", NULL },
        { "kernel-memory", 0, FLAG_STRING, "kernel-memory", "", NULL },
        { "link-local-ip", 0, FLAG_LIST, "link-local-ip", "", NULL },
        { "memory-swappiness", 0, FLAG_STRING, "memory-swappiness", "", NULL },
        { "net-alias", 0, FLAG_LIST, "network-alias", "", NULL },
        {},
};

const Flag limit_flags[] = {
        { "memory", 'm', FLAG_SIZE, "memory", "BYTES", "Memory at most; at least 6m" },
        { "memory-swap", 0, FLAG_SIZE, "memory-swap", "BYTES",
          "Memory and swap together at most; by default twice the memory; -1: no limit" },
        { "memory-reservation", 0, FLAG_SIZE, "memory-reservation", "BYTES",
          "Memory that the kernel rather takes from others" },
        { "oom-group", 0, FLAG_SWITCH, "oom-group", NULL,
          "Out of memory ends the container, not one process; true by default" },
        { "cpu-shares", 'c', FLAG_STRING, "cpu-shares", "NUMBER",
          "Weight against others when CPUs are short; by default 1024" },
        { "cpus", 0, FLAG_STRING, "cpus", "NUMBER", "CPUs at most, such as 1.5" },
        { "cpu-quota", 0, FLAG_MICROSECONDS, "cpu-quota", "MICROSECONDS",
          "CPU time at most in each period" },
        { "cpu-period", 0, FLAG_MICROSECONDS, "cpu-period", "MICROSECONDS",
          "Length of a period; by default 100000" },
        { "cpuset-cpus", 0, FLAG_STRING, "cpuset-cpus", "LIST",
          "Run on these CPUs only, such as 0-3,8" },
        { "cpuset-mems", 0, FLAG_STRING, "cpuset-mems", "LIST", "Use these memory nodes only" },
        { "pids-limit", 0, FLAG_STRING, "pids-limit", "NUMBER",
          "Processes and threads at most; -1: no limit" },
        { "restart", 0, FLAG_STRING, "restart", "POLICY",
          "no (default), on-failure[:COUNT], always or unless-stopped" },
        {},
};

/* KEY alone is the caller's own variable; one that the caller does not have is left out. */
static int add_env(char ***list, const char *text, const char *flag, Failure *reterr) {
        _cleanup_free_ char *assignment = NULL;
        const char *value;
        int r;

        if (*text == '=' || !*text)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' of '--%s' has no name",
                                text, flag);
        if (strchr(text, '=')) {
                r = strv_push(list, text);
                return r < 0 ? client_message_error(r, reterr) : 0;
        }

        value = getenv(text);
        if (!value)
                return 0;
        r = str_printf(&assignment, "%s=%s", text, value);
        if (r >= 0)
                r = strv_push(list, assignment);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int add_label(char ***list, const char *text, const char *flag, Failure *reterr) {
        _cleanup_free_ char *label = NULL;
        int r;

        if (*text == '=' || !*text)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' of '--%s' has no name",
                                text, flag);
        r = str_printf(&label, "%s%s", text, strchr(text, '=') ? "" : "=");
        if (r >= 0)
                r = strv_push(list, label);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

typedef int (*AddFn)(char ***list, const char *text, const char *flag, Failure *reterr);

/* One entry a line; blank lines and those that begin with # are skipped, blanks before the name too. */
static int add_file(char ***list, const char *path, const char *flag, AddFn add, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        char *line, *rest;
        int r;

        r = read_file(path, FILE_BYTES_MAX, &text, &size);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, r, "Failed to read '%s' of '--%s': %s",
                                path, flag, strerror(-r));
        if (strlen(text) != size)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' of '--%s' is no text", path,
                                flag);

        for (rest = text; (line = strsep(&rest, "\n"));) {
                size_t n = strcspn(line, "\r");

                if (!line[n] || !line[n + 1])
                        line[n] = '\0';
                while (isblank((unsigned char) *line))
                        line++;
                if (!*line || *line == '#')
                        continue;
                n = strcspn(line, "=");
                if (strcspn(line, " \t") < n)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The name in '%s' of '%s' has a blank", line, path);
                r = add(list, line, flag, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int strings_append(sd_bus_message *m, const char *key, char *const *list) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) list);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

/* What files give comes first, so that a flag of its own overrides it. */
static int append_collected(sd_bus_message *m, const Arguments *args, const char *flag,
                const char *file_flag, AddFn add, Failure *reterr) {
        _cleanup_strv_free_ char **list = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < args->n_values; i++)
                if (streq(args->values[i].flag->name, file_flag))
                        r = add_file(&list, args->values[i].text, file_flag, add, reterr);
        for (size_t i = 0; r >= 0 && i < args->n_values; i++)
                if (streq(args->values[i].flag->name, flag))
                        r = add(&list, args->values[i].text, flag, reterr);
        if (r < 0 || !list)
                return r;

        r = strings_append(m, flag, list);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int env_append(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        return append_collected(m, args, "env", "env-file", add_env, reterr);
}

static int append_list(
                sd_bus_message *m, const Arguments *args, const Flag *flag, Failure *reterr) {
        _cleanup_free_ const char **list = NULL;
        int r;

        r = arguments_list(args, flag->name, &list);
        if (r >= 0)
                r = strings_append(m, flag->key, (char *const *) list);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int read_number(const Flag *flag, const char *text, uint64_t *ret, Failure *reterr) {
        int r;

        if (flag->kind == FLAG_DURATION)
                r = parse_duration(text, ret);
        else if (flag->kind == FLAG_SECONDS)
                r = parse_seconds(text, ret);
        else if (streq(text, "-1")) {
                *ret = UINT64_MAX;
                r = 0;
        } else if (flag->kind == FLAG_SIZE)
                r = parse_bytes(text, ret);
        else {
                r = parse_u64(text, ret);
                if (r < 0)
                        r = parse_duration(text, ret);
        }
        if (r >= 0)
                return 0;
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' of '--%s' is no %s", text,
                        flag->name, flag->kind == FLAG_SIZE ? "size" : "time");
}

static int append_keep_id(sd_bus_message *m, const char *key) {
        char text[32];

        (void) snprintf(text, sizeof(text), "keep-id:%u", (unsigned) getgid());
        return sd_bus_message_append(m, "{sv}", key, "s", text);
}

static int append_one(
                sd_bus_message *m, const Arguments *args, const FlagValue *value, Failure *reterr) {
        const Flag *flag = value->flag;
        uint64_t number;
        int r;

        switch (flag->kind) {
        case FLAG_LIST:
                return append_list(m, args, flag, reterr);
        case FLAG_SWITCH:
                r = sd_bus_message_append(
                                m, "{sv}", flag->key, "b", (int) streq(value->text, "true"));
                break;
        case FLAG_STRING:
                if (streq(flag->name, "userns") && streq(value->text, "keep-id"))
                        /* The service knows our user, and not our group. */
                        r = append_keep_id(m, flag->key);
                else if (streq(flag->name, "entrypoint"))
                        /* A list on the bus; an empty one clears the image's. */
                        r = strings_append(m, flag->key,
                                        (char *[]){*value->text ? (char *) value->text : NULL,
                                                        NULL});
                else
                        r = sd_bus_message_append(m, "{sv}", flag->key, "s", value->text);
                break;
        default:
                r = read_number(flag, value->text, &number, reterr);
                if (r < 0)
                        return r;
                r = sd_bus_message_append(m, "{sv}", flag->key, "t", number);
        }
        return r < 0 ? client_message_error(r, reterr) : 0;
}

/* A flag given twice travels once, with its last value. */
static bool is_last(const Arguments *args, size_t i) {
        for (size_t j = i + 1; j < args->n_values; j++)
                if (args->values[j].flag->key &&
                                streq(args->values[j].flag->key, args->values[i].flag->key))
                        return false;
        return true;
}

int run_flags_append(sd_bus_message *m, const Arguments *args, char *const *mounts,
                char *const *command, Failure *reterr) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return client_message_error(r, reterr);

        for (size_t i = 0; i < args->n_values; i++) {
                const char *key = args->values[i].flag->key;

                if (!key || streq(key, "env") || streq(key, "label") || !is_last(args, i))
                        continue;
                if (streq(key, "security-opt")) {
                        r = security_opts_append(m, args, reterr);
                        if (r < 0)
                                return r;
                        continue;
                }
                r = append_one(m, args, &args->values[i], reterr);
                if (r < 0)
                        return r;
        }
        r = env_append(m, args, reterr);
        if (r < 0)
                return r;
        r = append_collected(m, args, "label", "label-file", add_label, reterr);
        if (r < 0)
                return r;

        if (mounts)
                r = strings_append(m, "mount", mounts);
        if (r >= 0 && command && command[0])
                r = strings_append(m, "command", command);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}
