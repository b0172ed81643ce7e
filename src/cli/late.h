/* SPDX-License-Identifier: Apache-2.0 */
/* cli/late.h: a library's function under its own name, loaded at its first call. See jansson-late.c for why. */
#pragma once

/** late_resolve() - a function of a library; ends the program with a sentence if the installation lacks it. */
void *late_resolve(const char *library, const char *name);

/* Defines NAME as the library has it; the compiler holds it against the prototype in the library's header. */
#define LATE(type, name, parameters, arguments)                                             \
        type name parameters {                                                              \
                static __typeof__(&name) f;                                                 \
                                                                                            \
                if (!f)                                                                     \
                        f = (__typeof__(&name)) late_resolve(LATE_LIBRARY, #name);          \
                return f arguments;                                                         \
        }
