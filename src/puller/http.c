/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/http.c: see http.h. One connection per transfer: where several share one (HTTP/2), a transfer that waits for its
 * taker would be read for the others' sake, and up to its window, 32 MiB, kept in memory.
 */
#include "puller/http.h"
#include <curl/curl.h>
#include <string.h>
#include "base/list.h"
#include "base/parse.h"
#include "base/str.h"
#include "puller/curl-late.h"
#include "puller/http-headers.h"
#include "puller/url.h"

#define AGENT "pocketdocker/" POCKETDOCKER_VERSION
#define SYSTEM_CERTIFICATES "/etc/ssl/certs" /* by hash: only those that are met are read */
#define BUFFER_BYTES (128L * 1024)
#define STALL_BYTES_PER_SECOND 1024L
#define CONNECTIONS_KEPT 8L

struct Http {
        const FetchConfig *config; /* borrowed */
        CURLM *multi;              /* owned */
        HttpCall *calls;           /* all that are under way; borrowed: they take themselves out */
};

struct HttpCall {
        Http *http; /* borrowed */
        HttpCall *next;
        CURL *easy;                                /* owned */
        struct curl_slist *headers;                /* owned; of the hop under way */
        char *url, *authorization, *accept, *form; /* owned */
        bool head, added, paused, ended, in_headers;
        uint64_t offset;
        const char *certificates; /* borrowed */
        usec_t timeout_usec;
        UrlOrigin origin; /* of the first URL */
        unsigned hops;
        HttpReply reply;
        HttpHeaders parsed;
        StrBuf text;
        HttpEnd end;
        char error[CURL_ERROR_SIZE];
        const HttpHandler *handler;
        void *userdata;
};

int http_new(const FetchConfig *config, Http **ret, Failure *reterr) {
        _cleanup_(http_freep) Http *http = NULL;
        int r;

        r = curl_late_load(reterr);
        if (r < 0)
                return r;
        http = calloc(1, sizeof(*http));
        if (!http)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        http->config = config;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(http->multi = curl_multi_init()))
                return fail(reterr, FAILURE_INTERNAL, EIO, "Failed to set up libcurl");
        (void) curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);
        (void) curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
        *ret = TAKE_PTR(http);
        return 0;
}

Http *http_free(Http *http) {
        if (!http)
                return NULL;

        if (http->multi)
                (void) curl_multi_cleanup(http->multi);
        free(http);
        return NULL;
}

HttpCall *http_call_free(HttpCall *call) {
        if (!call)
                return NULL;

        for (HttpCall **p = &call->http->calls; *p; p = &(*p)->next)
                if (*p == call) {
                        *p = call->next;
                        break;
                }
        if (call->added)
                (void) curl_multi_remove_handle(call->http->multi, call->easy);
        if (call->easy)
                curl_easy_cleanup(call->easy);
        curl_slist_free_all(call->headers);
        http_reply_done(&call->reply);
        strbuf_done(&call->text);
        free(call->url);
        free(call->authorization);
        free(call->accept);
        free(call->form);
        free(call);
        return NULL;
}

static void set_end(HttpCall *call, int error, const char *detail) {
        if (call->end.error < 0) /* the first cause is the cause */
                return;
        call->end.error = error;
        (void) snprintf(call->end.detail, sizeof(call->end.detail), "%s", detail);
        text_clean(call->end.detail);
}

static size_t on_header(char *data, size_t one, size_t size, void *userdata) {
        HttpCall *call = userdata;
        int r;

        r = http_headers_add(&call->parsed, &call->reply, data, size);
        if (r < 0) {
                set_end(call, r, "");
                return 0;
        }
        call->in_headers = size > 2 || (data[0] != '\r' && data[0] != '\n');
        return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *userdata) {
        HttpCall *call = userdata;
        int r;

        if (call->reply.status != 200 && call->reply.status != 206) {
                /* a page full of regrets is cut, and the rest is not waited for */
                (void) strbuf_append(&call->text, data,
                                MIN2(size, HTTP_ERROR_BYTES_MAX - call->text.size));
                return call->text.size < HTTP_ERROR_BYTES_MAX ? size : 0;
        }

        r = call->handler->body(&call->reply, data, size, call->userdata);
        if (r < 0) {
                set_end(call, -ECANCELED, "");
                return 0;
        }
        call->paused = r > 0;
        return call->paused ? CURL_WRITEFUNC_PAUSE : size;
}

void http_call_resume(HttpCall *call) {
        if (!call->paused)
                return;
        call->paused = false;
        (void) curl_easy_pause(call->easy,
                        CURLPAUSE_CONT); /* what it fails at shows in the transfer's end */
}

static int add_header(HttpCall *call, const char *name, const char *value) {
        _cleanup_free_ char *line = NULL;
        struct curl_slist *longer;

        if (!value)
                return 0;
        if (str_printf(&line, "%s: %s", name, value) < 0)
                return -ENOMEM;
        longer = curl_slist_append(call->headers, line);
        if (!longer)
                return -ENOMEM;
        call->headers = longer;
        return 0;
}

#define SET(option, value)                                                                         \
        do {                                                                                       \
                if (curl_easy_setopt(call->easy, option, value) != CURLE_OK)                       \
                        return -EIO;                                                               \
        } while (0)

/* What holds for all hops. */
static int set_up(HttpCall *call) {
        const FetchConfig *config = call->http->config;

        SET(CURLOPT_PRIVATE, call);
        SET(CURLOPT_ERRORBUFFER, call->error);
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_PROTOCOLS_STR, "http,https");
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_USERAGENT, AGENT);
        SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_BUFFERSIZE, BUFFER_BYTES);
        SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* for this one run */
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long) (config->connect_usec / USEC_PER_MSEC));
        SET(CURLOPT_TCP_KEEPALIVE, 1L);
        SET(CURLOPT_HEADERFUNCTION, on_header);
        SET(CURLOPT_HEADERDATA, call);
        SET(CURLOPT_WRITEFUNCTION, on_body);
        SET(CURLOPT_WRITEDATA, call);
        SET(CURLOPT_CAINFO, NULL);
        SET(CURLOPT_CAPATH, SYSTEM_CERTIFICATES);
        if (call->timeout_usec > 0)
                SET(CURLOPT_TIMEOUT_MS, (long) (call->timeout_usec / USEC_PER_MSEC));
        else {
                SET(CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_SECOND);
                SET(CURLOPT_LOW_SPEED_TIME,
                                (long) MAX2(config->stall_usec / USEC_PER_SEC, (usec_t) 1));
        }
        if (call->head)
                SET(CURLOPT_NOBODY, 1L);
        if (call->form)
                SET(CURLOPT_POSTFIELDS, call->form);
        return 0;
}

/* What holds for the URL that is next. Return: 0, -EINVAL, -EPERM, -ENOMEM, -EIO. */
static int aim(HttpCall *call) {
        struct curl_blob pem = { .data = (void *) call->certificates,
                .len = strlen(strempty(call->certificates)),
                .flags = CURL_BLOB_NOCOPY };
        bool insecure;
        UrlOrigin to;
        int r;

        r = url_origin(call->url, &to);
        if (r < 0)
                return r;
        insecure = fetch_config_is_insecure(call->http->config, to.authority);
        if (to.plain && !insecure)
                return -EPERM;
        if (call->hops == 0)
                call->origin = to;
        call->reply.elsewhere = call->reply.elsewhere || !url_origin_equal(&call->origin, &to);

        curl_slist_free_all(TAKE_PTR(call->headers));
        r = add_header(call, "Accept", call->accept ? call->accept : "*/*");
        /* once it has led elsewhere it is not sent any more, wherever that leads */
        if (r >= 0 && !call->reply.elsewhere)
                r = add_header(call, "Authorization", call->authorization);
        if (r >= 0 && call->offset > 0) {
                char range[64];

                (void) snprintf(range, sizeof(range), "bytes=%llu-",
                                (unsigned long long) call->offset);
                r = add_header(call, "Range", range);
        }
        if (r < 0)
                return r;

        SET(CURLOPT_URL, call->url);
        SET(CURLOPT_HTTPHEADER, call->headers);
        if (call->certificates)
                SET(CURLOPT_CAINFO_BLOB, &pem);
        SET(CURLOPT_SSL_VERIFYPEER, insecure && !call->certificates ? 0L : 1L);
        SET(CURLOPT_SSL_VERIFYHOST, insecure && !call->certificates ? 0L : 2L);
        return 0;
}

static int start(HttpCall *call) {
        call->error[0] = '\0';
        call->parsed = (HttpHeaders){};
        call->in_headers = true;
        if (curl_multi_add_handle(call->http->multi, call->easy) != CURLM_OK)
                return -EIO;
        call->added = true;
        return 0;
}

int http_call_new(Http *http, const HttpArgs *args, HttpCall **ret) {
        _cleanup_(http_call_freep) HttpCall *call = NULL;
        int r;

        call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        *call = (HttpCall){
                .http = http,
                .next = http->calls,
                .head = args->head,
                .offset = args->offset,
                .certificates = args->certificates,
                .timeout_usec = args->timeout_usec,
                .handler = args->handler,
                .userdata = args->userdata,
        };
        http->calls = call;
        http_reply_init(&call->reply);
        call->easy = curl_easy_init();
        if (!call->easy || free_and_strdup(&call->url, args->url) < 0 ||
                        free_and_strdup(&call->authorization, args->authorization) < 0 ||
                        free_and_strdup(&call->accept, args->accept) < 0 ||
                        free_and_strdup(&call->form, args->form) < 0)
                return -ENOMEM;

        r = set_up(call);
        if (r >= 0)
                r = aim(call);
        if (r >= 0)
                r = start(call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

static int error_of(CURLcode code) {
        switch (code) {
        case CURLE_OK:
                return 0;
        case CURLE_OUT_OF_MEMORY:
                return -ENOMEM;
        case CURLE_COULDNT_RESOLVE_HOST:
                return -ENOENT;
        case CURLE_COULDNT_CONNECT:
                return -ECONNREFUSED;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
                return -EKEYREJECTED;
        case CURLE_OPERATION_TIMEDOUT:
                return -ETIMEDOUT;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_HTTP2:
                return -EPROTO;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_HTTP2_STREAM:
                return -ECONNRESET;
        default:
                return -EIO;
        }
}

/* What libcurl says, but where the kernel says it better. */
static const char *detail_of(HttpCall *call, CURLcode code) {
        long errnum = 0;

        if (code == CURLE_COULDNT_CONNECT &&
                        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &errnum) == CURLE_OK &&
                        errnum > 0)
                return strerror((int) errnum);
        return call->error[0] ? call->error : curl_easy_strerror(code);
}

static bool is_redirect(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Return: 1 it goes on elsewhere, 0 that was all, negative: how it has ended. */
static int follow(HttpCall *call) {
        char *to = NULL;
        int r;

        if (!is_redirect(call->reply.status) || call->form)
                return 0;
        if (curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || !to)
                return 0;
        if (++call->hops > HTTP_REDIRECTS_MAX)
                return -ELOOP;
        r = free_and_strdup(&call->url, to);
        if (r < 0)
                return r;
        http_reply_reset(&call->reply);
        call->text.size = 0;
        r = aim(call);
        if (r == -EINVAL)
                r = -EPERM;
        if (r >= 0)
                r = start(call);
        return r < 0 ? r : 1;
}

static void finish(HttpCall *call, CURLcode code) {
        bool cut = code == CURLE_WRITE_ERROR && call->text.size >= HTTP_ERROR_BYTES_MAX;
        int r;

        (void) curl_multi_remove_handle(call->http->multi, call->easy);
        call->added = false;
        call->paused = false;
        if (code == CURLE_OUT_OF_MEMORY && call->in_headers)
                set_end(call, -E2BIG, ""); /* that is how libcurl finds a line too long */
        if (code != CURLE_OK && !cut)
                set_end(call, error_of(code), detail_of(call, code));
        else {
                r = follow(call);
                if (r > 0)
                        return;
                if (r < 0)
                        set_end(call, r, "");
        }
        call->ended = true;
}

/* A handler may free any call and make new ones: after each the list is looked at anew. */
static void tell_ends(Http *http) {
        HttpCall *call = http->calls;

        while (call) {
                if (!call->ended) {
                        call = call->next;
                        continue;
                }
                call->ended = false;
                call->handler->done(&call->reply, &call->end, strempty(call->text.data),
                                call->userdata);
                call = http->calls;
        }
}

static void collect(Http *http) {
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left))) {
                HttpCall *call = NULL;
                CURLcode code = message->data.result;

                if (message->msg != CURLMSG_DONE)
                        continue;
                /* the message is gone once its handle is taken out */
                if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call) == CURLE_OK &&
                                call)
                        finish(call, code);
        }
}

int http_run(Http *http, struct pollfd *fds, unsigned n_fds, usec_t timeout_usec) {
        struct curl_waitfd extra[n_fds + 1];
        int running, r;

        for (unsigned i = 0; i < n_fds; i++)
                extra[i] = (struct curl_waitfd){
                        .fd = fds[i].fd,
                        .events = (short) ((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                           (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
                };
        r = (int) MIN2(timeout_usec / USEC_PER_MSEC + (timeout_usec % USEC_PER_MSEC > 0),
                        (usec_t) 600000);
        if (curl_multi_poll(http->multi, extra, n_fds, r, NULL) != CURLM_OK)
                return -EIO;
        for (unsigned i = 0; i < n_fds; i++)
                fds[i].revents = (short) ((extra[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
                                          (extra[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));

        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
                return -EIO;
        collect(http);
        tell_ends(http);
        return 0;
}
