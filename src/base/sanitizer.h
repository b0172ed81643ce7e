/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/sanitizer.h: what the sanitizers do in a program that is started without an environment and without a standard
 * error: say what they found where the tests look for it. Knows nothing else; in a plain build it is nothing.
 */
#pragma once

#if defined(__SANITIZE_ADDRESS__)
/** SANITIZER_DEFAULTS() - once a program, at file level. Source: AddressSanitizerFlags, SanitizerCommonFlags */
#define SANITIZER_DEFAULTS(options)                                                                \
        const char *__asan_default_options(void);                                                  \
        const char *__asan_default_options(void) {                                                 \
                return options ":" SANITIZER_LOG;                                                  \
        }                                                                                          \
        const char *__ubsan_default_options(void);                                                 \
        const char *__ubsan_default_options(void) {                                                \
                return SANITIZER_LOG ":print_stacktrace=1";                                        \
        }                                                                                          \
        struct sanitizer_defaults /* takes the semicolon */
#else
#define SANITIZER_DEFAULTS(options) struct sanitizer_defaults
#endif
