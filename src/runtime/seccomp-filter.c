/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp-filter.c: see seccomp-filter.h.
 *
 * What a profile means is libseccomp's to say. It does so twice: with all rules, a program that is asked about each number
 * here (seccomp-tree.h) and loaded nowhere; and with those that look at arguments, which is the tail of what is loaded. What
 * libseccomp does not know is answered here: the newest calls by their numbers, and ENOSYS for those above all that the
 * profile names.
 */
#include "runtime/seccomp-filter.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/str.h"
#include "runtime/seccomp-calls.h"
#include "runtime/seccomp-tree.h"

#define OPTIMIZE_BINARY_TREE 2
#define X32_BIT 0x40000000U
#define FOUND_MAX 64U  /* calls that libseccomp does not know: more than the table has */
#define ADDED_MAX 1024U
#define TOKENS_MAX (SECCOMP_ARCHES_MAX + 1)

/* A call of the newest that a rule names. */
typedef struct Found {
        const SeccompCall *call;
        uint32_t verdict; /* SECCOMP_RET_… */
} Found;

typedef struct Build {
        const SeccompProfile *profile;
        const SeccompRule **rules; /* owned: those that apply */
        size_t n_rules;
        scmp_filter_ctx context; /* owned: the one that is being filled */
        uint32_t tokens[TOKENS_MAX]; /* SCMP_ARCH_…; the native one first */
        uint32_t last[TOKENS_MAX];   /* the highest number that the profile names */
        size_t n_tokens;
        Found found[FOUND_MAX];
        size_t n_found;
        struct {
                int number;
                uint32_t verdict;
        } added[ADDED_MAX]; /* to the context, without conditions; some of them: by their lower bits */
        StrBuf whole, tail; /* struct sock_filter[]: with all rules, with those of arguments */
} Build;

static void release_context(Build *b) {
        if (b->context)
                seccomp_release(b->context);
        b->context = NULL;
}

static void build_done(Build *b) {
        release_context(b);
        free(b->rules);
        strbuf_done(&b->whole);
        strbuf_done(&b->tail);
}

/* For libseccomp, and for a return of our own: the two have the same values but for the name. */
static uint32_t action_to_verdict(SeccompAction action, unsigned return_value) {
        switch (action) {
        case SECCOMP_ALLOW:
                return SCMP_ACT_ALLOW;
        case SECCOMP_ERRNO:
                return SCMP_ACT_ERRNO(return_value);
        case SECCOMP_KILL_THREAD:
                return SCMP_ACT_KILL_THREAD;
        case SECCOMP_TRAP:
                return SCMP_ACT_TRAP;
        case SECCOMP_TRACE:
                return SCMP_ACT_TRACE(return_value);
        case SECCOMP_LOG:
                return SCMP_ACT_LOG;
        default:
                return SCMP_ACT_KILL_PROCESS;
        }
}

static enum scmp_compare compare_to_seccomp(SeccompCompare c) {
        static const enum scmp_compare table[_SECCOMP_COMPARE_MAX] = {
                [SECCOMP_NE] = SCMP_CMP_NE,
                [SECCOMP_LT] = SCMP_CMP_LT,
                [SECCOMP_LE] = SCMP_CMP_LE,
                [SECCOMP_EQ] = SCMP_CMP_EQ,
                [SECCOMP_GE] = SCMP_CMP_GE,
                [SECCOMP_GT] = SCMP_CMP_GT,
                [SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
        };

        return table[c];
}

/* Docker has Go's word for two of them. */
static const char *native_word(void) {
        switch (seccomp_arch_native()) {
        case SCMP_ARCH_X86_64:
                return "amd64";
        case SCMP_ARCH_X86:
                return "x86";
        case SCMP_ARCH_AARCH64:
                return "arm64";
        case SCMP_ARCH_ARM:
                return "arm";
        case SCMP_ARCH_PPC64LE:
                return "ppc64le";
        case SCMP_ARCH_S390X:
                return "s390x";
        case SCMP_ARCH_RISCV64:
                return "riscv64";
        default:
                return "";
        }
}

static int refused(Failure *reterr, int r, const char *what) {
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                        "The seccomp profile cannot be compiled: '%.64s': %s", what, strerror(-r));
}

/* One that this library does not know, or of the other byte order, is left out: no program of it runs here. */
static void find_arch(Build *b, const char *name) {
        uint32_t token = seccomp_arch_resolve_name(name);

        for (size_t i = 0; i < b->n_tokens; i++)
                if (b->tokens[i] == token)
                        return;
        if (token != 0 && b->n_tokens < TOKENS_MAX &&
                        (token & __AUDIT_ARCH_LE) == (b->tokens[0] & __AUDIT_ARCH_LE))
                b->tokens[b->n_tokens++] = token;
}

static void find_arches(Build *b) {
        const SeccompProfile *p = b->profile;
        const char *const *names = p->plain_arches;

        b->tokens[b->n_tokens++] = seccomp_arch_native();
        for (size_t i = 0; !names && i < p->n_arches; i++)
                if (seccomp_arch_resolve_name(p->arches[i].native) == b->tokens[0])
                        names = p->arches[i].others;
        for (; names && *names; names++)
                find_arch(b, *names);
}

static int new_context(Build *b, Failure *reterr) {
        const SeccompProfile *p = b->profile;
        int r;

        release_context(b);
        memset(b->added, 0, sizeof(b->added));
        b->context = seccomp_init(action_to_verdict(p->default_action, p->default_return));
        if (!b->context)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = seccomp_attr_set(b->context, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_BINARY_TREE);
        for (size_t i = 1; i < b->n_tokens && r >= 0; i++)
                r = seccomp_arch_add(b->context, b->tokens[i]);
        return r < 0 ? refused(reterr, r, "architectures") : 0;
}

static void note_number(Build *b, const char *name) {
        for (size_t i = 0; i < b->n_tokens; i++) {
                int number = seccomp_syscall_resolve_name_arch(b->tokens[i], name);

                if (number < 0) /* there is none */
                        continue;
                if (b->tokens[i] == SCMP_ARCH_X32)
                        number &= (int) ~X32_BIT;
                if ((uint32_t) number > b->last[i])
                        b->last[i] = (uint32_t) number;
        }
}

static bool has_call(uint32_t token, const SeccompCall *call) {
        return !call->arch || seccomp_arch_resolve_name(call->arch) == token;
}

static int add_found(Build *b, const SeccompRule *rule, const SeccompCall *call, Failure *reterr) {
        if (rule->n_args > 0)
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "The seccomp profile looks at the arguments of '%s', which the "
                                "libseccomp of this machine does not know",
                                call->name);
        for (size_t i = 0; i < b->n_tokens; i++)
                if (has_call(b->tokens[i], call) && call->number > b->last[i])
                        b->last[i] = call->number;
        for (size_t i = 0; i < b->n_found; i++)
                if (b->found[i].call == call)
                        return 0; /* the first rule counts */
        if (b->n_found < FOUND_MAX)
                b->found[b->n_found++] = (Found){ call,
                        action_to_verdict(rule->action, rule->return_value) };
        return 0;
}

/* As runc: conditions on one argument twice are alternatives, those on several belong together. */
static bool repeats_an_argument(const SeccompRule *rule) {
        unsigned seen = 0;

        for (size_t i = 0; i < rule->n_args; i++) {
                if (seen & (1U << rule->args[i].index))
                        return true;
                seen |= 1U << rule->args[i].index;
        }
        return false;
}

static int add_to_context(Build *b, const SeccompRule *rule, const char *name, int number,
                Failure *reterr) {
        uint32_t verdict = action_to_verdict(rule->action, rule->return_value);
        struct scmp_arg_cmp args[SECCOMP_ARGS_MAX];
        unsigned n = (unsigned) rule->n_args;
        int r = 0;

        for (size_t i = 0; i < n; i++)
                args[i] = (struct scmp_arg_cmp){
                        .arg = rule->args[i].index,
                        .op = compare_to_seccomp(rule->args[i].compare),
                        .datum_a = rule->args[i].value,
                        .datum_b = rule->args[i].value_two,
                };
        if (!repeats_an_argument(rule))
                r = seccomp_rule_add_array(b->context, verdict, number, n, args);
        else
                for (size_t i = 0; i < n && (r >= 0 || r == -EEXIST); i++)
                        r = seccomp_rule_add_array(b->context, verdict, number, 1, &args[i]);
        return r >= 0 || r == -EEXIST ? 0 : refused(reterr, r, name);
}

/* Has it been added like this just now? libseccomp takes a millisecond to find that out for itself. */
static bool is_added(Build *b, const SeccompRule *rule, int number) {
        uint32_t verdict = action_to_verdict(rule->action, rule->return_value);
        size_t i = (unsigned) number % ADDED_MAX;

        if (rule->n_args > 0)
                return false;
        if (b->added[i].number == number + 1 && b->added[i].verdict == verdict)
                return true;
        b->added[i].number = number + 1; /* 0 is none: of -1 there is no rule */
        b->added[i].verdict = verdict;
        return false;
}

static bool is_idle(const Build *b, const SeccompRule *rule) {
        return action_to_verdict(rule->action, rule->return_value) ==
               action_to_verdict(b->profile->default_action, b->profile->default_return);
}

static int add_name(Build *b, const SeccompRule *rule, const char *name, Failure *reterr) {
        int number = seccomp_syscall_resolve_name(name);
        const SeccompCall *call;

        if (number == __NR_SCMP_ERROR) {
                call = seccomp_call_find(name);
                return call ? add_found(b, rule, call, reterr) : 0;
        }
        note_number(b, name);
        if (is_idle(b, rule) || is_added(b, rule, number))
                return 0;
        return add_to_context(b, rule, name, number, reterr);
}

/* Does any rule look at its arguments? Then all that concern it belong together. */
static bool depends(const Build *b, const char *wanted) {
        for (size_t i = 0; i < b->n_rules; i++) {
                if (b->rules[i]->n_args == 0)
                        continue;
                for (const char *const *name = b->rules[i]->names; *name; name++)
                        if (streq(*name, wanted))
                                return true;
        }
        return false;
}

/* Only libseccomp 2.6 exports into memory. */
static int export(Build *b, StrBuf *ret, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct sock_filter part[512];
        ssize_t n;
        int r;

        fd = memfd_create("seccomp", MFD_CLOEXEC);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to make room for a seccomp filter");
        r = seccomp_export_bpf(b->context, fd);
        if (r < 0)
                return refused(reterr, r, "export");
        if (lseek(fd, 0, SEEK_SET) < 0)
                return fail_errno(reterr, errno, "Failed to read a seccomp filter");
        while ((n = read(fd, part, sizeof(part))) > 0)
                (void) strbuf_append(ret, part, (size_t) n); /* the first failure sticks */
        r = n < 0 ? -errno : ret->error;
        return r < 0 ? fail_errno(reterr, r, "Failed to read a seccomp filter") : 0;
}

static int compile(Build *b, bool tail, StrBuf *ret, Failure *reterr) {
        int r;

        r = new_context(b, reterr);
        for (size_t i = 0; i < b->n_rules && r >= 0; i++)
                for (const char *const *name = b->rules[i]->names; *name && r >= 0; name++)
                        if (!tail || depends(b, *name))
                                r = add_name(b, b->rules[i], *name, reterr);
        return r < 0 ? r : export(b, ret, reterr);
}

static int choose_rules(Build *b, uint64_t capabilities, Failure *reterr) {
        const SeccompProfile *p = b->profile;
        unsigned kernel = 0, major = 0;
        struct utsname name;

        if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &kernel, &major) != 2)
                return fail_errno(reterr, EINVAL, "Failed to read the kernel's version");
        b->rules = calloc(p->n_rules + 1, sizeof(*b->rules));
        if (!b->rules)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        for (size_t i = 0; i < p->n_rules; i++)
                if (seccomp_rule_applies(&p->rules[i], capabilities, native_word(), kernel, major))
                        b->rules[b->n_rules++] = &p->rules[i];
        return 0;
}

/* What is above all that the profile names is of a newer kernel. */
static bool refuses_newer(const SeccompProfile *p) {
        return p->default_action != SECCOMP_ALLOW && p->default_action != SECCOMP_LOG &&
               p->default_action != SECCOMP_TRACE &&
               !(p->default_action == SECCOMP_ERRNO && p->default_return == ENOSYS);
}

static const struct sock_filter *program_of(const StrBuf *b) {
        return (const struct sock_filter *) b->data;
}

static size_t length_of(const StrBuf *b) {
        return b->size / sizeof(struct sock_filter);
}

/* Which of ours a number belongs to: x32 is told from x86_64 by a bit of it. Return: an index, or SIZE_MAX. */
static size_t find_token(const Build *b, uint32_t arch, uint32_t number) {
        bool x32 = arch == SCMP_ARCH_X86_64 && (number & X32_BIT);

        for (size_t i = 0; i < b->n_tokens; i++)
                if (b->tokens[i] == (x32 ? SCMP_ARCH_X32 : arch))
                        return i;
        return SIZE_MAX;
}

/* mips numbers its calls from 4000 on, and not all alike: there libseccomp alone is asked. */
static uint32_t answer(uint32_t arch, uint32_t number, void *userdata) {
        const Build *b = userdata;
        size_t token = find_token(b, arch, number);

        if (token != SIZE_MAX && (arch & 0xffff) != EM_MIPS) {
                uint32_t plain = b->tokens[token] == SCMP_ARCH_X32 ? number & ~X32_BIT : number;

                for (size_t i = 0; i < b->n_found; i++)
                        if (b->found[i].call->number == plain &&
                                        has_call(b->tokens[token], b->found[i].call))
                                return b->found[i].verdict;
                if (plain > b->last[token] && refuses_newer(b->profile))
                        return SCMP_ACT_ERRNO(ENOSYS);
        }
        return seccomp_answer(program_of(&b->whole), length_of(&b->whole), arch, number);
}

static int add_points(Build *b, StrBuf *ret) {
        int r;

        r = seccomp_points(program_of(&b->whole), length_of(&b->whole), ret);
        if (r >= 0)
                r = seccomp_points(program_of(&b->tail), length_of(&b->tail), ret);
        for (size_t i = 0; i < b->n_tokens; i++) {
                uint32_t base = b->tokens[i] == SCMP_ARCH_X32 ? X32_BIT : 0;
                uint32_t above = base + b->last[i] + 1;

                (void) strbuf_append(ret, &above, sizeof(above)); /* the first failure sticks */
                for (size_t k = 0; k < b->n_found; k++) {
                        const uint32_t points[] = { base + b->found[k].call->number,
                                base + b->found[k].call->number + 1 };

                        (void) strbuf_append(ret, points, sizeof(points)); /* as above */
                }
        }
        return r < 0 ? r : ret->error;
}

/* Does the tail look at the arguments of the same calls? Where several calls share one (socketcall) it may not: then all
 * of it is needed. */
static bool tail_is_enough(const Build *b, const uint32_t *arches, size_t n_arches,
                const StrBuf *points) {
        for (size_t i = 0; i < n_arches; i++)
                for (size_t k = 0; k < points->size / sizeof(uint32_t); k++) {
                        uint32_t number = ((const uint32_t *) points->data)[k];
                        uint32_t whole = seccomp_answer(program_of(&b->whole),
                                        length_of(&b->whole), arches[i], number);
                        uint32_t tail = seccomp_answer(program_of(&b->tail), length_of(&b->tail),
                                        arches[i], number);

                        if (whole == SECCOMP_ANSWER_DEPENDS && tail != whole)
                                return false;
                }
        return true;
}

static int finish(Build *b, SeccompFilter **ret, Failure *reterr) {
        _cleanup_strbuf_ StrBuf out = {}, points = {};
        uint32_t arches[TOKENS_MAX];
        size_t n_arches = 0;
        SeccompFilter *f;
        StrBuf *tail;
        int r;

        for (size_t i = 0; i < b->n_tokens; i++)
                if (b->tokens[i] != SCMP_ARCH_X32)
                        arches[n_arches++] = b->tokens[i];
        r = add_points(b, &points);
        if (r >= 0) {
                tail = tail_is_enough(b, arches, n_arches, &points) ? &b->tail : &b->whole;
                r = seccomp_tree_append(&out, arches, n_arches, &points, answer, b,
                                program_of(tail), length_of(tail));
        }
        if (r >= 0 && out.size > SECCOMP_FILTER_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The seccomp profile makes a filter that is longer than the %u "
                                "instructions that the kernel takes",
                                SECCOMP_FILTER_BYTES_MAX / 8);
        f = r < 0 ? NULL : malloc(sizeof(*f) + out.size);
        if (!f)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        f->n_ref = 1;
        f->size = out.size;
        memcpy(f->program, out.data, out.size);
        *ret = f;
        return 0;
}

int seccomp_filter_compile(const SeccompProfile *p, uint64_t capabilities, SeccompFilter **ret,
                Failure *reterr) {
        _cleanup_(build_done) Build b = { .profile = p };
        int r;

        find_arches(&b);
        r = choose_rules(&b, capabilities, reterr);
        if (r >= 0)
                r = compile(&b, false, &b.whole, reterr);
        if (r >= 0)
                r = compile(&b, true, &b.tail, reterr);
        return r < 0 ? r : finish(&b, ret, reterr);
}

SeccompFilter *seccomp_filter_ref(SeccompFilter *f) {
        f->n_ref++;
        return f;
}

SeccompFilter *seccomp_filter_unref(SeccompFilter *f) {
        if (f && --f->n_ref == 0)
                free(f);
        return NULL;
}
