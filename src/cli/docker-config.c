/* SPDX-License-Identifier: Apache-2.0 */
/* cli/docker-config.c: the file and its entries. */
#include "cli/docker-config.h"
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/credential-helper.h"
#include "model/names.h"

#define FILE_BYTES_MAX (1024 * 1024)
#define DOCKER_HUB_KEY "https://index.docker.io/v1/"

void docker_config_done(DockerConfig *c) {
        json_decref(c->document);
        free(c->dir);
        free(c->name);
        *c = (DockerConfig) {};
}

const char *docker_registry_key(const char *host) {
        return streq(host, DEFAULT_REGISTRY) ? DOCKER_HUB_KEY : host;
}

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

/* A link is followed, so that a rename replaces what it leads to and not the link. */
static int find_place(DockerConfig *c, Failure *reterr) {
        const char *given = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
        _cleanup_free_ char *path = NULL, *real = NULL;
        const struct passwd *pw;
        char *slash;
        int r;

        if (isempty(given) && isempty(home)) {
                pw = getpwuid(geteuid());
                if (!pw)
                        return fail(reterr, FAILURE_INTERNAL, ENOENT, "This user has no home");
                home = pw->pw_dir;
        }
        r = isempty(given) ? str_printf(&path, "%s/.docker/config.json", home)
                           : str_printf(&path, "%s/config.json", given);
        if (r < 0)
                return no_memory(reterr);
        real = realpath(path, NULL);
        if (real) {
                free(path);
                path = TAKE_PTR(real);
        }
        slash = strrchr(path, '/');
        c->name = strdup(slash + 1);
        *slash = '\0';
        c->dir = TAKE_PTR(path);
        return c->name ? 0 : no_memory(reterr);
}

int docker_config_load(DockerConfig *ret, Failure *reterr) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        json_error_t error;
        size_t size;
        int r;

        *ret = (DockerConfig) {};
        r = find_place(ret, reterr);
        if (r < 0)
                return r;
        if (str_printf(&path, "%s/%s", ret->dir, ret->name) < 0)
                return no_memory(reterr);
        r = read_file_at(AT_FDCWD, path, FILE_BYTES_MAX, &text, &size);
        if (r == -ENOENT || (r >= 0 && size == 0)) {
                ret->document = json_object();
                return ret->document ? 0 : no_memory(reterr);
        }
        if (r < 0)
                return fail_errno(reterr, r, "Failed to read '%s'", path);
        ret->document = json_loads(text, 0, &error);
        if (!ret->document || !json_is_object(ret->document))
                return fail(reterr, FAILURE_INVALID_ARGS, EBADMSG, "'%s' is not a JSON object",
                                path);
        return 0;
}

static int make_dir(const char *dir, Failure *reterr) {
        if (mkdir(dir, 0700) < 0 && errno != EEXIST)
                return fail_errno(reterr, errno, "Failed to make the directory '%s'", dir);
        return 0;
}

static int save(DockerConfig *c, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int dir_fd = -EBADF;
        int r;

        text = json_dumps(c->document, JSON_INDENT(8));
        if (!text)
                return no_memory(reterr);
        r = make_dir(c->dir, reterr);
        if (r < 0)
                return r;
        dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return fail_errno(reterr, errno, "Failed to open the directory '%s'", c->dir);
        r = write_file_at(dir_fd, c->name, text, strlen(text), 0600, WRITE_SYNC);
        return r < 0 ? fail_errno(reterr, r, "Failed to write '%s/%s'", c->dir, c->name) : 0;
}

/* Docker writes hosts; older versions, and people, write URLs. */
static bool key_names(const char *key, const char *host) {
        const char *s = startswith(key, "https://") ?: startswith(key, "http://") ?: key;
        size_t n = strcspn(s, "/");

        if (streq(host, DEFAULT_REGISTRY) && n == strlen("index.docker.io") &&
                        strncmp(s, "index.docker.io", n) == 0)
                return true;
        return strlen(host) == n && strncmp(s, host, n) == 0;
}

/* The helper's name, borrowed; NULL: the file itself is used. */
static const char *find_helper(const DockerConfig *c, const char *host) {
        const json_t *helpers = json_object_get(c->document, "credHelpers"), *j = NULL;

        if (json_is_object(helpers)) {
                j = json_object_get(helpers, docker_registry_key(host));
                if (!j)
                        j = json_object_get(helpers, host);
        }
        if (!j)
                j = json_object_get(c->document, "credsStore");
        return json_is_string(j) && *json_string_value(j) ? json_string_value(j) : NULL;
}

static int make_entry(const char *user, const char *password, json_t **ret) {
        _cleanup_free_ char *both = NULL, *auth = NULL;
        json_t *entry;
        int r;

        r = str_printf(&both, "%s:%s", user, password);
        if (r >= 0)
                r = base64_encode(both, strlen(both), &auth);
        if (r < 0)
                return r;
        entry = json_object();
        if (!entry || json_object_set_new(entry, "auth", json_string(auth)) < 0) {
                json_decref(entry);
                return -ENOMEM;
        }
        *ret = entry;
        return 0;
}

/* Docker's helpers say by this name that the secret is a token. */
static int entry_of_helper(const char *user, const char *secret, json_t **ret) {
        json_t *entry;

        if (!streq(user, "<token>"))
                return make_entry(user, secret, ret);
        entry = json_object();
        if (!entry || json_object_set_new(entry, "identitytoken", json_string(secret)) < 0) {
                json_decref(entry);
                return -ENOMEM;
        }
        *ret = entry;
        return 0;
}

static bool entry_is_empty(const json_t *entry) {
        static const char *const members[] = { "auth", "identitytoken", "registrytoken",
                "username" };

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                const json_t *j = json_object_get(entry, members[i]);

                if (json_is_string(j) && *json_string_value(j))
                        return false;
        }
        return true;
}

int docker_config_find(DockerConfig *c, const char *host, json_t **ret, Failure *reterr) {
        _cleanup_free_ char *user = NULL, *secret = NULL;
        const char *helper = find_helper(c, host);
        json_t *auths;
        int r = 0;

        if (helper) {
                _cleanup_failure_ Failure failure = {};

                r = credential_helper_get(
                                helper, docker_registry_key(host), &user, &secret, &failure);
                if (r < 0)
                        fprintf(stderr, PROGRAM_CLI ": %s, going on without\n",
                                        failure_message(&failure));
        }
        if (r > 0)
                return entry_of_helper(user, secret, ret) < 0 ? no_memory(reterr) : 1;

        auths = json_object_get(c->document, "auths");
        if (!json_is_object(auths))
                return 0;
        for (void *i = json_object_iter(auths); i; i = json_object_iter_next(auths, i)) {
                json_t *entry = json_object_iter_value(i);

                if (!key_names(json_object_iter_key(i), host) || !json_is_object(entry) ||
                                entry_is_empty(entry))
                        continue;
                *ret = json_incref(entry);
                return 1;
        }
        return 0;
}

int docker_config_store(DockerConfig *c, const char *host, const char *user, const char *password,
                Failure *reterr) {
        const char *helper = find_helper(c, host), *key = docker_registry_key(host);
        json_t *auths, *entry;

        if (helper) {
                int r = credential_helper_store(helper, key, user, password, reterr);

                if (r < 0)
                        return r;
        }
        auths = json_object_get(c->document, "auths");
        if (!json_is_object(auths)) {
                auths = json_object();
                if (!auths || json_object_set_new(c->document, "auths", auths) < 0)
                        return no_memory(reterr);
        }
        /* With a helper Docker leaves an empty entry, which tells that there is a login. */
        if (helper)
                entry = json_object();
        else if (make_entry(user, password, &entry) < 0)
                return no_memory(reterr);
        if (!entry || json_object_set_new(auths, key, entry) < 0)
                return no_memory(reterr);
        return save(c, reterr);
}

/* The first key that names the registry; borrowed. */
static const char *find_key(json_t *auths, const char *host) {
        for (void *i = json_object_iter(auths); i; i = json_object_iter_next(auths, i))
                if (key_names(json_object_iter_key(i), host))
                        return json_object_iter_key(i);
        return NULL;
}

int docker_config_erase(DockerConfig *c, const char *host, Failure *reterr) {
        const char *helper = find_helper(c, host), *key;
        json_t *auths = json_object_get(c->document, "auths");
        int found = 0, r;

        if (helper) {
                r = credential_helper_erase(helper, docker_registry_key(host), reterr);
                if (r < 0)
                        return r;
                found = r;
        }
        while (json_is_object(auths) && (key = find_key(auths, host))) {
                (void) json_object_del(auths, key); /* it is there */
                found = 1;
        }
        r = found ? save(c, reterr) : 0;
        return r < 0 ? r : found;
}
