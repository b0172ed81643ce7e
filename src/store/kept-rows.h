/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/kept-rows.h: layers that no image has yet, or that a pull relies on while others may take away the image that has
 * them: they stay until a time. Knows no file of a layer.
 */
#pragma once
#include "store/image-rows.h"

/**
 * store_keep_layer() - a layer whose files are committed gets its row before an image has it
 * @layer:      one that is there already stays as it is
 * @until_usec: since the epoch; a later time that it is kept to already stays
 *
 * Return: 0, or what fail() gives: FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int store_keep_layer(
                Store *store, const LayerRow *layer, uint64_t until_usec, Failure *reterr);

/**
 * store_hold_layer() - keep a layer if it is there
 * @ret: its row, the caller's; may be NULL
 *
 * Return: 1, 0 if there is none, or what fail() gives.
 */
int store_hold_layer(Store *store, const char *diff_id, uint64_t until_usec, LayerRow *ret,
                Failure *reterr);

/**
 * store_collect_layers() - rows of layers whose time is over and that no image has go
 * @ret_layers:    their diff ids, NULL-terminated, strv_free(); for image_gc
 * @ret_next_usec: when the next one's time is over; UINT64_MAX: none is kept
 *
 * Return: 0, or what fail() gives.
 */
int store_collect_layers(Store *store, uint64_t now_usec, char ***ret_layers,
                uint64_t *ret_next_usec, Failure *reterr);
