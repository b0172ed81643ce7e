/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-load.c: the process that takes images out of an archive that somebody hands over. It reads the archive and
 * writes into pipes that the daemon gives it; it opens nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/control.h"
#include "puller/foreign-ids.h"
#include "puller/load-image.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"
#include "puller/spool.h"

#define MEMORY_BYTES (2 * GIB) /* as for an unpacker: windows of xz and zstd */
#define CPU_SECONDS (6 * 3600ULL)
#define PIECE_BYTES (256U * 1024)
#define SPOOL_NAME "spool"

typedef struct Load {
        int archive_fd, staging_fd, control_fd; /* borrowed */
        const char *name, *platform;
        uint64_t limit_bytes;
        Reporter reporter;
        uint64_t bytes_done, bytes_total;
        uint8_t *piece; /* owned, PIECE_BYTES */
} Load;

static void on_spooled(uint64_t done, uint64_t total, void *userdata) {
        reporter_progress(userdata, &(PullProgress) { .bytes_done = done, .bytes_total = total });
}

/* While it still may: afterwards nothing can be opened. */
static int make_spool(const Load *load, Failure *reterr) {
        int fd;

        fd = openat(load->staging_fd, SPOOL_NAME,
                        O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || unlinkat(load->staging_fd, SPOOL_NAME, 0) < 0) {
                close_fd(fd);
                return fail_errno(reterr, errno, "Failed to make a file to put '%s' aside",
                                load->name);
        }
        return fd;
}

static int confine(const Load *load, pid_t parent, Failure *reterr) {
        int r;

        r = foreign_ids_enter(load->staging_fd, reterr);
        if (r < 0)
                return r;
        return confine_finish(&(ConfineProfile) {
                .root_fd = load->staging_fd,
                .access = CONFINE_RECEIVE,
                .memory_bytes = MEMORY_BYTES,
                .cpu_seconds = CPU_SECONDS,
                .parent = parent,
        }, reterr);
}

static int check_digest(const Load *load, const LoadedImage *image, uint32_t index, Hasher *hasher,
                Failure *reterr) {
        char hex[DIGEST_HEX_MAX];
        Digest found;
        int r;

        r = hasher_finish(hasher, &found);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash a layer of '%s'", load->name);
        digest_to_hex(&found, hex);
        if (streq(hex, image->manifest.layers[index].digest))
                return 0;
        return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                        "The layer 'sha256:%s' of '%s' has the digest 'sha256:%s'",
                        image->manifest.layers[index].digest, load->name, hex);
}

/* Return: 1, 0 (nobody reads any more), or what fail() gives. */
static int copy_member(Load *load, const ArchiveMember *member, Hasher *hasher, int fd,
                Failure *reterr) {
        uint64_t done = 0;
        int r;

        while (done < member->size) {
                size_t n = MIN2(member->size - done, (uint64_t) PIECE_BYTES);
                ssize_t got;

                got = pread_full(load->archive_fd, load->piece, n, (off_t) (member->offset + done));
                if (got < 0)
                        return fail_errno(reterr, (int) got, "Failed to read '%s'", load->name);
                if ((size_t) got != n)
                        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "'%s' is cut off",
                                        load->name);
                r = hasher_add(hasher, load->piece, n);
                if (r >= 0)
                        r = write_full(fd, load->piece, n);
                if (r == -EPIPE)
                        return 0;
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to hand on a layer of '%s'",
                                        load->name);
                done += n;
                load->bytes_done += n;
                reporter_progress(&load->reporter,
                                &(PullProgress) { .bytes_done = load->bytes_done,
                                                .bytes_total = load->bytes_total });
        }
        return 1;
}

static int deliver(Load *load, const LoadedImage *image, uint32_t index, int fd, Failure *reterr) {
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        _cleanup_close_ int pipe_fd = fd;
        PullLayerProgress layer = { .index = index, .state = PULL_LAYER_VERIFIED };
        int r;

        if (pipe_fd < 0 || index >= image->manifest.n_layers)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG, "There is no layer %u to hand on",
                                index);
        r = hasher_new(&hasher);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash a layer of '%s'", load->name);
        r = copy_member(load, image->members[index], hasher, pipe_fd, reterr);
        if (r == 0)
                layer.state = PULL_LAYER_AGAIN; /* its reader knows why it has gone */
        if (r > 0 && image->hashed[index])
                r = check_digest(load, image, index, hasher, reterr);
        if (r < 0)
                return r;
        layer.bytes_done = layer.bytes_total = image->members[index]->size;
        r = reporter_layer(&load->reporter, &layer);
        return r < 0 ? fail_errno(reterr, r, "Failed to report a layer of '%s'", load->name) : 0;
}

/* What the daemon wants of one image. Return: 0, or what fail() gives, with ECANCELED where it is gone. */
static int serve(Load *load, const LoadedImage *image, Failure *reterr) {
        for (;;) {
                FetchMessage message;
                int fd, r;

                r = control_receive(load->control_fd, &message, &fd);
                if (r == 0)
                        return fail(reterr, FAILURE_CANCELLED, ECANCELED, "The daemon has ended");
                if (r < 0) {
                        close_fd(fd);
                        return fail_errno(reterr, r, "Failed to read what the daemon wants");
                }
                if (message.op == FETCH_END) {
                        close_fd(fd);
                        return 0;
                }
                r = deliver(load, image, message.index, fd, reterr);
                if (r < 0)
                        return r;
        }
}

static uint64_t size_of(const LoadedImage *image) {
        uint64_t sum = 0;

        for (size_t i = 0; i < image->manifest.n_layers; i++)
                sum += image->members[i]->size;
        return sum;
}

static int load_images(Load *load, const Platform *platform, Failure *reterr) {
        _cleanup_(image_archive_freep) ImageArchive *archive = NULL;
        _cleanup_(loader_freep) Loader *loader = NULL;
        int r;

        r = image_archive_new(load->archive_fd, load->name, &archive, reterr);
        if (r >= 0)
                r = loader_new(archive, platform, &loader, reterr);
        if (r < 0)
                return r;

        /* All of them are looked at before the first one is given out. */
        for (size_t i = 0; i < loader_images(loader); i++) {
                _cleanup_(loaded_image_done) LoadedImage image = {};

                r = loader_image(loader, i, &image, reterr);
                if (r < 0)
                        return r;
                load->bytes_total += size_of(&image);
        }
        for (size_t i = 0; i < loader_images(loader); i++) {
                _cleanup_(loaded_image_done) LoadedImage image = {};

                r = loader_image(loader, i, &image, reterr);
                if (r < 0)
                        return r;
                r = reporter_manifest(&load->reporter, &image.manifest);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to report an image of '%s'",
                                        load->name);
                r = serve(load, &image, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int run(Load *load, pid_t parent, Failure *reterr) {
        _cleanup_close_ int spool_fd = -EBADF;
        Platform platform;
        int r;

        platform_of_machine(&platform);
        if (load->platform) {
                r = platform_parse(load->platform, &platform, reterr);
                if (r < 0)
                        return r;
        }
        spool_fd = make_spool(load, reterr);
        if (spool_fd < 0)
                return spool_fd;
        r = confine(load, parent, reterr);
        if (r < 0)
                return r;

        load->piece = malloc(PIECE_BYTES);
        if (!load->piece)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (spool_wanted(load->archive_fd)) {
                r = spool_fill(load->archive_fd, spool_fd, load->name, load->limit_bytes,
                                on_spooled, &load->reporter, reterr);
                if (r < 0)
                        return r;
                load->archive_fd = spool_fd;
        }
        r = load_images(load, &platform, reterr);
        free(load->piece);
        return r;
}

int role_load(int argc, char **argv) {
        Load load = {
                .archive_fd = -EBADF,
                .staging_fd = -EBADF,
                .control_fd = -EBADF,
                .name = "archive",
                .limit_bytes = ARCHIVE_BYTES_MAX,
                .reporter = { .fd = -EBADF },
        };
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        pid_t parent = getppid();
        int r;
        const RoleOption known[] = {
                { "--archive-fd", ROLE_OPTION_FD, true, &load.archive_fd, NULL },
                { "--staging-fd", ROLE_OPTION_FD, true, &load.staging_fd, NULL },
                { "--control-fd", ROLE_OPTION_FD, true, &load.control_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &load.reporter.fd, NULL },
                { "--name", ROLE_OPTION_STRING, false, &load.name, NULL },
                { "--platform", ROLE_OPTION_STRING, false, &load.platform, NULL },
                { "--limit-bytes", ROLE_OPTION_NUMBER, false, &load.limit_bytes, NULL },
                {},
        };

        r = role_options_parse(known, argc, argv);
        if (r != argc)
                return EXIT_FAILURE;
        r = confine_begin((const int[]) { load.archive_fd, load.staging_fd, load.control_fd,
                                          load.reporter.fd },
                        4, &report.failure);
        if (r >= 0)
                r = run(&load, parent, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&load.reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        return reporter_result(&load.reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
