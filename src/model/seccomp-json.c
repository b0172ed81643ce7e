/* SPDX-License-Identifier: Apache-2.0 */
/* model/seccomp-json.c: Docker's JSON into a profile. Strings stay in the document, which the profile keeps. */
#include <string.h>
#include "base/parse.h"
#include "base/str.h"
#include "model/capability.h"
#include "model/json.h"
#include "model/limits.h"
#include "model/seccomp-profile.h"

#define ERRNO_MAX 4095U   /* the kernel's MAX_ERRNO */
#define MESSAGE_MAX 65535U /* of SCMP_ACT_TRACE: SECCOMP_RET_DATA */

/* A parsed profile; what the caller holds is its first member. */
typedef struct Parsed {
        SeccompProfile profile;
        json_t *document;     /* owned */
        SeccompRule *rules;   /* owned */
        SeccompArches *arches; /* owned */
        const char **plain_arches; /* owned */
        const char **names;   /* owned: of all rules, each list NULL-terminated */
        size_t n_names;
} Parsed;

SeccompProfile *seccomp_profile_free(SeccompProfile *p) {
        Parsed *parsed = (Parsed *) p;

        if (!p)
                return NULL;
        json_decref(parsed->document);
        free(parsed->rules);
        free(parsed->arches);
        free(parsed->plain_arches);
        free(parsed->names);
        free(parsed);
        return NULL;
}

static int wrong(Failure *reterr, const char *what, const char *value) {
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "The seccomp profile has %s '%.64s'",
                        what, strempty(value));
}

static int wrong_type(Failure *reterr, const char *member) {
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "'%s' of the seccomp profile is of another type", member);
}

static int out_of_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

static int too_many(Failure *reterr, const char *what, unsigned max) {
        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                        "The seccomp profile has more than %u %s", max, what);
}

/* Return: 1 and the value, 0: absent or null, or a failure. */
static int get_string(const json_t *j, const char *key, const char **ret, Failure *reterr) {
        const json_t *value = json_object_get(j, key);

        if (!value || json_is_null(value))
                return 0;
        if (!json_is_string(value))
                return wrong_type(reterr, key);
        *ret = json_string_value(value);
        return 1;
}

static int get_array(const json_t *j, const char *key, const json_t **ret, Failure *reterr) {
        const json_t *value = json_object_get(j, key);

        *ret = NULL;
        if (!value || json_is_null(value))
                return 0;
        if (!json_is_array(value))
                return wrong_type(reterr, key);
        *ret = value;
        return 1;
}

static int get_number(const json_t *j, const char *key, uint64_t max, uint64_t *ret,
                Failure *reterr) {
        const json_t *value = json_object_get(j, key);

        if (!value || json_is_null(value))
                return 0;
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
                        (uint64_t) json_integer_value(value) > max)
                return wrong_type(reterr, key);
        *ret = (uint64_t) json_integer_value(value);
        return 1;
}

static int get_action(const json_t *j, const char *key, const char *return_key, SeccompAction *ret,
                unsigned *ret_return, Failure *reterr) {
        static const struct {
                const char *word;
                SeccompAction action;
        } table[] = {
                { "SCMP_ACT_ALLOW", SECCOMP_ALLOW },
                { "SCMP_ACT_ERRNO", SECCOMP_ERRNO },
                { "SCMP_ACT_KILL", SECCOMP_KILL_THREAD },
                { "SCMP_ACT_KILL_PROCESS", SECCOMP_KILL_PROCESS },
                { "SCMP_ACT_KILL_THREAD", SECCOMP_KILL_THREAD },
                { "SCMP_ACT_LOG", SECCOMP_LOG },
                { "SCMP_ACT_TRACE", SECCOMP_TRACE },
                { "SCMP_ACT_TRAP", SECCOMP_TRAP },
        };
        uint64_t value = EPERM;
        const char *word = NULL;
        int r;

        r = get_string(j, key, &word, reterr);
        if (r < 0)
                return r;
        if (r == 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The seccomp profile has no '%s'%s", key,
                                streq(key, "action") ? " in one of its rules" : "");
        if (streq(word, "SCMP_ACT_NOTIFY"))
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "The action 'SCMP_ACT_NOTIFY' of a seccomp profile is not "
                                "supported: nobody would answer");
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                if (!streq(table[i].word, word))
                        continue;
                *ret = table[i].action;
                r = get_number(j, return_key, *ret == SECCOMP_TRACE ? MESSAGE_MAX : ERRNO_MAX,
                                &value, reterr);
                *ret_return = (unsigned) value;
                return r < 0 ? r : 0;
        }
        return wrong(reterr, "the action", word);
}

/* libseccomp's word for "SCMP_ARCH_X86_64"; NULL: an architecture of others. */
static const char *find_arch(const char *word) {
        static const char *const table[] = { "x86", "x86_64", "x32", "arm", "aarch64", "mips",
                "mips64", "mips64n32", "mipsel", "mipsel64", "mipsel64n32", "parisc", "parisc64",
                "ppc", "ppc64", "ppc64le", "s390", "s390x", "riscv64", "loongarch64", "m68k", "sh",
                "sheb" };
        const char *name = startswith(word, "SCMP_ARCH_");

        for (size_t i = 0; name && i < ELEMENTSOF(table); i++)
                if (strcasecmp(table[i], name) == 0)
                        return table[i];
        return NULL;
}

/* Those that are known, into @ret with its NULL. */
static int read_arches(const json_t *array, const char **ret, Failure *reterr) {
        size_t n = 0;

        if (json_array_size(array) > SECCOMP_ARCHES_MAX)
                return too_many(reterr, "architectures in one list", SECCOMP_ARCHES_MAX);
        for (size_t i = 0; i < json_array_size(array); i++) {
                const char *word = json_string_value(json_array_get(array, i)), *name;

                if (!word || !startswith(word, "SCMP_ARCH_"))
                        return wrong(reterr, "the architecture", word);
                name = find_arch(word);
                if (name)
                        ret[n++] = name;
        }
        ret[n] = NULL;
        return 0;
}

static int read_arch_map(Parsed *p, const json_t *map, Failure *reterr) {
        int r = 0;

        if (json_array_size(map) > SECCOMP_ARCHES_MAX * 2)
                return too_many(reterr, "architectures", SECCOMP_ARCHES_MAX * 2);
        p->arches = calloc(json_array_size(map) + 1, sizeof(*p->arches));
        if (!p->arches)
                return out_of_memory(reterr);
        for (size_t i = 0; i < json_array_size(map) && r >= 0; i++) {
                const json_t *entry = json_array_get(map, i), *others = NULL;
                const char *word = NULL;

                if (!json_is_object(entry))
                        return wrong_type(reterr, "archMap");
                r = get_string(entry, "architecture", &word, reterr);
                if (r >= 0)
                        r = get_array(entry, "subArchitectures", &others, reterr);
                if (r < 0)
                        return r;
                if (!word || !startswith(word, "SCMP_ARCH_"))
                        return wrong(reterr, "the architecture", word);
                if (!find_arch(word))
                        continue;
                p->arches[p->profile.n_arches].native = find_arch(word);
                r = read_arches(others, p->arches[p->profile.n_arches++].others, reterr);
        }
        p->profile.arches = p->arches;
        return r;
}

static int read_all_arches(Parsed *p, Failure *reterr) {
        const json_t *plain, *map;
        int r;

        r = get_array(p->document, "architectures", &plain, reterr);
        if (r >= 0)
                r = get_array(p->document, "archMap", &map, reterr);
        if (r < 0)
                return r;
        if (json_array_size(plain) > 0 && json_array_size(map) > 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The seccomp profile has both 'architectures' and 'archMap'");
        if (json_array_size(map) > 0)
                return read_arch_map(p, map, reterr);
        if (json_array_size(plain) == 0)
                return 0;
        p->plain_arches = calloc(SECCOMP_ARCHES_MAX + 1, sizeof(*p->plain_arches));
        if (!p->plain_arches)
                return out_of_memory(reterr);
        p->profile.plain_arches = p->plain_arches;
        return read_arches(plain, p->plain_arches, reterr);
}

static int read_arg(const json_t *j, SeccompArg *ret, Failure *reterr) {
        static const char *const table[_SECCOMP_COMPARE_MAX] = {
                [SECCOMP_NE] = "SCMP_CMP_NE",
                [SECCOMP_LT] = "SCMP_CMP_LT",
                [SECCOMP_LE] = "SCMP_CMP_LE",
                [SECCOMP_EQ] = "SCMP_CMP_EQ",
                [SECCOMP_GE] = "SCMP_CMP_GE",
                [SECCOMP_GT] = "SCMP_CMP_GT",
                [SECCOMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
        };
        const char *op = NULL;
        uint64_t index = 0;
        int r;

        if (!json_is_object(j))
                return wrong_type(reterr, "args");
        r = get_number(j, "index", SECCOMP_ARGS_MAX - 1, &index, reterr);
        if (r >= 0)
                r = get_number(j, "value", UINT64_MAX, &ret->value, reterr);
        if (r >= 0)
                r = get_number(j, "valueTwo", UINT64_MAX, &ret->value_two, reterr);
        if (r >= 0)
                r = get_string(j, "op", &op, reterr);
        if (r < 0)
                return r;
        ret->index = (unsigned) index;
        for (int i = 0; op && i < _SECCOMP_COMPARE_MAX; i++)
                if (streq(table[i], op)) {
                        ret->compare = (SeccompCompare) i;
                        return 0;
                }
        return wrong(reterr, "the comparison", op);
}

/* "4.8": two numbers, as Docker has it. */
static int read_kernel(const char *text, SeccompWhen *w, Failure *reterr) {
        _cleanup_strv_free_ char **parts = NULL;
        uint32_t kernel, major;

        if (!*text)
                return 0;
        if (strv_split(text, '.', &parts) < 0)
                return out_of_memory(reterr);
        if (strv_length(parts) != 2 || parse_u32(parts[0], &kernel) < 0 ||
                        parse_u32(parts[1], &major) < 0 || kernel > 255 || major > 255 ||
                        (kernel == 0 && major == 0))
                return wrong(reterr, "the kernel", text);
        w->kernel = kernel;
        w->major = major;
        return 0;
}

static int read_capabilities(const json_t *array, SeccompWhen *w, Failure *reterr) {
        for (size_t i = 0; i < json_array_size(array); i++) {
                const char *name = json_string_value(json_array_get(array, i));
                int capability;

                if (!name)
                        return wrong_type(reterr, "caps");
                capability = startswith(name, "CAP_") ? capability_from_name(name) : -EINVAL;
                w->capabilities |= capability >= 0 ? UINT64_C(1) << capability
                                                   : SECCOMP_CAPABILITY_UNKNOWN;
        }
        return 0;
}

static int read_when(const json_t *rule, const char *key, SeccompWhen *w, Failure *reterr) {
        const json_t *j = json_object_get(rule, key), *caps, *arches;
        const char *kernel = NULL;
        int r;

        if (!j || json_is_null(j))
                return 0;
        if (!json_is_object(j))
                return wrong_type(reterr, key);
        r = get_array(j, "caps", &caps, reterr);
        if (r >= 0)
                r = get_array(j, "arches", &arches, reterr);
        if (r >= 0)
                r = get_string(j, "minKernel", &kernel, reterr);
        if (r >= 0)
                r = read_capabilities(caps, w, reterr);
        if (r < 0)
                return r;
        if (json_array_size(arches) > SECCOMP_ARCHES_MAX)
                return too_many(reterr, "architectures in one list", SECCOMP_ARCHES_MAX);
        for (size_t i = 0; i < json_array_size(arches); i++) {
                w->arches[i] = json_string_value(json_array_get(arches, i));
                if (!w->arches[i])
                        return wrong_type(reterr, "arches");
        }
        return kernel ? read_kernel(kernel, w, reterr) : 0;
}

/* How many pointers a rule's names take; 0: none, which is a failure. */
static size_t count_names(const json_t *rule) {
        size_t n = json_array_size(json_object_get(rule, "names"));

        return (json_is_string(json_object_get(rule, "name")) ? 1 : n) + 1;
}

static int read_names(Parsed *p, const json_t *rule, SeccompRule *ret, Failure *reterr) {
        const char *name = NULL;
        const json_t *names;
        int r;

        ret->names = p->names + p->n_names;
        r = get_string(rule, "name", &name, reterr);
        if (r >= 0)
                r = get_array(rule, "names", &names, reterr);
        if (r < 0)
                return r;
        if (name && json_array_size(names) > 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The seccomp profile has both 'name' and 'names' in one rule");
        if (name)
                p->names[p->n_names++] = name;
        for (size_t i = 0; i < json_array_size(names); i++) {
                name = json_string_value(json_array_get(names, i));
                if (!name)
                        return wrong_type(reterr, "names");
                p->names[p->n_names++] = name;
        }
        p->names[p->n_names++] = NULL;
        return 0;
}

static int read_rule(Parsed *p, const json_t *j, SeccompRule *ret, Failure *reterr) {
        const json_t *args = NULL;
        int r;

        r = read_names(p, j, ret, reterr);
        if (r >= 0)
                r = get_action(j, "action", "errnoRet", &ret->action, &ret->return_value, reterr);
        if (r >= 0)
                r = get_array(j, "args", &args, reterr);
        if (r >= 0)
                r = read_when(j, "includes", &ret->includes, reterr);
        if (r >= 0)
                r = read_when(j, "excludes", &ret->excludes, reterr);
        if (r < 0)
                return r;
        if (json_array_size(args) > SECCOMP_ARGS_MAX)
                return too_many(reterr, "conditions in one rule", SECCOMP_ARGS_MAX);
        for (size_t i = 0; i < json_array_size(args); i++) {
                r = read_arg(json_array_get(args, i), &ret->args[ret->n_args++], reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_heavy(const SeccompRule *r) {
        return r->n_args > 1 || (r->n_args == 1 && r->args[0].compare != SECCOMP_EQ);
}

static size_t count_heavy(const Parsed *p, const char *wanted) {
        size_t n = 0;

        for (size_t i = 0; i < p->profile.n_rules; i++)
                for (const char *const *name = p->rules[i].names; is_heavy(&p->rules[i]) && *name;
                                name++)
                        n += streq(*name, wanted);
        return n;
}

static int check_conditions(const Parsed *p, Failure *reterr) {
        for (size_t i = 0; i < p->profile.n_rules; i++)
                for (const char *const *name = p->rules[i].names; is_heavy(&p->rules[i]) && *name;
                                name++)
                        if (count_heavy(p, *name) > SECCOMP_CONDITIONS_MAX)
                                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                                "The seccomp profile has more than %u rules with "
                                                "conditions on '%.64s'",
                                                SECCOMP_CONDITIONS_MAX, *name);
        return 0;
}

static int read_rules(Parsed *p, Failure *reterr) {
        const json_t *rules;
        size_t n, pointers = 0, conditional = 0;
        int r;

        r = get_array(p->document, "syscalls", &rules, reterr);
        if (r < 0)
                return r;
        n = json_array_size(rules);
        if (n > SECCOMP_RULES_MAX)
                return too_many(reterr, "rules", SECCOMP_RULES_MAX);
        for (size_t i = 0; i < n; i++) {
                if (!json_is_object(json_array_get(rules, i)))
                        return wrong_type(reterr, "syscalls");
                pointers += count_names(json_array_get(rules, i));
                if (json_array_size(json_object_get(json_array_get(rules, i), "args")) > 0)
                        conditional += count_names(json_array_get(rules, i)) - 1;
        }
        if (pointers > SECCOMP_NAMES_MAX)
                return too_many(reterr, "names", SECCOMP_NAMES_MAX);
        if (conditional > SECCOMP_ARGS_NAMES_MAX)
                return too_many(reterr, "names in rules with conditions", SECCOMP_ARGS_NAMES_MAX);

        p->rules = calloc(n + 1, sizeof(*p->rules));
        p->names = calloc(pointers + 1, sizeof(*p->names));
        if (!p->rules || !p->names)
                return out_of_memory(reterr);
        p->profile.rules = p->rules;
        while (p->profile.n_rules < n && r >= 0) {
                size_t i = p->profile.n_rules++;

                r = read_rule(p, json_array_get(rules, i), &p->rules[i], reterr);
        }
        return r < 0 ? r : check_conditions(p, reterr);
}

int seccomp_profile_parse(const char *json, SeccompProfile **ret, Failure *reterr) {
        json_error_t error;
        Parsed *p;
        int r;

        if (strlen(json) > SECCOMP_PROFILE_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The seccomp profile is longer than %u bytes",
                                SECCOMP_PROFILE_BYTES_MAX);
        p = calloc(1, sizeof(*p));
        if (!p)
                return out_of_memory(reterr);
        p->document = json_loads(json, JSON_REJECT_DUPLICATES, &error);
        if (!p->document && json_error_code(&error) == json_error_out_of_memory)
                r = out_of_memory(reterr);
        else if (!json_is_object(p->document))
                r = fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The seccomp profile is no JSON object: line %d: %s",
                                p->document ? 1 : error.line,
                                p->document ? "another type" : error.text);
        else
                r = get_action(p->document, "defaultAction", "defaultErrnoRet",
                                &p->profile.default_action, &p->profile.default_return, reterr);
        if (r >= 0)
                r = read_all_arches(p, reterr);
        if (r >= 0)
                r = read_rules(p, reterr);
        if (r < 0) {
                seccomp_profile_free(&p->profile);
                return r;
        }
        *ret = &p->profile;
        return 0;
}
