/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-copy.c: the process that copies out of a container, or into it. It sits where the container's processes sit: of
 * one that runs, in its mount and user namespaces, with its root as its own; of one that does not, in a tree mounted for this
 * process alone. So there is no path, no link and no change of either while it looks that leads anywhere else.
 *
 * What it has loaded is the host's. Once it is inside no library could be told from the container's, so nothing is loaded there:
 * the C library's tables of character sets, which libarchive asks for, are read before, and then no more code can be mapped.
 */
#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <iconv.h>
#include <langinfo.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/archive-stream.h"
#include "puller/confine.h"
#include "puller/copy-place.h"
#include "puller/entry-name.h"
#include "puller/merged-tree.h"
#include "puller/pack.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"
#include "puller/unpack-copy.h"

#define MEMORY_BYTES (2 * GIB) /* as of an unpacker */
#define CPU_SECONDS (6 * 3600ULL)

typedef struct CopyRole {
        MergedTree tree;
        int process_fd, in_fd;
        const char *path;
        bool own_users, follow, one, keep_owners;
        ArchiveOut out;
        Reporter reporter;
} CopyRole;

static void on_packed(uint64_t bytes, void *userdata) {
        reporter_progress(userdata, &(PullProgress) { .bytes_done = bytes });
}

static void on_read(uint64_t done, uint64_t total, void *userdata) {
        reporter_progress(userdata, &(PullProgress) { .bytes_done = done, .bytes_total = total });
}

static void load_tables(void) {
        static const char *const utf8 = "UTF-8";
        const char *own = nl_langinfo(CODESET);
        iconv_t pairs[] = { iconv_open(utf8, own), iconv_open(own, utf8) };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (pairs[i] != (iconv_t) -1) /* then there is no such pair, and nothing to load */
                        (void) iconv_close(pairs[i]);
}

/* Return: the container's root, or what fail() gives. */
static int enter_process(const CopyRole *c, Failure *reterr) {
        int fd;

        if (setns(c->process_fd, CLONE_NEWNS | (c->own_users ? CLONE_NEWUSER : 0)) < 0)
                return errno == ESRCH ? fail(reterr, FAILURE_WRONG_STATE, errno,
                                                         "The container has ended")
                                      : fail_errno(reterr, errno, "Failed to enter the container");
        if (c->own_users && (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 ||
                                            setresuid(0, 0, 0) < 0))
                return fail_errno(reterr, errno, "Failed to become the container's root");
        fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? fail_errno(reterr, errno, "Failed to open the container's root") : fd;
}

/* Its root is ours from here on, so that paths are what they are inside. */
static int enter(CopyRole *c, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;

        load_tables();
        fd = c->process_fd >= 0 ? enter_process(c, reterr) : merged_tree_enter(&c->tree, reterr);
        if (fd < 0)
                return fd;
        if (fchdir(fd) < 0 || chroot(".") < 0)
                return fail_errno(reterr, errno, "Failed to change to the container's root");
        return TAKE_FD(fd);
}

static int confine(int root_fd, bool writes, pid_t parent, Failure *reterr) {
        return confine_finish(&(ConfineProfile) {
                .root_fd = root_fd,
                .access = writes ? CONFINE_FILL : CONFINE_LOOK,
                .capabilities = writes ? 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE |
                                                          1ULL << CAP_FOWNER |
                                                          1ULL << CAP_FSETID | 1ULL << CAP_SETFCAP
                                       : 1ULL << CAP_DAC_READ_SEARCH,
                .memory_bytes = MEMORY_BYTES,
                .cpu_seconds = CPU_SECONDS,
                .no_new_code = true,
                .parent = parent,
        }, reterr);
}

static int copy_from(CopyRole *c, pid_t parent, Failure *reterr) {
        _cleanup_(copy_place_done) CopyPlace place = { .dir_fd = -EBADF };
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = enter(c, reterr);
        if (root_fd < 0)
                return root_fd;
        r = confine(root_fd, false, parent, reterr);
        if (r >= 0)
                r = copy_place_find(root_fd, c->path, c->follow, &place, reterr);
        if (r < 0)
                return r;
        if (!place.exists)
                return fail(reterr, FAILURE_INVALID_ARGS, ENOENT,
                                "There is no '%.256s' in the container", c->path);
        return pack_entry(place.dir_fd, place.name, place.as, &c->out, on_packed, &c->reporter,
                        reterr);
}

/* What a place is called from the root, without a link. @ret: as entry_path_normalize() gives it. */
static int name_place(const CopyRole *c, const CopyPlace *place, char ret[static ARCHIVE_PATH_MAX],
                Failure *reterr) {
        char dir[PATH_MAX], whole[PATH_MAX + NAME_MAX + 2];
        int r;

        if (fchdir(place->dir_fd) < 0 || !getcwd(dir, sizeof(dir)))
                return fail_errno(reterr, errno, "Failed to find '%.256s' in the container",
                                c->path);
        (void) snprintf(whole, sizeof(whole), "%s/%s", dir, place->name); /* fits */
        r = dir[0] == '/' ? entry_path_normalize(whole, ret) : -ENOENT;
        return r < 0 ? fail_errno(reterr, r, "Failed to find '%.256s' in the container", c->path)
                     : 0;
}

static int read_archive(CopyRole *c, CopyInto *into, Failure *reterr) {
        _cleanup_(archive_stream_freep) ArchiveStream *stream = NULL;
        const ArchiveLimits limits = {
                .bytes = ARCHIVE_BYTES_MAX,
                .ratio = ARCHIVE_RATIO_DEFAULT,
                .free_bytes = ARCHIVE_RATIO_FREE_BYTES,
        };
        Digest digest;
        int r;

        r = archive_stream_new(c->in_fd, into->name, &limits, on_read, &c->reporter, &stream,
                        reterr);
        if (r >= 0)
                r = archive_stream_open(stream, reterr);
        if (r >= 0)
                r = copy_into(archive_stream_tar(stream), into, reterr);
        return r < 0 ? r : archive_stream_finish(stream, true, &digest, reterr);
}

static int copy_to(CopyRole *c, pid_t parent, Failure *reterr) {
        _cleanup_(copy_place_done) CopyPlace place = { .dir_fd = -EBADF };
        _cleanup_close_ int root_fd = -EBADF;
        char below[ARCHIVE_PATH_MAX];
        CopyInto into = {
                .place = below,
                .shown = c->path,
                .one = c->one,
                .keep_owners = c->keep_owners,
                .name = "archive",
                .limit_entries = ARCHIVE_ENTRIES_MAX,
        };
        int r;

        into.root_fd = root_fd = enter(c, reterr);
        if (root_fd < 0)
                return root_fd;
        r = copy_place_find(root_fd, c->path, true, &place, reterr);
        if (r >= 0)
                r = name_place(c, &place, below, reterr);
        if (r < 0)
                return r;
        into.place_is_dir = copy_place_is_dir(&place);
        into.wants_dir = place.wants_dir;
        if (!c->one && !into.place_is_dir)
                return fail(reterr, FAILURE_INVALID_ARGS, ENOTDIR,
                                "There is no directory '%.256s' in the container", c->path);
        r = confine(root_fd, true, parent, reterr);
        return r < 0 ? r : read_archive(c, &into, reterr);
}

static int keep_fds(const CopyRole *c, Failure *reterr) {
        const int ours[] = { c->out.fd, c->in_fd, c->process_fd, c->tree.staging_fd,
                c->tree.state_fd, c->reporter.fd };
        int kept[MERGED_TREES_MAX + ELEMENTSOF(ours)];
        size_t n = c->tree.n_trees;

        memcpy(kept, c->tree.trees, n * sizeof(*kept));
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (ours[i] >= 0)
                        kept[n++] = ours[i];
        return confine_begin(kept, n, reterr);
}

static int run_role(int argc, char **argv, bool writes) {
        CopyRole c = {
                .tree = { .staging_fd = -EBADF, .state_fd = -EBADF },
                .process_fd = -EBADF,
                .in_fd = -EBADF,
                .out = { .fd = -EBADF },
                .reporter = { .fd = -EBADF },
        };
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        pid_t parent = getppid();
        int first, r;
        const RoleOption known[] = {
                { writes ? "--in-fd" : "--out-fd", ROLE_OPTION_FD, true,
                                writes ? &c.in_fd : &c.out.fd, NULL },
                { "--path", ROLE_OPTION_STRING, true, &c.path, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &c.reporter.fd, NULL },
                { "--process-fd", ROLE_OPTION_FD, false, &c.process_fd, NULL },
                { "--own-users", ROLE_OPTION_SWITCH, false, &c.own_users, NULL },
                { "--staging-fd", ROLE_OPTION_FD, false, &c.tree.staging_fd, NULL },
                { "--state-fd", ROLE_OPTION_FD, false, &c.tree.state_fd, NULL },
                { "--follow", ROLE_OPTION_SWITCH, false, &c.follow, NULL },
                { "--one", ROLE_OPTION_SWITCH, false, &c.one, NULL },
                { "--keep-owners", ROLE_OPTION_SWITCH, false, &c.keep_owners, NULL },
                {},
        };

        first = role_options_parse(known, argc, argv);
        if (first < 0 || merged_tree_read(&c.tree, argv + first) < 0 ||
                        (c.process_fd < 0) != (c.tree.n_trees > 0 && c.tree.staging_fd >= 0))
                return EXIT_FAILURE;
        r = keep_fds(&c, &report.failure);
        if (r >= 0)
                r = writes ? copy_to(&c, parent, &report.failure)
                           : copy_from(&c, parent, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&c.reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        return reporter_result(&c.reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int role_copy_from(int argc, char **argv) {
        return run_role(argc, argv, false);
}

int role_copy_to(int argc, char **argv) {
        return run_role(argc, argv, true);
}
