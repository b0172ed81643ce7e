/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/spawn.c: see spawn.h. The child shares our memory until its execve and we are stopped meanwhile, so a start
 * costs no copy of page tables; it has a stack of its own, since ours would be written over below the caller's frame.
 */
#include "runtime/spawn.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/clone-call.h"
#include "base/fd.h"
#include "model/names.h"

#define STACK_BYTES (64U * 1024)
#define CLEAR_SIGHAND 0x100000000ULL /* of linux/sched.h, as the next */
#define INTO_CGROUP 0x200000000ULL
#define PROGRAM_BYTES_MAX (64 * 1024 * 1024)
#define EXECUTABLE_MEMFD                                                                           \
        0x0010U /* MFD_EXEC of Linux 6.3; older kernels refuse it and need it not */

typedef struct Child {
        const SpawnArgs *args;
        int error; /* read by the parent: the memory is one */
} Child;

int sealed_memfd(const char *name, const void *data, size_t size) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        r = write_full(fd, data, size);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int copy_program(int from_fd, off_t size, const char *name) {
        _cleanup_close_ int fd = -EBADF;

        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | EXECUTABLE_MEMFD);
        if (fd < 0 && errno == EINVAL)
                fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        for (off_t done = 0; done < size;) {
                char buffer[64 * 1024];
                ssize_t n = read_full(from_fd, buffer, sizeof(buffer));
                int r;

                if (n <= 0)
                        return n < 0 ? (int) n : -EIO;
                r = write_full(fd, buffer, (size_t) n);
                if (r < 0)
                        return r;
                done += n;
        }
        if (fchmod(fd, 0500) < 0 || fcntl(fd, F_ADD_SEALS,
                                                    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
                                                                    F_SEAL_WRITE) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int open_program(int dir_fd, const char *dir, const char *name, Failure *reterr) {
        _cleanup_close_ int file_fd = -EBADF;
        struct stat st;
        int r;

        file_fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        if (file_fd < 0 || fstat(file_fd, &st) < 0)
                return fail(reterr, FAILURE_NOT_AVAILABLE, errno,
                                "Cannot open the program '%s/%s': %s", dir, name, strerror(errno));
        if (!S_ISREG(st.st_mode) || st.st_size > PROGRAM_BYTES_MAX)
                return fail(reterr, FAILURE_NOT_AVAILABLE, ENOEXEC, "'%s/%s' is not a program", dir,
                                name);
        r = copy_program(file_fd, st.st_size, name);
        return r < 0 ? fail_errno(reterr, r, "Failed to read the program '%s/%s'", dir, name) : r;
}

int spawner_open(const char *helper_dir, Spawner *ret, Failure *reterr) {
        _cleanup_close_ int dir_fd = -EBADF;
        Spawner s = SPAWNER_CLOSED;
        int r;

        dir_fd = open(helper_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return fail_errno(reterr, errno, "Failed to open the programs' directory '%s'",
                                helper_dir);
        r = s.monitor_fd = open_program(dir_fd, helper_dir, PROGRAM_MONITOR, reterr);
        if (r >= 0)
                r = s.pull_fd = open_program(dir_fd, helper_dir, PROGRAM_PULL, reterr);
        if (r >= 0)
                r = s.files_fd = open_program(dir_fd, helper_dir, PROGRAM_FILES, reterr);
        if (r >= 0) {
                r = s.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (r < 0)
                        r = fail_errno(reterr, errno, "Failed to open '/dev/null'");
        }
        if (r < 0) {
                spawner_close(&s);
                return r;
        }
        *ret = s;
        return 0;
}

void spawner_close(Spawner *s) {
        s->null_fd = close_fd(s->null_fd);
        s->monitor_fd = close_fd(s->monitor_fd);
        s->pull_fd = close_fd(s->pull_fd);
        s->files_fd = close_fd(s->files_fd);
}

/* Each fd to its place. Those that stand where another is to go move up first. */
static int place_fds(const SpawnArgs *a, int lowest) {
        int at[a->n_fds + 1];

        for (size_t i = 0; i < a->n_fds; i++) {
                at[i] = a->fds[i];
                if (at[i] < lowest)
                        at[i] = fcntl(at[i], F_DUPFD_CLOEXEC, lowest);
                if (at[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < a->n_fds; i++)
                if (dup2(at[i], 3 + (int) i) < 0)
                        return -errno;
        return 0;
}

/* What children have: as we found it, once we have raised ours. */
static struct rlimit files_limit;
static bool files_limit_is_raised;

void spawn_raise_files_limit(void) {
        struct rlimit more;

        if (getrlimit(RLIMIT_NOFILE, &files_limit) < 0)
                return;
        more = (struct rlimit) { files_limit.rlim_max, files_limit.rlim_max };
        files_limit_is_raised = setrlimit(RLIMIT_NOFILE, &more) >= 0; /* else a start says that there are too many */
}

static void set_plain_oom_score(void) {
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return; /* it is spared longer than it should be, which is no reason to fail */
        (void) write_full(fd, "0", 1); /* as above */
        close_fd(fd);
}

/* Runs on its own stack in our memory: changes nothing of ours but Child.error. */
__attribute__((no_sanitize("address", "undefined"))) static int run_child(void *p) {
        static const char *const no_environment[] = { NULL };
        Child *c = p;
        const SpawnArgs *a = c->args;
        int lowest = 3 + (int) a->n_fds, null_fd, program_fd;
        struct sigaction sa = { .sa_handler = SIG_DFL };
        sigset_t none;

        (void) sigaction(SIGPIPE, &sa,
                        NULL); /* the one we ignore; CLONE_CLEAR_SIGHAND saw to the others */
        (void) sigemptyset(&none);
        null_fd = a->null_fd < lowest ? fcntl(a->null_fd, F_DUPFD_CLOEXEC, lowest) : a->null_fd;
        program_fd = a->program_fd < lowest ? fcntl(a->program_fd, F_DUPFD_CLOEXEC, lowest)
                                            : a->program_fd;
        if (null_fd < 0 || program_fd < 0)
                goto fail;
        c->error = place_fds(a, lowest);
        if (c->error < 0)
                return 127;
        for (int i = 0; i < (a->keep_stderr ? 2 : 3); i++)
                if (dup2(null_fd, i) < 0)
                        goto fail;
        (void) setsid(); /* a new process leads no group yet: cannot fail */
        if (chdir("/") < 0)
                goto fail;
        if (a->plain_oom_score)
                set_plain_oom_score();
        if (files_limit_is_raised)
                (void) setrlimit(RLIMIT_NOFILE, &files_limit); /* lower than ours: cannot fail */
        (void) syscall(SYS_close_range, (unsigned) lowest, UINT32_MAX,
                        4U /* CLOSE_RANGE_CLOEXEC */);
        (void) sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with a valid set */
        (void) syscall(SYS_execveat, program_fd, "", a->argv, no_environment, AT_EMPTY_PATH);
fail:
        c->error = -errno;
        return 127;
}

int spawn_process(const SpawnArgs *args, int *ret_pidfd) {
        static char stack[STACK_BYTES]
                        __attribute__((__aligned__(64))); /* one child at a time: we are stopped */
        Child child = { .args = args };
        int pidfd = -EBADF;
        CloneArgs clone_args = {
                .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLEAR_SIGHAND |
                         (args->cgroup_fd >= 0 ? INTO_CGROUP : 0),
                .pidfd = (uint64_t) (uintptr_t) &pidfd,
                .exit_signal = SIGCHLD,
                .stack = (uint64_t) (uintptr_t) stack,
                .stack_size = sizeof(stack),
                .cgroup = args->cgroup_fd >= 0 ? (uint64_t) args->cgroup_fd : 0,
        };
        sigset_t all, before;
        long pid;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before); /* cannot fail with a valid set */
        pid = clone_call(&clone_args, run_child, &child);
        (void) sigprocmask(SIG_SETMASK, &before, NULL); /* as above */
        if (pid < 0)
                return (int) pid;
        if (child.error < 0) {
                siginfo_t si;

                while (waitid(P_PIDFD, (id_t) pidfd, &si, WEXITED) < 0 && errno == EINTR)
                        ;
                close_fd(pidfd);
                return child.error;
        }
        *ret_pidfd = pidfd;
        return 0;
}
