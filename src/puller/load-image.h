/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/load-image.h: the images of an archive, whether it is Docker's form or an OCI layout: what each is called, its config,
 * and which of the archive's files are its layers. Believes no digest and no size; knows no tree and no daemon.
 */
#pragma once
#include "model/platform.h"
#include "model/pull-report.h"
#include "puller/image-archive.h"

typedef struct Loader Loader;

/**
 * loader_new() - read the archive's list of images
 * @archive:  borrowed
 * @platform: which image of those for several; copied. The only one there is is taken whatever it is for
 *
 * Return: 0, or what fail() gives: FAILURE_INVALID_ARCHIVE, FAILURE_LIMIT_REACHED, FAILURE_DIGEST_MISMATCH.
 */
int loader_new(const ImageArchive *archive, const Platform *platform, Loader **ret,
                Failure *reterr);
Loader *loader_free(Loader *l);
DEFINE_CLEANUP(Loader *, loader_free);

size_t loader_images(const Loader *l);

/* One image. The members are borrowed from the archive; one for each of the manifest's layers. */
typedef struct LoadedImage {
        PullManifest manifest;          /* owned */
        const ArchiveMember **members;  /* owned */
        bool *hashed;                   /* owned: does the layer's digest have to be that of the member's bytes? */
} LoadedImage;

/** loader_image() - read one, verified but for its layers' bytes. Return: as loader_new(). */
int loader_image(const Loader *l, size_t i, LoadedImage *ret, Failure *reterr);
void loaded_image_done(LoadedImage *image);
