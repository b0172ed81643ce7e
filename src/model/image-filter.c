/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-filter.c: knows names and labels; knows no image. */
#include "model/image-filter.h"
#include "base/str.h"
#include "model/limits.h"

void image_filter_done(ImageFilter *f) {
        f->references = strv_free(f->references);
        f->labels = strv_free(f->labels);
        f->not_labels = strv_free(f->not_labels);
        f->before = strv_free(f->before);
        f->since = strv_free(f->since);
}

int image_filter_resolve(
                ImageFilter *f, ImageFilterLookup lookup, void *userdata, Failure *reterr) {
        uint64_t usec;
        int r;

        if (strv_length(f->references) + strv_length(f->labels) + strv_length(f->not_labels) +
                                        strv_length(f->before) + strv_length(f->since) >
                        FILTER_VALUES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0, "A filter has at most %u values",
                                FILTER_VALUES_MAX);

        STRV_FOREACH(name, f->before) {
                r = lookup(*name, userdata, &usec, reterr);
                if (r < 0)
                        return r;
                f->before_usec = MIN2(f->before_usec, usec);
        }
        STRV_FOREACH(name, f->since) {
                r = lookup(*name, userdata, &usec, reterr);
                if (r < 0)
                        return r;
                f->since_usec = MAX2(f->since_usec, usec);
        }
        return 0;
}

/*
 * The pattern against the first @n bytes of @s. Only the last star is ever tried again, since what an earlier one took
 * can be left to it; so the cost is the product of the lengths, whatever the pattern.
 */
static bool glob(const char *pattern, const char *s, size_t n) {
        const char *p = pattern, *star = NULL;
        size_t i = 0, resume = 0;

        while (i < n) {
                if (*p == '*') {
                        star = p++;
                        resume = i;
                } else if (*p != '\0' && (*p == s[i] || (*p == '?' && s[i] != '/'))) {
                        p++;
                        i++;
                } else if (star && s[resume] != '/') {
                        p = star + 1;
                        i = ++resume;
                } else
                        return false;
        }
        while (*p == '*')
                p++;
        return *p == '\0';
}

bool image_pattern_matches(const char *pattern, const char *tag) {
        const char *colon = strrchr(tag, ':');

        if (glob(pattern, tag, strlen(tag)))
                return true;
        return colon && !strchr(colon, '/') && glob(pattern, tag, (size_t) (colon - tag));
}

bool image_filter_shows(const ImageFilter *f, const char *tag) {
        STRV_FOREACH(pattern, f->references)
                if (image_pattern_matches(*pattern, tag))
                        return true;
        return strv_length(f->references) == 0;
}

static bool fits_references(const ImageFilter *f, const ImageSubject *s) {
        STRV_FOREACH(tag, s->tags)
                if (image_filter_shows(f, *tag))
                        return true;
        return strv_length(f->references) == 0;
}

static bool has_label(const ImageSubject *s, const char *wanted) {
        STRV_FOREACH(label, s->labels) {
                const char *rest = startswith(*label, wanted);

                if (rest && (*rest == '\0' || (*rest == '=' && !strchr(wanted, '='))))
                        return true;
        }
        return false;
}

bool image_filter_matches(const ImageFilter *f, const ImageSubject *s) {
        bool dangling = strv_length(s->tags) == 0 && strv_length(s->digests) == 0;

        if (f->dangling >= 0 && dangling != (f->dangling > 0))
                return false;
        if (s->created_usec >= f->before_usec ||
                        (f->since_usec > 0 && s->created_usec <= f->since_usec))
                return false;
        STRV_FOREACH(label, f->labels)
                if (!has_label(s, *label))
                        return false;
        STRV_FOREACH(label, f->not_labels)
                if (has_label(s, *label))
                        return false;
        return fits_references(f, s);
}
