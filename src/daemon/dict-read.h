/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/dict-read.h: a{sv} arguments. An unknown key and a wrong type are refused with a sentence that names the key. */
#pragma once
#include <stddef.h>
#include <systemd/sd-bus.h>

typedef enum DictType {
        DICT_STRING,  /* s: const char **, borrowed from the message */
        DICT_STRINGS, /* as: char ***, owned by the caller */
        DICT_BOOL,    /* b: bool * */
        DICT_TRISTATE, /* b: int *, 0 or 1; what stands there before tells that the key is not there */
        DICT_U32,      /* u: uint32_t * */
        DICT_U64,      /* t: uint64_t * */
        DICT_FD,       /* h: int *, borrowed from the message */
} DictType;

typedef struct DictField {
        const char *key;
        DictType type;
        void *ret; /* keeps its value when the key is not there */
} DictField;

/** dict_read() - read one a{sv}; @fields may be NULL with @n 0. Return: 0, or negative with @error filled in. */
int dict_read(sd_bus_message *m, const DictField *fields, size_t n, sd_bus_error *error);

/** dict_read_filter() - the same where what the keys say are filters, and sentences call them so. */
int dict_read_filter(
                sd_bus_message *m, const DictField *fields, size_t n, sd_bus_error *error);

/**
 * dict_each() - call @fn for each pair; it reads the value, a variant that stands next in @m
 * @signature: of what is in the variant
 */
typedef int (*DictFn)(sd_bus_message *m, const char *key, const char *signature, void *userdata,
                sd_bus_error *error);
int dict_each(sd_bus_message *m, DictFn fn, void *userdata, sd_bus_error *error);

/** dict_wrong_type() - refuse: "Option 'x' is of type 's', not 'b'". */
int dict_wrong_type(
                sd_bus_error *error, const char *key, const char *signature, const char *expected);
