/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/authz.c: knows polkit and callers; knows of an object what a request says.
 *
 * A question's life: authz_check() sends it and keeps the message; the handler returns. On a no, polkit's silence or its
 * absence the message is answered with an error and the question is gone. On a yes the question becomes an answer, and the
 * message goes back to the bus's queue: the filter and find() run anew, then the handler, whose authz_check() finds the
 * answer by the message itself and uses it up. An answer that is not asked for (the object went meanwhile, so no
 * handler ran) is dropped when the next message of its caller passes the filter (question->returned).
 * What came behind the message for the same container waits in question->held and follows it back in order.
 */
#include "daemon/authz.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "daemon/bus-failure.h"
#include "model/limits.h"
#include "model/names.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_ALLOW_USER_INTERACTION 1U
#define TIMEOUT_QUIET_USEC                                                                         \
        (25 * USEC_PER_SEC) /* nobody types a password: polkit answers at once or is stuck */

typedef struct Question {
        Caller *caller;          /* borrowed: it ends with its caller */
        List questions;          /* in caller->questions */
        sd_bus_message *message; /* owned */
        sd_bus_slot *slot;       /* owned; NULL once answered */
        char *action;            /* owned */
        char *details;           /* owned: what it is about, as one text */
        uint64_t number;         /* names it when it is to be cancelled */
        bool answered;           /* with a yes */
        bool returned; /* the message came back through the filter: the handler asks now or never */
        sd_bus_message **held; /* owned: what came behind it for the same container, in order */
        size_t n_held;
} Question;

static Question *question_free(Question *q) {
        if (!q)
                return NULL;

        list_remove(&q->questions);
        q->caller->n_questions--;
        q->caller->n_calls--;
        q->caller->n_calls -= (unsigned) q->n_held;
        messages_free(q->held, q->n_held);
        sd_bus_slot_unref(q->slot);
        sd_bus_message_unref(q->message);
        free(q->action);
        free(q->details);
        free(q);
        return NULL;
}

DEFINE_CLEANUP(Question *, question_free);

static void question_cancel(Question *q) {
        char number[32];

        (void) snprintf(number, sizeof(number), "pocketdocker-%" PRIu64, q->number);
        (void) sd_bus_call_method_async(q->caller->link->bus, NULL, POLKIT_NAME, POLKIT_PATH,
                        POLKIT_INTERFACE, "CancelCheckAuthorization", NULL, NULL, "s",
                        number); /* at worst a dialog stays open */
}

void authz_caller_left(Caller *caller) {
        Question *q;

        LIST_FOREACH(q, &caller->questions, Question, questions) {
                if (!q->answered)
                        question_cancel(q);
                question_free(q);
        }
}

/* Messages behind it go on, whatever the answer was. */
static void question_release_held(Question *q) {
        sd_bus_message **held = TAKE_PTR(q->held);
        size_t n = q->n_held;

        q->caller->n_calls -= (unsigned) n;
        q->n_held = 0;
        messages_requeue(q->caller->link->bus, held, n);
}

static bool call_is_interactive(sd_bus_message *m) {
        return sd_bus_message_get_allow_interactive_authorization(m) > 0;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_error_free) sd_bus_error refusal = SD_BUS_ERROR_NULL;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int authorized = false, challenge = false, r;
        Question *q = userdata;

        q->slot = sd_bus_slot_unref(q->slot);

        if (!e) {
                r = sd_bus_message_enter_container(m, 'r', "bba{ss}");
                if (r >= 0)
                        r = sd_bus_message_read(m, "bb", &authorized, &challenge);
                if (r < 0)
                        authorized = challenge = false;
        }

        if (authorized) {
                q->answered = true;
                r = sd_bus_enqueue_for_read(q->caller->link->bus, q->message);
                if (r >= 0) {
                        question_release_held(q);
                        return 0;
                }
                sd_bus_error_set_errno(&refusal, r);
        } else if (sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) ||
                        sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT)) {
                question_cancel(q);
                sd_bus_error_setf(&refusal, SD_BUS_ERROR_ACCESS_DENIED,
                                "polkit did not say in time whether '%s' is allowed", q->action);
        } else if (e) {
                log_debug("polkit gave no answer on '%s': %s", q->action, strempty(e->message));
                sd_bus_error_setf(&refusal, SD_BUS_ERROR_ACCESS_DENIED,
                                "'%s' is for root only while polkit does not answer", q->action);
        } else if (challenge)
                sd_bus_error_setf(&refusal, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                "'%s' needs a password, and %s", q->action,
                                call_is_interactive(q->message)
                                                ? "nobody is there who could be asked for it"
                                                : "the call does not allow to ask for it");
        else
                sd_bus_error_setf(&refusal, SD_BUS_ERROR_ACCESS_DENIED,
                                "'%s' is not allowed to this user", q->action);

        (void) sd_bus_reply_method_error(q->message, &refusal); /* its caller may be leaving */
        question_release_held(q);
        question_free(q);
        return 0;
}

/* KEY, VALUE, KEY, VALUE, …: what rules get to see. */
static int list_details(const AuthzRequest *request, char ***ret) {
        _cleanup_strv_free_ char **l = NULL;
        char owner[32];
        const struct {
                const char *key, *value;
        } details[] = {
                { "verb", request->verb },
                { "owner", owner },
                { "container", request->container },
                { "name", request->name },
                { "image", request->image },
                { "network", request->network },
                { "options", request->options },
        };
        int r = 0;

        (void) snprintf(owner, sizeof(owner), "%u", request->owner);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(details); i++) {
                if (!details[i].value)
                        continue;
                r = strv_push(&l, details[i].key);
                if (r >= 0)
                        r = strv_push(&l, details[i].value);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

static int append_details(sd_bus_message *m, char *const *details) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (size_t i = 0; r >= 0 && i < strv_length(details); i += 2)
                r = sd_bus_message_append(m, "{ss}", details[i], details[i + 1]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int question_send(Question *q, char *const *details) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        bool interactive = call_is_interactive(q->message);
        Daemon *daemon = q->caller->link->daemon;
        char number[32];
        uint64_t timeout;
        int r;

        r = sd_bus_message_new_method_call(q->caller->link->bus, &m, POLKIT_NAME, POLKIT_PATH,
                        POLKIT_INTERFACE, "CheckAuthorization");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                        q->caller->name, q->action);
        if (r < 0)
                return r;

        r = append_details(m, details);
        if (r < 0)
                return r;

        q->number = ++daemon->questions_asked;
        (void) snprintf(number, sizeof(number), "pocketdocker-%" PRIu64, q->number);
        r = sd_bus_message_append(
                        m, "us", interactive ? POLKIT_ALLOW_USER_INTERACTION : 0U, number);
        if (r < 0)
                return r;

        timeout = interactive ? AUTHORIZATION_TIMEOUT_USEC : TIMEOUT_QUIET_USEC;
        if (daemon->authorization_timeout_usec > 0)
                timeout = daemon->authorization_timeout_usec;
        return sd_bus_call_async(q->caller->link->bus, &q->slot, m, on_answer, q, timeout);
}

static unsigned questions_of_uid(Link *link, uid_t uid) {
        unsigned n = 0;
        Caller *caller;

        MAP_FOREACH(caller, link->callers)
                if (caller->known && caller->uid == uid)
                        n += caller->n_questions;
        return n;
}

static int question_new(Caller *caller, sd_bus_message *m, const AuthzRequest *request,
                char *const *details, const char *details_text, sd_bus_error *error) {
        _cleanup_(question_freep) Question *q = NULL;
        _cleanup_failure_ Failure failure = {};
        int r;

        if (questions_of_uid(caller->link, caller->uid) >= AUTHORIZATIONS_PER_OWNER_MAX)
                return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_LIMIT_REACHED),
                                "One user may have %u calls waiting for polkit",
                                AUTHORIZATIONS_PER_OWNER_MAX);

        r = caller_charge(caller, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        q = malloc(sizeof(*q));
        if (!q) {
                caller->n_calls--;
                return -ENOMEM;
        }
        *q = (Question){ .caller = caller, .message = sd_bus_message_ref(m) };
        list_append(&caller->questions, &q->questions);
        caller->n_questions++;

        if (free_and_strdup(&q->action, request->action) < 0 ||
                        free_and_strdup(&q->details, details_text) < 0)
                return -ENOMEM;

        r = question_send(q, details);
        if (r < 0)
                return r;

        (void) TAKE_PTR(q); /* it is its caller's now */
        return 0;
}

int authz_check(sd_bus_message *m, const AuthzRequest *request, sd_bus_error *error) {
        Link *link = link_current(sd_bus_message_get_bus(m));
        _cleanup_strv_free_ char **details = NULL;
        Caller *caller = caller_of(link, m);
        _cleanup_free_ char *text = NULL;
        Question *q;
        int r;

        if (!caller)
                return -ENXIO;
        if (caller->uid == 0 || caller->uid == geteuid() || link->peer)
                return 1;

        r = list_details(request, &details);
        if (r >= 0)
                r = strv_join(details, "\n", &text);
        if (r < 0)
                return r;

        /* A tag may have another owner by now, a container another name: that is another question. */
        LIST_FOREACH(q, &caller->questions, Question, questions) {
                bool same = streq(q->action, request->action) && streq(q->details, text);

                if (!q->answered || q->message != m)
                        continue;
                question_free(q);
                if (same)
                        return 1;
        }
        return question_new(caller, m, request, details, text, error);
}

const char *authz_network(const ContainerSpec *spec) {
        return isempty(spec->network) ? "default" : spec->network;
}

int authz_container(sd_bus_message *m, const Container *c, const char *verb, const char *own_action,
                const char *other_action, sd_bus_error *error) {
        bool own;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        own = uid == container_owner(c);
        if (own && !own_action)
                return 1;

        return authz_check(m,
                        &(AuthzRequest){
                                        .action = own ? own_action : other_action,
                                        .verb = verb,
                                        .container = container_id(c),
                                        .name = container_name(c),
                                        .image = container_image(c),
                                        .network = authz_network(container_spec(c)),
                                        .owner = container_owner(c),
                        },
                        error);
}

bool authz_may_read(sd_bus_message *m, uid_t owner) {
        uid_t uid;

        return callers_uid(m, &uid) >= 0 && (uid == 0 || uid == owner || uid == geteuid());
}

int authz_hold(Caller *caller, sd_bus_message *m) {
        const char *path = sd_bus_message_get_path(m);
        _cleanup_failure_ Failure failure = {};
        Question *q;
        int r;

        LIST_FOREACH(q, &caller->questions, Question, questions) {
                if (q->answered) {
                        if (q->returned)
                                question_free(q);
                        else if (q->message == m)
                                q->returned = true;
                        continue;
                }
                if (!startswith(path, BUS_PATH_CONTAINERS "/") ||
                                !streq(path, sd_bus_message_get_path(q->message)))
                        continue;

                r = caller_charge(caller, &failure);
                if (r < 0)
                        return bus_failure_reply(m, &failure) < 0 ? r : 1;
                r = messages_push(&q->held, &q->n_held, m);
                if (r < 0) {
                        caller->n_calls--;
                        return r;
                }
                return 1;
        }
        return 0;
}
