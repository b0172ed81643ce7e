/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/command.c: see command.h. Each is a monitor of its own in the container's monitor cgroup, which joins by the first
 * process's pidfd.
 */
#include "engine/command.h"
#include <string.h>
#include "base/str.h"
#include "engine/plan-failure.h"
#include "engine/start-confinement.h"

static int merge_env(const Container *c, const ExecArgs *args, char ***ret) {
        _cleanup_strv_free_ char **env = NULL;
        int r;

        r = strv_copy(c->spec->env, &env);
        STRV_FOREACH(s, args->env)
                if (r >= 0)
                        r = strv_env_set(&env, *s);
        if (r >= 0 && args->tty && !strv_env_get(env, "TERM"))
                r = strv_push(&env, "TERM=xterm");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(env);
        return 0;
}

static void fill_streams(const ExecArgs *args, const StreamFds *ours, Plan *plan) {
        plan->fds[args->tty ? PLAN_FD_TERMINAL : PLAN_FD_STDIN] = ours->stdin_fd;
        plan->fds[args->tty ? PLAN_FD_TERMINAL_OUT : PLAN_FD_STDOUT] = ours->stdout_fd;
        if (!args->tty)
                plan->fds[PLAN_FD_STDERR] = ours->stderr_fd;
}

static void fill_plan(const Container *c, const CommandArgs *a, char **env, Plan *plan) {
        const ExecArgs *args = a->exec;
        bool own = a->own_cgroup_fd >= 0;

        container_fill_plan(c, plan);
        plan->kind = PLAN_EXEC;
        plan->flags = (plan->flags & PLAN_FLAG_NO_NEW_PRIVS) |
                      (args->tty ? PLAN_FLAG_TERMINAL : 0) |
                      (args->streams & STREAM_STDIN ? PLAN_FLAG_STDIN : 0);
        plan->fds[PLAN_FD_TARGET] = c->current->pidfd;
        plan->fds[PLAN_FD_EXIT_RECORD] = a->record_fd;
        plan->fds[PLAN_FD_CGROUP] = own ? a->cgroup->monitor_fd : a->cgroup->payload_fd;
        plan->fds[PLAN_FD_OWN_CGROUP] = a->own_cgroup_fd;
        fill_streams(args, a->ours, plan);
        plan->argv = (const char **) args->argv;
        plan->envp = (const char **) env;
        if (args->user)
                plan->user = args->user;
        if (args->working_dir)
                plan->working_dir = args->working_dir;
        plan->rows = (uint16_t) args->rows;
        plan->columns = (uint16_t) args->columns;
}

int command_spawn(Container *c, const CommandArgs *args, MonitorClient **ret, int *ret_pidfd) {
        static const char *const no_env[] = { NULL };
        _cleanup_strv_free_ char **env = NULL;
        Plan plan;
        int r;

        r = container_find_filter(c, NULL);
        if (r >= 0)
                r = merge_env(c, args->exec, &env);
        if (r < 0)
                return r;
        plan_init(&plan);
        fill_plan(c, args, env ?: (char **) no_env, &plan);
        return monitor_client_spawn(c->manager->event,
                        &(MonitorArgs){
                                        .spawner = &c->manager->spawner,
                                        .plan = &plan,
                                        .cgroup_fd = args->cgroup->monitor_fd,
                                        .listen_fd = -EBADF,
                                        .keep_fd = -EBADF,
                        },
                        args->handler, args->userdata, ret, ret_pidfd);
}

void command_failure(const Container *c, const char *command, const PlanFailure *f, Failure *ret) {
        plan_failure_describe(f, command, c->name, "run a command in", ret);
}
