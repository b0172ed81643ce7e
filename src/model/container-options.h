/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/container-options.h: the one table of options of CreateContainer and RunContainer: key, type, and what it sets.
 * Knows D-Bus signatures as text; no bus.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/container-spec.h"
#include "model/weakening.h"

typedef enum OptionKind {
        OPTION_STRING,  /* s */
        OPTION_STRINGS, /* as */
        OPTION_NUMBER,  /* t: bytes, µs, or a count */
        OPTION_SWITCH,  /* b */
        _OPTION_KIND_MAX,
        _OPTION_KIND_INVALID = -EINVAL,
} OptionKind;

/* A value; strings are borrowed. */
typedef struct OptionValue {
        OptionKind kind;
        union {
                const char *string;
                char *const *strings;
                uint64_t number;
                bool enabled;
        };
} OptionValue;

/* What the options say. */
typedef struct ContainerOptions {
        ContainerSpec *spec; /* owned */
        char *name;          /* NULL: one is made up */
        char *request_id;    /* NULL: none */
        char **volumes_from; /* CONTAINER[:ro|:rw] */
        unsigned resources_given; /* ResourceMember: for an update, which leaves the others as they are */
        bool restart_given;       /* the same */
} ContainerOptions;

/** container_options_init() - defaults, and the image's reference as typed. Return: 0 or -ENOMEM. */
int container_options_init(ContainerOptions *o, const char *image);
void container_options_done(ContainerOptions *o);

/** container_option_kind() - which type a key has. Return: an OptionKind, or FAILURE_INVALID_ARGS naming an unknown key, FAILURE_UNSUPPORTED for a known one. */
OptionKind container_option_kind(const char *key, Failure *reterr);

/** option_kind_to_signature() - "s", "as", "t", "b". */
const char *option_kind_to_signature(OptionKind kind);

/**
 * container_options_set() - one option
 *
 * Each value is checked as it comes (syntax and bounds); container_options_check() is for what concerns several.
 * A key that comes twice: the later value replaces the earlier.
 *
 * Return: 0, -ENOMEM, or FAILURE_INVALID_ARGS, FAILURE_UNSUPPORTED, FAILURE_LIMIT_REACHED with a sentence that names
 * the key or the value.
 */
int container_options_set(
                ContainerOptions *o, const char *key, const OptionValue *value, Failure *reterr);

/** container_option_is_updatable() - may it be given to SetResources, for a container that is there? */
bool container_option_is_updatable(const char *key);

/** container_options_check() - once all are set: combinations, and container_spec_check(). */
int container_options_check(const ContainerOptions *o, Failure *reterr);

/**
 * container_options_weakening() - the keys of all given options that weaken the confinement; with one, `privileged` is needed
 * Each file of options adds its own, as x_weakening(…, Weakening *w). @ret: filled in from nothing.
 */
void container_options_weakening(const ContainerOptions *o, Weakening *ret);
