/* SPDX-License-Identifier: Apache-2.0 */
/* model/platform.c: platforms, their many names, and who runs what. */
#include "model/platform.h"
#include <ctype.h>
#include <stdio.h>
#include "base/parse.h"
#include "base/str.h"
#include "model/image-config.h"

#define FOREIGN_RANK 100 /* above every variant's */

static const struct {
        const char *name, *architecture, *variant; /* NULL: as it was given */
} aliases[] = {
        { "i386", "386", "" },
        { "x86_64", "amd64", NULL },
        { "x86-64", "amd64", NULL },
        { "aarch64", "arm64", NULL },
        { "armhf", "arm", "v7" },
        { "armel", "arm", "v6" },
};

static bool word_is_valid(const char *s) {
        size_t n = strlen(s);

        if (n >= PLATFORM_PART_MAX)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!isalnum((unsigned char) s[i]) && !strchr("_.-", s[i]))
                        return false;
        return true;
}

static void copy_lower(const char *s, char ret[static PLATFORM_PART_MAX]) {
        size_t i;

        for (i = 0; s[i] != '\0' && i < PLATFORM_PART_MAX - 1; i++)
                ret[i] = (char) tolower((unsigned char) s[i]);
        ret[i] = '\0';
}

/* "v7" and "7" as 7; 0: none, or no number. */
static unsigned variant_number(const char *s) {
        uint32_t n;

        return parse_u32(s[0] == 'v' ? s + 1 : s, &n) < 0 || n > 99 ? 0 : (unsigned) n;
}

static void normalise_variant(Platform *p) {
        unsigned n = variant_number(p->variant);

        if (n > 0)
                (void) snprintf(p->variant, sizeof(p->variant), "v%u", n);
        if ((streq(p->architecture, "arm64") && n == 8) ||
                        (streq(p->architecture, "amd64") && n == 1))
                p->variant[0] = '\0';
        if (streq(p->architecture, "arm") && p->variant[0] == '\0')
                copy_lower("v7", p->variant);
}

int platform_set(const char *os, const char *architecture, const char *variant, Platform *ret) {
        Platform p = {};

        if (isempty(os) || isempty(architecture) || !word_is_valid(os) ||
                        !word_is_valid(architecture) || !word_is_valid(strempty(variant)))
                return -EINVAL;

        copy_lower(os, p.os);
        copy_lower(architecture, p.architecture);
        copy_lower(strempty(variant), p.variant);
        if (streq(p.os, "macos"))
                copy_lower("darwin", p.os);
        for (size_t i = 0; i < ELEMENTSOF(aliases); i++)
                if (streq(p.architecture, aliases[i].name)) {
                        copy_lower(aliases[i].architecture, p.architecture);
                        if (aliases[i].variant)
                                copy_lower(aliases[i].variant, p.variant);
                        break;
                }
        normalise_variant(&p);
        *ret = p;
        return 0;
}

void platform_of_machine(Platform *ret) {
        *ret = (Platform) {};
        (void) platform_set("linux", image_architecture(), NULL, ret); /* words of ours */
}

int platform_parse(const char *s, Platform *ret, Failure *reterr) {
        static const char *const systems[] = { "linux", "windows", "darwin", "freebsd" };
        _cleanup_strv_free_ char **parts = NULL;
        size_t n;
        int r;

        r = strv_split(s, '/', &parts);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        n = strv_length(parts);

        r = -EINVAL;
        if (n == 1) {
                bool is_os = false;

                for (size_t i = 0; i < ELEMENTSOF(systems); i++)
                        is_os = is_os || streq(parts[0], systems[i]);
                r = is_os ? platform_set(parts[0], image_architecture(), NULL, ret)
                          : platform_set("linux", parts[0], NULL, ret);
        } else if (n == 2 || (n == 3 && !isempty(parts[2])))
                r = platform_set(parts[0], parts[1], n == 3 ? parts[2] : NULL, ret);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.100s' is not a platform: say OS/ARCHITECTURE[/VARIANT], such "
                                "as 'linux/arm64'",
                                s);
        return 0;
}

const char *platform_to_string(const Platform *p, char ret[static PLATFORM_MAX]) {
        (void) snprintf(ret, PLATFORM_MAX, "%s/%s%s%s", p->os, p->architecture,
                        p->variant[0] ? "/" : "", p->variant);
        return ret;
}

/* Steps down from @wanted to @offered, both of one architecture; the least variant is @least. */
static int steps_down(unsigned wanted, unsigned offered, unsigned least) {
        if (offered == wanted)
                return 0;
        return offered >= least && offered < wanted ? (int) (wanted - offered) : -ENOENT;
}

int platform_rank(const Platform *wanted, const Platform *offered) {
        unsigned have = variant_number(wanted->variant), other = variant_number(offered->variant);
        bool same = streq(wanted->architecture, offered->architecture);
        int r;

        if (!streq(wanted->os, offered->os))
                return -ENOENT;
        if (same && streq(wanted->variant, offered->variant))
                return 0;
        /* a variant that is no number is its own alone */
        if ((wanted->variant[0] && have == 0) || (offered->variant[0] && other == 0))
                return -ENOENT;

        if (streq(wanted->architecture, "amd64")) {
                if (same)
                        return steps_down(MAX2(have, 1U), MAX2(other, 1U), 1);
                return streq(offered->architecture, "386") && other == 0 ? FOREIGN_RANK : -ENOENT;
        }
        if (streq(wanted->architecture, "arm"))
                return same ? steps_down(have, other, 5) : -ENOENT;
        if (streq(wanted->architecture, "arm64")) {
                have = have == 0 ? 8 : have;
                if (same)
                        return steps_down(have, other == 0 ? 8 : other, 8);
                if (!streq(offered->architecture, "arm"))
                        return -ENOENT;
                r = steps_down(MIN2(have, 8U), other, 5);
                return r < 0 ? r : FOREIGN_RANK + r;
        }
        return -ENOENT;
}
