/* SPDX-License-Identifier: Apache-2.0 */
/* cli/main.c: the command `pocketdocker`: what stands before the verb, and the way out. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/verbs.h"
#include "cli/whole.h"
#include "model/names.h"

static const Flag global_flags[] = {
        { "address", 0, FLAG_STRING, NULL, "ADDRESS",
          "D-Bus address of the service; also POCKETDOCKER_ADDRESS" },
        { "no-ask-password", 0, FLAG_SWITCH, NULL, NULL, "Never ask for a password" },
        { "user", 0, FLAG_SWITCH, NULL, NULL, NULL },
        { "version", 'v', FLAG_SWITCH, NULL, NULL, "Show this command's version" },
        { "help", 'h', FLAG_SWITCH, NULL, NULL, "Show this text" },
        {},
};
static const Flag *const global_tables[] = { global_flags, NULL };

/* Docker's longer spellings: `container ls`, `image rm`. */
static const struct {
        const char *group, *word, *verb, *flag;
} groups[] = {
        { "container", "ls", "ps" },     { "container", "list", "ps" }, { "container", "ps", "ps" },
        { "image", "ls", "images" },     { "image", "list", "images" }, { "image", "rm", "rmi" },
        { "image", "tag", "tag" },       { "image", "untag", "untag" },
        { "image", "history", "history" }, { "image", "load", "load" },
        { "image", "save", "save" },
        { "image", "import", "import" }, { "image", "pull", "pull" }, { "system", "info", "info" },
        { "image", "inspect", "inspect", "--type=image" },
        { "container", "inspect", "inspect", "--type=container" },
        { "volume", "inspect", "inspect", "--type=volume" },
        { "volume", "list", "volume ls" }, { "volume", "remove", "volume rm" },
};

static void print_help(FILE *out) {
        fputs("Usage: " PROGRAM_CLI " [FLAGS] VERB ...\n\nRuns containers.\n\nVerbs:\n", out);
        verbs_print(out);
        fputs("\nFlags:\n", out);
        flags_print(global_tables, out);
        fputs("\n'" PROGRAM_CLI " VERB --help' shows a verb's own flags.\n", out);
}

/* @words is moved behind the verb. */
static const Verb *find_verb(char ***words) {
        char **w = *words;
        const Verb *v;

        if (w[1])
                for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                        if (streq(w[0], groups[i].group) && streq(w[1], groups[i].word)) {
                                *words += 2;
                                if (groups[i].flag)
                                        *--*words = (char *) groups[i].flag; /* read, never written */
                                return verb_find(groups[i].verb);
                        }
        if (w[1] && streq(w[0], "container")) {
                v = verb_find(w[1]);
                *words += 2;
                return v;
        }
        v = w[1] ? verb_find_pair(w[0], w[1]) : NULL;
        if (v) {
                *words += 2;
                return v;
        }
        *words += 1;
        return verb_find(w[0]);
}

static bool is_group(const char *word) {
        return streq(word, "container") || streq(word, "image") || streq(word, "system") ||
               streq(word, "volume");
}

static int no_verb(char *const *words) {
        bool both = is_group(words[0]) && words[1] && words[1][0] != '-';

        fprintf(stderr,
                        PROGRAM_CLI ": There is no verb '%s%s%s'; see '" PROGRAM_CLI " --help'\n",
                        words[0], both ? " " : "", both ? words[1] : "");
        return 1;
}

static int help(char **words) {
        char **rest = words;
        const Verb *v;

        if (!words[0]) {
                print_help(stdout);
                return 0;
        }
        v = find_verb(&rest);
        if (!v)
                return no_verb(words);
        verb_print_help(v, stdout);
        return 0;
}

/* A stream that the caller closed would give its number to the next fd, and the workload's output would go there. */
static void open_standard_streams(void) {
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        (void) open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY); /* the lowest number that is free: fd */
}

/* The end is part of every start's time: closing the connection and freeing is left to the kernel, which does it anyway. */
static _Noreturn void leave(int status) {
        if (fflush(stdout) != 0 && status == 0) {
                fprintf(stderr, PROGRAM_CLI ": Failed to write to standard output: %s\n",
                                strerror(errno));
                status = 1;
        }
        _exit(status);
}

static int run(char **argv) {
        _cleanup_(arguments_done) Arguments args = {};
        _cleanup_failure_ Failure f = {};
        Client c = { .ask_password = true };
        const Verb *v;
        char **words;
        int r;

        r = arguments_parse(global_tables, true, argv + 1, &args, &f);
        if (r >= 0 && arguments_switch(&args, "user", false))
                r = fail(&f, FAILURE_UNSUPPORTED, 0,
                                "'--user' is kept for containers without root, which this version "
                                "does not run");
        if (r < 0) {
                fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(&f));
                return 1;
        }
        if (arguments_switch(&args, "version", false)) {
                puts(PROGRAM_CLI " " POCKETDOCKER_VERSION);
                return 0;
        }
        if (arguments_switch(&args, "help", false) || args.n_operands == 0 ||
                        streq(args.operands[0], "help"))
                whole_instead(); /* it knows all verbs */
        if (arguments_switch(&args, "help", false))
                return help((char *[]) { NULL });
        if (args.n_operands > 0 && streq(args.operands[0], "help"))
                return help(args.operands + 1);
        if (args.n_operands == 0) {
                print_help(stderr);
                return 1;
        }

        words = args.operands;
        v = find_verb(&words);
        if (!v) {
                whole_instead();
                return no_verb(args.operands);
        }
        c.address = arguments_string(&args, "address");
        c.ask_password = !arguments_switch(&args, "no-ask-password", false);
        return verb_main(v, &c, words);
}

int main(int argc, char **argv) {
        whole_prepare(argv);
        open_standard_streams();
        leave(run(argv));
}
