/* SPDX-License-Identifier: Apache-2.0 */
/* puller/challenge.c: a list of lists, both with commas: whether a word is a scheme or a name shows in what follows it. */
#include "puller/challenge.h"
#include <ctype.h>
#include <stdbool.h>
#include "base/str.h"

/* Where the reading stands. */
typedef struct Cursor {
        const char *p;
} Cursor;

static void challenge_done(Challenge *c) {
        free(c->scheme);
        strv_free(c->parameters);
        *c = (Challenge) {};
}

void challenges_done(Challenges *c) {
        for (size_t i = 0; i < c->n; i++)
                challenge_done(c->list + i);
        *c = (Challenges) {};
}

static bool is_token(char c) {
        return isalnum((unsigned char) c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip_blanks(Cursor *at) {
        at->p += strspn(at->p, " \t");
}

/* Return: 0, -EBADMSG (no token here), -ENOMEM. */
static int read_token(Cursor *at, char **ret) {
        size_t n = 0;
        char *s;

        while (is_token(at->p[n]))
                n++;
        if (n == 0)
                return -EBADMSG;
        s = strndup(at->p, n);
        if (!s)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                s[i] = (char) tolower((unsigned char) s[i]);
        at->p += n;
        *ret = s;
        return 0;
}

static int read_quoted(Cursor *at, StrBuf *value) {
        at->p++;
        while (*at->p != '"') {
                if (*at->p == '\\')
                        at->p++;
                /* what a header cannot hold cannot be meant; it would end up in a URL */
                if ((unsigned char) *at->p < ' ' || *at->p == 127)
                        return -EBADMSG;
                (void) strbuf_putc(value, *at->p++);
        }
        at->p++;
        return 0;
}

/* After the "=". */
static int read_value(Cursor *at, StrBuf *value) {
        size_t size;

        if (*at->p == '"')
                return read_quoted(at, value);
        size = value->size;
        while (is_token(*at->p) || *at->p == '/' || *at->p == ':') /* as some leave a URL unquoted */
                (void) strbuf_putc(value, *at->p++);
        return value->size > size ? 0 : -EBADMSG;
}

static int read_parameter(Cursor *at, const char *name, Challenge *c) {
        _cleanup_strbuf_ StrBuf text = {};
        char *parameter;
        int r;

        if (strv_length(c->parameters) == CHALLENGE_PARAMETERS_MAX)
                return -E2BIG;
        if (strv_env_get(c->parameters, name))
                return -EBADMSG;
        (void) strbuf_printf(&text, "%s=", name);
        r = read_value(at, &text);
        if (r < 0)
                return r;
        r = strbuf_steal(&text, &parameter, NULL);
        return r < 0 ? r : strv_consume(&c->parameters, parameter);
}

/* Credentials in one word, as other schemes have them: "Negotiate YII…=". It is none of ours and is passed over. */
static bool skip_token68(Cursor *at) {
        const char *p = at->p;

        while (isalnum((unsigned char) *p) || (*p != '\0' && strchr("-._~+/", *p)))
                p++;
        if (p == at->p)
                return false;
        p += strspn(p, "=");
        p += strspn(p, " \t");
        if (*p != ',' && *p != '\0')
                return false;
        at->p = p;
        return true;
}

/* "name = value", where @at stands after the name: moves behind the "=". */
static bool skip_equals(Cursor *at) {
        Cursor after = *at;

        skip_blanks(&after);
        if (*after.p != '=')
                return false;
        after.p++;
        skip_blanks(&after);
        *at = after;
        return true;
}

static int read_scheme(Cursor *at, char *word, Challenges *c) {
        _cleanup_free_ char *scheme = word, *name = NULL;
        const char *end = at->p;
        int r;

        skip_blanks(at);
        if (*at->p != ',' && *at->p != '\0' && at->p == end) /* something sticks to it */
                return -EBADMSG;
        if (c->n == CHALLENGES_MAX)
                return -E2BIG;
        c->list[c->n++] = (Challenge) { .scheme = TAKE_PTR(scheme) };
        if (*at->p == ',' || *at->p == '\0' || skip_token68(at))
                return 0;

        /* its first parameter: no comma stands before it */
        r = read_token(at, &name);
        if (r < 0)
                return r;
        return skip_equals(at) ? read_parameter(at, name, c->list + c->n - 1) : -EBADMSG;
}

/* One element of the outer list. Return: 0 or negative errno. */
static int read_element(Cursor *at, Challenges *c) {
        _cleanup_free_ char *word = NULL;
        int r;

        r = read_token(at, &word);
        if (r < 0)
                return r;
        if (!skip_equals(at))
                return read_scheme(at, TAKE_PTR(word), c);
        return c->n == 0 ? -EBADMSG : read_parameter(at, word, c->list + c->n - 1);
}

int challenges_add(Challenges *c, const char *value) {
        _cleanup_challenges_ Challenges new = {};
        Cursor at = { value };

        if (strlen(value) > CHALLENGE_BYTES_MAX)
                return -E2BIG;

        for (;;) {
                int r;

                at.p += strspn(at.p, " \t,"); /* empty elements are allowed */
                if (*at.p == '\0')
                        break;
                r = read_element(&at, &new);
                if (r < 0)
                        return r;
                skip_blanks(&at);
                if (*at.p != ',' && *at.p != '\0')
                        return -EBADMSG;
        }

        if (c->n + new.n > CHALLENGES_MAX)
                return -E2BIG;
        for (size_t i = 0; i < new.n; i++)
                c->list[c->n++] = new.list[i];
        new.n = 0;
        return 0;
}

const Challenge *challenges_find(const Challenges *c, const char *scheme) {
        for (size_t i = 0; i < c->n; i++)
                if (streq(c->list[i].scheme, scheme))
                        return c->list + i;
        return NULL;
}

const char *challenge_get(const Challenge *c, const char *name) {
        return strv_env_get(c->parameters, name);
}
