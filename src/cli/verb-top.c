/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/verb-top.c: the processes of a container. Which they are is the service's to say; command lines are read here, since
 * a process can make whoever reads its own wait. With options for ps, that is run on this host, and its lines are chosen.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "cli/ps-text.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "model/names.h"

#define COMMAND_MAX 4096

typedef struct Process {
        uint32_t pid, parent, inner, uid;
        uint64_t started_usec, cpu_usec;
        const char *terminal, *name; /* borrowed from the reply */
} Process;

/* Return: 1, 0 at the end of the list, or negative errno. */
static int read_process(sd_bus_message *m, Process *p) {
        return sd_bus_message_read(m, "(uuuuttss)", &p->pid, &p->parent, &p->inner, &p->uid,
                        &p->started_usec, &p->cpu_usec, &p->terminal, &p->name);
}

static ssize_t read_proc(uint32_t pid, const char *what, char *ret, size_t size) {
        _cleanup_close_ int fd = -EBADF;
        char path[64];
        ssize_t n;

        (void) snprintf(path, sizeof(path), "/proc/%u/%s", pid, what);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -errno : read_full(fd, ret, size - 1);
        ret[n > 0 ? n : 0] = '\0';
        return n;
}

/* Its arguments, or its name in brackets: it has none, it is not to be seen from here, or its pid is another's by now. */
static void command_text(const Process *p, char ret[static COMMAND_MAX]) {
        char name[64];
        ssize_t n;

        n = read_proc(p->pid, "cmdline", ret, COMMAND_MAX);
        while (n > 0 && ret[n - 1] == '\0')
                n--;
        if (n > 0 && read_proc(p->pid, "comm", name, sizeof(name)) > 0) {
                name[strcspn(name, "\n")] = '\0';
                text_clean(name);
                if (streq(name, p->name)) {
                        for (ssize_t i = 0; i < n; i++)
                                if (ret[i] == '\0')
                                        ret[i] = ' ';
                        text_clean(ret);
                        return;
                }
        }
        (void) snprintf(ret, COMMAND_MAX, "[%s]", p->name);
}

static int add_process(Table *t, const Process *p, usec_t now) {
        char uid[12], pid[12], parent[12], load[24], start[PS_TEXT_MAX], used[PS_TEXT_MAX];
        char command[COMMAND_MAX];
        usec_t age = usec_sub(now, p->started_usec);
        const char *cells[] = { uid, pid, parent, load, start,
                isempty(p->terminal) ? "?" : p->terminal, used, command, NULL };

        (void) snprintf(uid, sizeof(uid), "%u", p->uid);
        (void) snprintf(pid, sizeof(pid), "%u", p->pid);
        (void) snprintf(parent, sizeof(parent), "%u", p->parent);
        (void) snprintf(load, sizeof(load), "%llu",
                        (unsigned long long) (age > 0 ? p->cpu_usec * 100 / age : 0));
        ps_start_text(p->started_usec, now, start);
        ps_time_text(p->cpu_usec, used);
        command_text(p, command);
        return table_add(t, cells);
}

static int print_processes(sd_bus_message *m, size_t *ret_n) {
        static const char *const headers[] = { "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME",
                "CMD", NULL };
        _cleanup_(table_freep) Table *t = NULL;
        usec_t now = now_realtime();
        Process p;
        int r;

        r = table_new(headers, &t);
        if (r < 0)
                return r;
        for (*ret_n = 0; (r = read_process(m, &p)) > 0; (*ret_n)++) {
                r = add_process(t, &p, now);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : table_print(t);
}

static int read_pids(sd_bus_message *m, uint32_t **ret, size_t *ret_n) {
        _cleanup_free_ uint32_t *pids = NULL;
        size_t n = 0;
        Process p;
        int r;

        while ((r = read_process(m, &p)) > 0) {
                uint32_t *more = realloc(pids, (n + 1) * sizeof(*pids));

                if (!more)
                        return -ENOMEM;
                pids = more;
                pids[n++] = p.pid;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pids);
        *ret_n = n;
        return 0;
}

static bool contains(const uint32_t *pids, size_t n, uint32_t pid) {
        for (size_t i = 0; i < n; i++)
                if (pids[i] == pid)
                        return true;
        return false;
}

/* The titles, and the lines of @pids; one without a pid belongs to that before it (threads). */
static int choose_lines(FILE *in, const uint32_t *pids, size_t n) {
        _cleanup_free_ char *line = NULL;
        bool chosen = false;
        size_t size = 0;
        int column;

        if (getline(&line, &size, in) < 0)
                return -ENODATA;
        column = ps_pid_column(line);
        if (column < 0)
                return column;
        fputs(line, stdout);
        while (getline(&line, &size, in) >= 0) {
                uint32_t pid = ps_line_pid(line, column);

                if (pid > 0)
                        chosen = contains(pids, n, pid);
                if (chosen)
                        fputs(line, stdout);
        }
        return 0;
}

/* -p adds to what the options choose, and is all there is where they choose nothing. */
static int make_argv(char *const *options, const uint32_t *pids, size_t n, char ***ret) {
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_strbuf_ StrBuf list = {};
        char *text;
        int r;

        for (size_t i = 0; i < n; i++)
                (void) strbuf_printf(&list, "%s%u", i > 0 ? "," : "", pids[i]); /* sticks */
        r = strv_push(&argv, "ps");
        STRV_FOREACH(s, options)
                if (r >= 0)
                        r = strv_push(&argv, *s);
        if (r >= 0 && n > 0)
                r = strv_push(&argv, "-p");
        if (r >= 0 && n > 0) {
                r = strbuf_steal(&list, &text, NULL);
                if (r >= 0)
                        r = strv_consume(&argv, text);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(argv);
        return 0;
}

static int spawn_ps(char *const *argv, pid_t *ret_pid, FILE **ret_out) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        posix_spawn_file_actions_t actions;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        write_fd = fds[1];
        r = posix_spawn_file_actions_init(&actions);
        if (r > 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawnp(ret_pid, "ps", &actions, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions); /* cannot fail */
        if (r > 0)
                return -r;
        *ret_out = fdopen(read_fd, "r");
        if (!*ret_out)
                return -errno;
        read_fd = -EBADF; /* the stream's now */
        return 0;
}

static int run_ps(sd_bus_message *m, char *const *options, Failure *reterr) {
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_free_ uint32_t *pids = NULL;
        int status = 0, r, chosen;
        size_t n = 0;
        pid_t pid = -1;
        FILE *out = NULL;

        r = read_pids(m, &pids, &n);
        if (r >= 0)
                r = make_argv(options, pids, n, &argv);
        if (r < 0)
                return client_message_error(r, reterr);
        r = spawn_ps(argv, &pid, &out);
        if (r < 0)
                return fail(reterr, FAILURE_NOT_AVAILABLE, r, "Cannot run 'ps' on this host: %s",
                                strerror(-r));
        chosen = choose_lines(out, pids, n);
        fclose(out);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'ps' failed with these options");
        return chosen == -ENOENT || chosen == -ENODATA
                               ? fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                                 "'ps' prints no column 'PID' with these options")
                               : chosen;
}

int verb_top(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        uint32_t total;
        size_t n = 0;
        int r;

        r = client_find(c, args->operands[0], &path, reterr);
        if (r >= 0)
                r = client_call(c, path, BUS_INTERFACE_CONTAINER, "ListProcesses",
                                CLIENT_TIMEOUT_USEC, &reply, reterr, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(uuuuttss)");
        if (r < 0)
                return client_message_error(r, reterr);
        if (args->n_operands > 1)
                return run_ps(reply, args->operands + 1, reterr);

        r = print_processes(reply, &n);
        if (r >= 0)
                r = sd_bus_message_exit_container(reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "u", &total);
        if (r < 0)
                return client_message_error(r, reterr);
        if (total > n)
                fprintf(stderr, PROGRAM_CLI ": %zu of %u processes are shown\n", n, total);
        return 0;
}
