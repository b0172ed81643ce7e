/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/whole.h: the command is two programs. `pocketdocker` is small: the verbs of a container's life, static with musl,
 * which halves what a command costs before it has said a word. All that needs a library, a daemon that is to be
 * started or a question that is to be asked is done by the other one, the whole, under the same name and with the same
 * arguments. Where there is no musl the whole is `pocketdocker` itself.
 */
#pragma once

/** whole_prepare() - @argv: borrowed, what whole_instead() hands on. */
void whole_prepare(char **argv);

/**
 * whole_instead() - in the small program: become the whole one; in the whole one: nothing
 *
 * To be called before anything is done that cannot be done twice. What is missing is told, and this program ends.
 */
void whole_instead(void);
