/* SPDX-License-Identifier: Apache-2.0 */
/* cli/document.h: one JSON value printed as --format asks. */
#pragma once
#include <jansson.h>
#include <systemd/sd-bus.h>
#include "model/failure.h"

/**
 * document_print() - a line of JSON ("json"), or a template's line; never called without a format
 *
 * Return: 0, or negative errno with a sentence about the template.
 */
int document_print(json_t *document, const char *format, Failure *reterr);

/** document_from_message() - a{sv} of texts, numbers, switches and lists of texts as an object. @ret: owned. Return: 0 or -errno. */
int document_from_message(sd_bus_message *m, json_t **ret);
