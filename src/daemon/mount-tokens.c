/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/mount-tokens.c: knows callers and what they handed over; what is fit to be mounted is runtime/mount-source.c's to say. */
#include "daemon/mount-tokens.h"
#include "base/fd.h"
#include "base/random.h"
#include "base/str.h"
#include "base/usec.h"
#include "daemon/bus-failure.h"
#include "daemon/caller-group.h"
#include "model/id.h"
#include "model/limits.h"
#include "runtime/mount-source.h"

typedef struct MountToken {
        List tokens; /* in its caller's */
        char token[ID_MAX];
        MountSource source;
        gid_t gid;           /* of who handed it over */
        uint64_t until_usec; /* boottime */
        bool shown;
} MountToken;

static void token_free(Caller *caller, MountToken *t) {
        list_remove(&t->tokens);
        caller->n_mount_tokens--;
        mount_source_done(&t->source);
        free(t);
}

void mount_tokens_free(Caller *caller) {
        MountToken *t;

        LIST_FOREACH(t, &caller->mount_tokens, MountToken, tokens)
                token_free(caller, t);
}

static void drop_old(Caller *caller) {
        uint64_t now = now_boottime();
        MountToken *t;

        LIST_FOREACH(t, &caller->mount_tokens, MountToken, tokens)
                if (t->until_usec <= now)
                        token_free(caller, t);
}

static unsigned tokens_of_uid(Daemon *daemon, uid_t uid) {
        unsigned n = 0;
        Caller *caller;
        Link *link;

        LIST_FOREACH(link, &daemon->links, Link, links)
                MAP_FOREACH(caller, link->callers)
                        if (caller->known && caller->uid == uid) {
                                drop_old(caller);
                                n += caller->n_mount_tokens;
                        }
        return n;
}

static int check_number(Caller *caller, Failure *reterr) {
        drop_old(caller);
        if (caller->n_mount_tokens >= MOUNT_TOKENS_PER_CALLER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "One connection may hand over %u mounts at once",
                                MOUNT_TOKENS_PER_CALLER_MAX);
        if (caller->uid != 0 && tokens_of_uid(caller->link->daemon, caller->uid) >=
                                                MOUNT_TOKENS_PER_OWNER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "One user may hand over %u mounts at once",
                                MOUNT_TOKENS_PER_OWNER_MAX);
        return 0;
}

static int token_new(Caller *caller, int fd, MountToken **ret, Failure *reterr) {
        uint8_t random[ID_BYTES];
        MountToken *t;
        int r;

        r = check_number(caller, reterr);
        if (r >= 0)
                r = random_bytes(random, sizeof(random));
        if (r < 0)
                return r;
        t = calloc(1, sizeof(*t));
        if (!t)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = caller_group(caller, &t->gid);
        if (r < 0)
                r = fail(reterr, FAILURE_ACCESS_DENIED, r,
                                "The group of the caller's process is not known");
        else
                r = mount_source_from_fd(fd, &t->source, reterr);
        if (r < 0) {
                free(t);
                return r;
        }
        id_from_bytes(random, t->token);
        t->until_usec = usec_add(now_boottime(),
                        caller->link->daemon->mount_token_usec ?: MOUNT_TOKEN_USEC);
        list_init(&t->tokens);
        list_append(&caller->mount_tokens, &t->tokens);
        caller->n_mount_tokens++;
        *ret = t;
        return 0;
}

int manager_method_open_mount(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Caller *caller = caller_of(link_current(sd_bus_message_get_bus(m)), m);
        _cleanup_failure_ Failure failure = {};
        MountToken *t = NULL;
        int fd, r;

        if (!caller || !caller->known)
                return -ENXIO;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;

        r = token_new(caller, fd, &t, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, "s", t->token);
}

static MountToken *find(Caller *caller, const char *token) {
        MountToken *t, *found = NULL;

        LIST_FOREACH(t, &caller->mount_tokens, MountToken, tokens)
                if (streq(t->token, token))
                        found = t;
        return found;
}

static int resolve(Caller *caller, ContainerMount *mount, Failure *reterr) {
        uint64_t now = now_boottime();
        MountToken *t = find(caller, mount->token);

        if (!t || t->until_usec <= now)
                return fail(reterr, FAILURE_INVALID_ARGS, ENOENT,
                                "The token of the mount at '%s' is unknown to this connection, or "
                                "too old",
                                mount->target);
        if (!t->shown)
                t->until_usec = usec_add(now, AUTHORIZATION_TIMEOUT_USEC);
        t->shown = true;
        if (free_and_strdup(&mount->source, t->source.path) < 0 ||
                        free_and_strdup(&mount->identity, t->source.identity) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        mount->uid = caller->uid;
        mount->gid = t->gid;
        return 0;
}

int mount_tokens_resolve(
                Caller *caller, ContainerSpec *spec, char ***ret_used, sd_bus_error *error) {
        _cleanup_strv_free_ char **used = NULL;
        _cleanup_failure_ Failure failure = {};
        int r;

        for (size_t i = 0; i < spec->n_mounts; i++) {
                ContainerMount *mount = &spec->mounts[i];

                if (!mount->token)
                        continue;
                r = resolve(caller, mount, &failure);
                if (r < 0)
                        return bus_failure_set(error, r, &failure);
                r = strv_consume(&used, TAKE_PTR(mount->token));
                if (r < 0)
                        return r;
        }
        *ret_used = TAKE_PTR(used);
        return 0;
}

void mount_tokens_forget(Caller *caller, char *const *used) {
        MountToken *t;

        STRV_FOREACH(token, used) {
                t = find(caller, *token);
                if (t)
                        token_free(caller, t);
        }
}
