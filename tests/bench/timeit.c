/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/bench/timeit.c: times commands against each other. Knows fork, exec and wait; knows no container.
 *
 *     timeit RUNS [-b BEFORE] [-a AFTER] COMMAND... , [-b BEFORE] [-a AFTER] COMMAND... , ...
 *
 * Runs the commands in turn (A B C A B C ...), so that a busy moment of the machine meets all of them, and times each from
 * fork to wait: no shell is in the figures. Between two there is a rest, or each would be timed with what the one before it still
 * does when it has returned: deletes, cleans up. BEFORE and AFTER are shell commands, run untimed round each run. Prints a
 * line per command: median and minimum in microseconds. A command that fails ends everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 8
#define REST_USEC 300000

typedef struct Command {
        char **argv;        /* borrowed, NULL-terminated */
        const char *before; /* borrowed, may be NULL */
        const char *after;  /* borrowed, may be NULL */
        uint64_t *nsec;     /* owned: one per run */
} Command;

static uint64_t now_nsec(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000000000U + (uint64_t) ts.tv_nsec;
}

static int run_untimed(const char *shell) {
        if (!shell)
                return 0;

        return system(shell) == 0 ? 0 : -EIO;
}

static int run_timed(const Command *c, uint64_t *ret_nsec) {
        uint64_t start = now_nsec();
        int status, fd;
        pid_t pid;

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                fd = open("/dev/null", O_RDWR);
                dup2(fd, STDIN_FILENO);
                dup2(fd, STDOUT_FILENO);
                execvp(c->argv[0], c->argv);
                perror(c->argv[0]);
                _exit(127);
        }
        if (waitpid(pid, &status, 0) < 0)
                return -errno;

        *ret_nsec = now_nsec() - start;
        return status == 0 ? 0 : -EIO;
}

static int compare_nsec(const void *a, const void *b) {
        const uint64_t *x = a, *y = b;

        return *x < *y ? -1 : *x > *y;
}

/* Splits the arguments at "," and takes the options in front of each command. Returns how many commands there are. */
static int parse_commands(char **args, Command *commands) {
        int n = 0;

        for (char **p = args; *p; p++) {
                Command *c = commands + n;

                if (n == COMMANDS_MAX)
                        return -E2BIG;
                *c = (Command) {};
                while (p[0] && p[1] && (strcmp(p[0], "-b") == 0 || strcmp(p[0], "-a") == 0)) {
                        *(p[0][1] == 'b' ? &c->before : &c->after) = p[1];
                        p += 2;
                }
                if (!*p)
                        return -EINVAL;
                c->argv = p;
                while (p[0] && strcmp(p[0], ",") != 0)
                        p++;
                n++;
                if (!*p)
                        break;
                *p = NULL;
        }
        return n;
}

static int run_all(Command *commands, int n, size_t runs) {
        int r;

        for (size_t run = 0; run < runs; run++)
                for (Command *c = commands; c < commands + n; c++) {
                        usleep(REST_USEC);
                        r = run_untimed(c->before);
                        if (r >= 0)
                                r = run_timed(c, c->nsec + run);
                        if (r >= 0)
                                r = run_untimed(c->after);
                        if (r < 0) {
                                fprintf(stderr, "timeit: '%s' failed\n", c->argv[0]);
                                return r;
                        }
                }
        return 0;
}

int main(int argc, char *argv[]) {
        Command commands[COMMANDS_MAX];
        size_t runs;
        int n, r;

        if (argc < 3 || (runs = strtoul(argv[1], NULL, 10)) == 0) {
                fprintf(stderr, "usage: timeit RUNS [-b BEFORE] [-a AFTER] COMMAND... , ...\n");
                return EXIT_FAILURE;
        }
        n = parse_commands(argv + 2, commands);
        if (n < 0)
                return EXIT_FAILURE;
        for (Command *c = commands; c < commands + n; c++) {
                c->nsec = calloc(runs, sizeof(uint64_t));
                if (!c->nsec)
                        return EXIT_FAILURE;
        }

        r = run_all(commands, n, runs);
        for (Command *c = commands; c < commands + n; c++) {
                if (r >= 0) {
                        qsort(c->nsec, runs, sizeof(uint64_t), compare_nsec);
                        printf("%lu %lu\n", c->nsec[runs / 2] / 1000, c->nsec[0] / 1000);
                }
                free(c->nsec);
        }
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
