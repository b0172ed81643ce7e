/* SPDX-License-Identifier: Apache-2.0 */
/* model/device.c: see device.h. The grammar is Docker's. Source: docker-run(1), --device and --device-cgroup-rule */
#include "model/device.h"
#include <stdlib.h>
#include "base/parse.h"
#include "base/str.h"
#include "model/limits.h"

static const struct {
        char letter;
        unsigned access;
} letters[] = { { 'r', DEVICE_READ }, { 'w', DEVICE_WRITE }, { 'm', DEVICE_MAKE } };

/* Each letter once at most. Return: what they allow; 0: no such thing. */
static unsigned parse_access(const char *s) {
        unsigned access = 0;

        for (; *s; s++) {
                unsigned one = 0;

                for (size_t i = 0; i < ELEMENTSOF(letters); i++)
                        if (letters[i].letter == *s)
                                one = letters[i].access;
                if (one == 0 || (access & one))
                        return 0;
                access |= one;
        }
        return access;
}

void device_access_to_string(unsigned access, char ret[static DEVICE_ACCESS_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(letters); i++)
                if (access & letters[i].access)
                        ret[n++] = letters[i].letter;
        ret[n] = '\0';
}

static bool path_is_fit(const char *s) {
        return s[0] == '/' && s[strspn(s, "/")] != '\0' && strlen(s) < PATH_BYTES_MAX &&
               utf8_is_valid(s);
}

int device_mapping_parse(const char *s, DeviceMapping *ret, Failure *reterr) {
        _cleanup_strv_free_ char **parts = NULL;
        const char *target = NULL, *letters_text = NULL;
        unsigned access = DEVICE_ALL;
        size_t n;

        if (strv_split(s, ':', &parts) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        n = strv_length(parts);
        if (n == 3)
                letters_text = parts[2];
        if (n >= 2 && parts[1][0] == '/')
                target = parts[1];
        else if (n == 2)
                letters_text = parts[1];
        if (letters_text)
                access = parse_access(letters_text);
        if (n < 1 || n > 3 || access == 0 || !path_is_fit(parts[0]) ||
                        (n == 3 && !target) || (target && !path_is_fit(target)))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "'%.160s' is no device: HOST[:CONTAINER[:rwm]], with absolute "
                                "paths",
                                s);

        *ret = (DeviceMapping){ .host = strdup(parts[0]), .access = access };
        ret->target = strdup(target ?: parts[0]);
        if (ret->host && ret->target)
                return 0;
        device_mapping_done(ret);
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

void device_mapping_done(DeviceMapping *m) {
        free(m->host);
        free(m->target);
        *m = (DeviceMapping){};
}

static bool parse_number(const char *s, int32_t *ret) {
        uint32_t number;

        if (streq(s, "*")) {
                *ret = DEVICE_ANY;
                return true;
        }
        if (parse_u32(s, &number) < 0 || number > INT32_MAX)
                return false;
        *ret = (int32_t) number;
        return true;
}

int device_rule_parse(const char *s, DeviceRule *ret, Failure *reterr) {
        _cleanup_strv_free_ char **words = NULL, **numbers = NULL;
        DeviceRule rule = {};

        if (strv_split(s, ' ', &words) < 0 ||
                        (strv_length(words) == 3 && strv_split(words[1], ':', &numbers) < 0))
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (strv_length(words) == 3 && strv_length(numbers) == 2) {
                rule.type = words[0][0];
                rule.access = parse_access(words[2]);
                if (rule.type != '\0' && words[0][1] == '\0' && strchr("abc", rule.type) &&
                                rule.access != 0 && parse_number(numbers[0], &rule.major) &&
                                parse_number(numbers[1], &rule.minor)) {
                        *ret = rule;
                        return 0;
                }
        }
        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                        "'%.64s' is no rule for devices: TYPE MAJOR:MINOR rwm, as in 'c 10:* rw'",
                        s);
}
