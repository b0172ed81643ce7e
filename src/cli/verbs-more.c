/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verbs-more.c: the verbs that are not the small program's (whole.h), with their flags. */
#include "base/str.h"
#include "cli/run-flags.h"
#include "cli/verb-table.h"

#define FORMAT(what) { "format", 'f', FLAG_STRING, NULL, "FORMAT", what }
#define NO_TRUNC { "no-trunc", 0, FLAG_SWITCH, NULL, NULL, "Show ids and commands whole" }
#define FILTER(what) { "filter", 'f', FLAG_LIST, NULL, "KEY=VALUE", what }
#define TABLE_FORMAT                                                                               \
        {                                                                                          \
                "format", 0, FLAG_STRING, NULL, "FORMAT",                                          \
                                "table, json, or a template such as '{{.Names}}'"                  \
        }

static const Flag help_only[] = { HELP, {} };

static const Flag stats_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Also those that do not run" },
        { "no-stream", 0, FLAG_SWITCH, NULL, NULL, "One look, which takes a second" },
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

static const Flag ps_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Accepted for Docker's sake: all are shown anyway" },
        { "running", 'r', FLAG_SWITCH, NULL, NULL, "Only those that run, or are paused" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Only ids" },
        { "last", 'n', FLAG_NUMBER, NULL, "N", "Only the N created last" },
        { "latest", 'l', FLAG_SWITCH, NULL, NULL, "Only the one created last" },
        { "size", 's', FLAG_SWITCH, NULL, NULL, NULL },
        FILTER("Only those that match: id, name, label, status, health, ancestor, ..."),
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

static const Flag logs_flags[] = {
        { "follow", 'f', FLAG_SWITCH, "follow", NULL, "Go on until the container ends" },
        { "tail", 'n', FLAG_STRING, NULL, "N", "Only the last N lines; by default all" },
        { "since", 0, FLAG_STRING, NULL, "TIME",
          "Only what is newer: a date, or a duration back from now" },
        { "until", 0, FLAG_STRING, NULL, "TIME", "Only what is older" },
        { "timestamps", 't', FLAG_SWITCH, "timestamps", NULL, "Put the time before each line" },
        { "details", 0, FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag images_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Accepted for Docker's sake" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Only ids" },
        { "digests", 0, FLAG_SWITCH, NULL, NULL, "Also what they were pulled by" },
        FILTER("Only those that match: reference, label, before, since, dangling"),
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

static const Flag import_flags[] = {
        { "message", 'm', FLAG_STRING, NULL, "TEXT", "The image's comment" },
        HELP, {},
};

static const Flag load_flags[] = {
        { "input", 'i', FLAG_STRING, NULL, "FILE",
          "An archive, or a directory that is an OCI layout; by default standard input" },
        { "platform", 0, FLAG_STRING, NULL, "OS/ARCH", "Of an archive for several platforms" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag pull_flags[] = {
        { "platform", 0, FLAG_STRING, NULL, "OS/ARCH[/VARIANT]", "By default this machine's" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Print the name only" },
        { "policy", 0, FLAG_STRING, NULL, "POLICY", "always (default), missing, never, newer" },
        { "sha256", 0, FLAG_STRING, NULL, "HEX", "Of the tar that a URL gives, which needs it" },
        { "all-tags", 'a', FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag login_flags[] = {
        { "username", 'u', FLAG_STRING, NULL, "NAME", "Asked for if not given" },
        { "password-stdin", 0, FLAG_SWITCH, NULL, NULL, "Read the password from standard input" },
        { "password", 'p', FLAG_STRING, NULL, "PASSWORD", "Who lists processes can read it" },
        HELP, {},
};

#define OUTPUT                                                                                     \
        {                                                                                          \
                "output", 'o', FLAG_STRING, NULL, "FILE",                                          \
                                "Where to; by default standard output"                             \
        }

static const Flag save_flags[] = {
        OUTPUT,
        { "format", 0, FLAG_STRING, NULL, "FORM", "docker-archive (default) or oci-archive" },
        HELP, {},
};

static const Flag cp_flags[] = {
        { "archive", 'a', FLAG_SWITCH, NULL, NULL, "Keep the owners' numbers" },
        { "follow-link", 'L', FLAG_SWITCH, NULL, NULL, "Copy what a link SRC leads to" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Accepted for Docker's sake: nothing is shown" },
        HELP, {},
};

static const Flag export_flags[] = { OUTPUT, HELP, {} };

static const Flag rmi_flags[] = {
        { "force", 'f', FLAG_SWITCH, "force", NULL, "Also take away several tags of one image" },
        { "no-prune", 0, FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag history_flags[] = {
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Only ids" },
        { "human", 'H', FLAG_SWITCH, NULL, NULL, "Sizes as people read them; true by default" },
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

static const Flag df_flags[] = { TABLE_FORMAT, HELP, {} };

static const Flag prune_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Also images with names that no container uses" },
        { "force", 'f', FLAG_SWITCH, NULL, NULL, "Ask no question" },
        { "filter", 0, FLAG_LIST, NULL, "KEY=VALUE",
          "Only images that match: until, label, label!" },
        HELP, {},
};

static const Flag volume_create_flags[] = {
        { "label", 0, FLAG_LIST, NULL, "KEY[=VALUE]", "Attach a label" },
        { "driver", 'd', FLAG_STRING, NULL, "DRIVER", "local" },
        { "opt", 'o', FLAG_LIST, NULL, "KEY=VALUE", NULL },
        { "name", 0, FLAG_STRING, NULL, "NAME", NULL },
        HELP, {},
};

static const Flag volume_ls_flags[] = {
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Only names" },
        FILTER("Only those that match: name, label, dangling"),
        TABLE_FORMAT, HELP, {},
};

static const Flag volume_rm_flags[] = {
        { "force", 'f', FLAG_SWITCH, NULL, NULL, "One that is not there is no failure" },
        HELP, {},
};

static const Flag volume_prune_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Also those with a name" },
        { "force", 'f', FLAG_SWITCH, NULL, NULL, "Ask no question" },
        { "filter", 0, FLAG_LIST, NULL, "KEY=VALUE", "Only those that match: label" },
        HELP, {},
};

static const Flag inspect_flags[] = {
        FORMAT("A template such as '{{.State.Status}}', or json"),
        { "type", 0, FLAG_STRING, NULL, "TYPE",
          "container, image or volume; by default the first that is found" },
        { "size", 's', FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag info_flags[] = {
        FORMAT("A template such as '{{.ServerVersion}}', or json"),
        HELP, {},
};

static const Flag events_flags[] = {
        { "since", 0, FLAG_STRING, NULL, "TIME",
          "Also what was: a date, or a duration back from now" },
        { "until", 0, FLAG_STRING, NULL, "TIME", "Go on until then only" },
        FILTER("Only those that match: container, image, event, type"),
        { "format", 0, FLAG_STRING, NULL, "FORMAT", "json, or a template such as '{{.Action}}'" },
        HELP, {},
};

const Verb more_verbs[] = {
        { "cp", "CONTAINER:SRC DEST|- or SRC|- CONTAINER:DEST",
                "Copy files out of a container or into it",
                TABLES(cp_flags), 2, 2, false, false, verb_cp },
        { "events", "", "Show what happens, as it happens",
                TABLES(events_flags), 0, 0, false, false, verb_events },
        { "export", "CONTAINER", "Write what a container has on its own file system as a tar",
                TABLES(export_flags), 1, 1, false, false, verb_export },
        { "healthcheck", "run CONTAINER", "Probe a container's health now: 0 healthy, 1 unhealthy",
                TABLES(help_only), 2, 2, false, true, verb_healthcheck },
        { "history", "IMAGE", "Show how an image was made, newest step first",
                TABLES(history_flags), 1, 1, false, false, verb_history },
        { "image prune", "", "Delete images that no container uses",
                TABLES(prune_flags), 0, 0, false, false, verb_image_prune },
        { "images", "[NAME[:TAG]]", "List images",
                TABLES(images_flags), 0, 1, false, false, verb_images },
        { "import", "FILE|- [NAME[:TAG]]", "Make an image of a root file system's tar archive",
                TABLES(import_flags), 1, 2, false, false, verb_import },
        { "info", "", "Show where and how the service runs",
                TABLES(info_flags), 0, 0, false, false, verb_info },
        { "inspect", "NAME...", "Show all that is known of containers, images and volumes, as JSON",
                TABLES(inspect_flags), 1, OPERANDS_ANY, false, false, verb_inspect },
        { "load", "", "Take images out of an archive that 'save' or another engine has written",
                TABLES(load_flags), 0, 0, false, false, verb_load },
        { "login", "[REGISTRY]", "Store a login for a registry, as Docker does",
                TABLES(login_flags), 0, 1, false, false, verb_login },
        { "logout", "[REGISTRY]", "Forget a login for a registry",
                TABLES(help_only), 0, 1, false, false, verb_logout },
        { "logs", "CONTAINER", "Show what a container has written",
                TABLES(logs_flags), 1, 1, false, false, verb_logs },
        { "ps", "", "List containers, running or not",
                TABLES(ps_flags), 0, 0, false, false, verb_ps },
        { "pull", "NAME[:TAG|@DIGEST]|URL", "Fetch an image from its registry",
                TABLES(pull_flags), 1, 1, false, false, verb_pull },
        { "rmi", "IMAGE...", "Take tags away, and images with their last one",
                TABLES(rmi_flags), 1, OPERANDS_ANY, false, false, verb_rmi },
        { "save", "IMAGE...", "Write images into an archive that 'load' and other engines take",
                TABLES(save_flags), 1, OPERANDS_ANY, false, false, verb_save },
        { "stats", "[CONTAINER...]", "Show what containers use, every second",
                TABLES(stats_flags), 0, OPERANDS_ANY, false, false, verb_stats },
        { "system df", "", "Show what takes room on the disk",
                TABLES(df_flags), 0, 0, false, false, verb_system_df },
        { "system prune", "", "Remove containers that do not run, and images that nobody uses",
                TABLES(prune_flags), 0, 0, false, false, verb_system_prune },
        { "tag", "IMAGE NAME[:TAG]...", "Give an image more names",
                TABLES(help_only), 2, OPERANDS_ANY, false, false, verb_tag },
        { "top", "CONTAINER [PS_OPTION...]", "Show the processes of a container",
                TABLES(help_only), 1, OPERANDS_ANY, true, false, verb_top },
        { "untag", "NAME[:TAG]...", "Take names of images away; the images stay",
                TABLES(help_only), 1, OPERANDS_ANY, false, false, verb_untag },
        { "version", "", "Show the versions of this command and of the service",
                TABLES(info_flags), 0, 0, false, false, verb_version },
        { "volume create", "[NAME]", "Make a volume",
                TABLES(volume_create_flags), 0, 1, false, false, verb_volume_create },
        { "volume ls", "", "List volumes",
                TABLES(volume_ls_flags), 0, 0, false, false, verb_volume_ls },
        { "volume prune", "", "Remove volumes that no container has",
                TABLES(volume_prune_flags), 0, 0, false, false, verb_volume_prune },
        { "volume rm", "VOLUME...", "Remove volumes, and what is in them",
                TABLES(volume_rm_flags), 1, OPERANDS_ANY, false, false, verb_volume_rm },
};

const size_t n_more_verbs = ELEMENTSOF(more_verbs);
