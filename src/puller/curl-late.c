/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/curl-late.c: libcurl's functions under their own names, loaded by the one role that has a network. Linked, it and
 * the thirty libraries that come with it would be mapped, relocated and at hand in every unpacker, too, which is to have
 * none. A program that defines a name itself needs no library for it; the compiler holds each against curl.h.
 */
#include "puller/curl-late.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include "base/str.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

/* The ABI that curl.h describes. */
#define LIBRARY "libcurl.so.4"

/* All that are used: each a pointer named after it. */
#define FUNCTIONS(F)                                                                               \
        F(curl_global_init)                                                                        \
        F(curl_easy_init)                                                                          \
        F(curl_easy_setopt)                                                                        \
        F(curl_easy_getinfo)                                                                       \
        F(curl_easy_pause)                                                                         \
        F(curl_easy_strerror)                                                                      \
        F(curl_easy_cleanup)                                                                       \
        F(curl_multi_init)                                                                         \
        F(curl_multi_setopt)                                                                       \
        F(curl_multi_add_handle)                                                                   \
        F(curl_multi_remove_handle)                                                                \
        F(curl_multi_perform)                                                                      \
        F(curl_multi_poll)                                                                         \
        F(curl_multi_info_read)                                                                    \
        F(curl_multi_cleanup)                                                                      \
        F(curl_slist_append)                                                                       \
        F(curl_slist_free_all)

#define DECLARE(name) __typeof__(&name) name##_;
#define RESOLVE(name)                                                                              \
        functions.name##_ = (__typeof__(&name)) dlsym(handle, #name);                              \
        if (!functions.name##_)                                                                    \
                return false;

static struct {
        FUNCTIONS(DECLARE)
} functions;

static bool resolve(void *handle) {
        FUNCTIONS(RESOLVE)
        return true;
}

int curl_late_load(Failure *reterr) {
        void *handle = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);

        if (!handle || !resolve(handle))
                return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                                "Failed to load '%s', which pulling needs: %s", LIBRARY,
                                strempty(dlerror()));
        return 0;
}

CURLcode curl_global_init(long flags) {
        return functions.curl_global_init_(flags);
}

CURL *curl_easy_init(void) {
        return functions.curl_easy_init_();
}

/* What follows an option is of the kind that its number says. */
#define PASS(function, handle, option)                                                             \
        ({                                                                                         \
                CURLcode _r;                                                                       \
                va_list _ap;                                                                       \
                                                                                                   \
                va_start(_ap, option);                                                             \
                if ((int) option < CURLOPTTYPE_OBJECTPOINT)                                        \
                        _r = (CURLcode) function(handle, option, va_arg(_ap, long));               \
                else if ((int) option >= CURLOPTTYPE_OFF_T && (int) option < CURLOPTTYPE_BLOB)     \
                        _r = (CURLcode) function(handle, option, va_arg(_ap, curl_off_t));         \
                else                                                                               \
                        _r = (CURLcode) function(handle, option, va_arg(_ap, void *));             \
                va_end(_ap);                                                                       \
                _r;                                                                                \
        })

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...) {
        return PASS(functions.curl_easy_setopt_, curl, option);
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...) {
        return (CURLMcode) PASS(functions.curl_multi_setopt_, multi, option);
}

CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...) {
        CURLcode r;
        va_list ap;

        va_start(ap, info);
        r = functions.curl_easy_getinfo_(curl, info, va_arg(ap, void *)); /* always where to put it */
        va_end(ap);
        return r;
}

CURLcode curl_easy_pause(CURL *handle, int bitmask) {
        return functions.curl_easy_pause_(handle, bitmask);
}

const char *curl_easy_strerror(CURLcode code) {
        return functions.curl_easy_strerror_(code);
}

void curl_easy_cleanup(CURL *curl) {
        functions.curl_easy_cleanup_(curl);
}

CURLM *curl_multi_init(void) {
        return functions.curl_multi_init_();
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *curl) {
        return functions.curl_multi_add_handle_(multi, curl);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *curl) {
        return functions.curl_multi_remove_handle_(multi, curl);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running) {
        return functions.curl_multi_perform_(multi, running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned n_extra,
                int timeout_ms, int *ret) {
        return functions.curl_multi_poll_(multi, extra, n_extra, timeout_ms, ret);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left) {
        return functions.curl_multi_info_read_(multi, left);
}

CURLMcode curl_multi_cleanup(CURLM *multi) {
        return functions.curl_multi_cleanup_(multi);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text) {
        return functions.curl_slist_append_(list, text);
}

void curl_slist_free_all(struct curl_slist *list) {
        functions.curl_slist_free_all_(list);
}
