/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/config.c: finds and reads the files, once, before anything is served. */
#include "daemon/config.h"
#include <dirent.h>
#include <fcntl.h>
#include <ini.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "model/limits.h"
#include "model/names.h"

#define LINE_MAX_BYTES 190U /* libinih cuts longer ones in two without a word: INI_MAX_LINE is 200 */

typedef struct Parse {
        EngineConfig *config; /* borrowed */
        Failure *failure;     /* borrowed */
        bool failed;
} Parse;

static int on_assignment(void *userdata, const char *section, const char *name, const char *value) {
        Parse *p = userdata;

        if (p->failed) /* the first fault is the one that is told */
                return 0;
        p->failed = engine_config_set(p->config, section, name, value, p->failure) < 0;
        return !p->failed;
}

static int check_lines(const char *name, const char *text, Failure *reterr) {
        unsigned line = 1;

        for (const char *s = text; *s; line++) {
                size_t n = strcspn(s, "\n");

                if (n > LINE_MAX_BYTES)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "Line %u of '%s' is longer than %u bytes", line, name,
                                        LINE_MAX_BYTES);
                s += n + (s[n] == '\n');
        }
        return 0;
}

int config_parse(const char *name, const char *text, EngineConfig *c, Failure *reterr) {
        _cleanup_failure_ Failure failure = {};
        Parse p = { .config = c, .failure = &failure };
        int line, r;

        r = check_lines(name, text, reterr);
        if (r < 0)
                return r;
        line = ini_parse_string(text, on_assignment, &p);
        if (line == 0)
                return 0;
        if (line < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "Line %i of '%s': %s", line, name,
                        p.failed ? failure_message(&failure)
                                 : "it is neither '[SECTION]' nor 'KEY=VALUE'");
}

/* What decides whom bytes are fetched from is written by root, or by the user whose daemon this is, and by nobody else. */
static int check_trust(int fd, const char *path, Failure *reterr) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return fail_errno(reterr, errno, "Failed to look at '%s'", path);
        if (!S_ISREG(st.st_mode))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' is not a file", path);
        if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
                return fail(reterr, FAILURE_ACCESS_DENIED, EPERM,
                                "'%s' can be written by others than its owner, or is not root's",
                                path);
        return 0;
}

static int load_file(const char *path, bool required, EngineConfig *c, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT && !required)
                return 0;
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to open '%s'", path);
        r = check_trust(fd, path, reterr);
        if (r < 0)
                return r;
        r = read_file_at(AT_FDCWD, path, CONFIG_FILE_BYTES_MAX, &text, &size);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to read '%s'", path);
        if (strlen(text) != size)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' is not a text", path);
        return config_parse(path, text, c, reterr);
}

/* Names that end with `.conf`; the same in both directories stands once, and means the later one. */
static int list_names(const char *dir, char ***names, Failure *reterr) {
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *entry;

        d = opendir(dir);
        if (!d)
                return errno == ENOENT ? 0 : fail_errno(reterr, errno, "Failed to open '%s'", dir);
        while ((entry = readdir(d))) {
                if (!endswith(entry->d_name, ".conf") || strv_contains(*names, entry->d_name))
                        continue;
                if (strv_length(*names) >= CONFIG_FILES_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                        "'%s' has more than %u files", dir, CONFIG_FILES_MAX);
                if (strv_push(names, entry->d_name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        return 0;
}

static int load_directories(EngineConfig *c, Failure *reterr) {
        static const char vendor[] = CONFIG_FILE_VENDOR CONFIG_SUFFIX,
                          own[] = CONFIG_FILE CONFIG_SUFFIX;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = list_names(vendor, &names, reterr);
        if (r >= 0)
                r = list_names(own, &names, reterr);
        if (r < 0)
                return r;
        strv_sort(names);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *first = NULL, *second = NULL;

                if (str_printf(&first, "%s/%s", own, *name) < 0 ||
                                str_printf(&second, "%s/%s", vendor, *name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                r = load_file(access(first, F_OK) >= 0 ? first : second, true, c, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_load(const char *file, EngineConfig *ret, Failure *reterr) {
        int r;

        if (engine_config_init(ret) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (file)
                return load_file(file, true, ret, reterr);
        r = load_file(CONFIG_FILE_VENDOR, false, ret, reterr);
        if (r >= 0)
                r = load_file(CONFIG_FILE, false, ret, reterr);
        return r < 0 ? r : load_directories(ret, reterr);
}
