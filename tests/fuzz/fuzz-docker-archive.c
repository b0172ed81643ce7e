/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for images in what may be a docker-archive or an oci-archive. Nothing may crash; an image that is found has a layer of
 * the archive for each that its config tells, and its report goes round; what is refused has a sentence.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "puller/load-image.h"
#include "fuzz.h"

static void look_at(const LoadedImage *image, size_t size) {
        _cleanup_pull_report_ PullReport back = {};
        PullReport report = { .type = PULL_REPORT_MANIFEST, .manifest = image->manifest };
        _cleanup_strbuf_ StrBuf b = {};
        size_t used;

        for (size_t i = 0; i < image->manifest.n_layers; i++)
                if (!image->members[i] || image->members[i]->type != '0' ||
                                image->members[i]->offset > size ||
                                image->members[i]->size > size - image->members[i]->offset)
                        abort();
        if (pull_report_encode(&report, &b) < 0 ||
                        pull_report_decode(b.data, b.size, &back, &used) != 1 || used != b.size)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(image_archive_freep) ImageArchive *archive = NULL;
        _cleanup_(loader_freep) Loader *loader = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_failure_ Failure f = {};
        Platform platform;
        int r;

        fd = memfd_create("archive", MFD_CLOEXEC);
        if (fd < 0 || pwrite_full(fd, data, size, 0) < 0)
                abort();
        if (platform_parse("linux/amd64", &platform, &f) < 0)
                abort();
        r = image_archive_new(fd, "fuzz", &archive, &f);
        if (r >= 0)
                r = loader_new(archive, &platform, &loader, &f);
        for (size_t i = 0; r >= 0 && i < loader_images(loader); i++) {
                _cleanup_(loaded_image_done) LoadedImage image = {};

                r = loader_image(loader, i, &image, &f);
                if (r >= 0)
                        look_at(&image, size);
        }
        if ((r < 0) != failure_is_set(&f))
                abort();
        return 0;
}
