/* SPDX-License-Identifier: Apache-2.0 */
/* model/id.c: ids and names of containers. */
#include "model/id.h"
#include <stdio.h>
#include "base/str.h"
#include "model/limits.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *const adjectives[] = {
        "amber", "able", "agile", "airy", "ample", "apt", "arctic", "bold", "brave", "breezy",
        "bright", "brisk", "calm", "candid", "clear", "clever", "cosy", "crisp", "daring", "deft",
        "eager", "early", "easy", "fair", "fleet", "fond", "frank", "fresh", "gentle", "glad",
        "golden", "grand", "hardy", "hearty", "humble", "jolly", "keen", "kind", "lively", "loyal",
        "lucid", "merry", "mild", "misty", "neat", "nimble", "noble", "patient", "placid",
        "polite", "proud", "quick", "quiet", "rapid", "ready", "serene", "sharp", "silver", "snug",
        "steady", "sunny", "swift", "warm", "witty",
};

static const char *const nouns[] = {
        "acorn", "alder", "anchor", "aspen", "badger", "beacon", "beaver", "birch", "bison",
        "brook", "canyon", "cedar", "clover", "comet", "condor", "coral", "crane", "delta",
        "dolphin", "eagle", "ember", "falcon", "fern", "finch", "fjord", "fox", "glacier", "grove",
        "harbour", "hare", "hawk", "hazel", "heron", "island", "jay", "juniper", "kestrel",
        "lagoon", "lake", "larch", "lark", "lynx", "maple", "marten", "meadow", "moose", "nebula",
        "oak", "orca", "osprey", "otter", "owl", "pebble", "pine", "plover", "puffin", "raven",
        "reef", "robin", "seal", "spruce", "tern", "walrus", "willow",
};

void id_from_bytes(const uint8_t random[static ID_BYTES], char ret[static ID_MAX]) {
        hex_encode(random, ID_BYTES, ret);

        /* Digits alone would read as a number where scripts print the short form. */
        if (strspn(ret, "0123456789") >= ID_SHORT_HEX)
                ret[0] = (char) ('a' + (ret[0] - '0') % 6);
}

bool id_is_prefix(const char *s) {
        size_t n;

        if (!s)
                return false;
        n = strspn(s, "0123456789abcdef");
        return n >= 1 && n <= ID_HEX && s[n] == '\0';
}

bool id_is_valid(const char *s) {
        return id_is_prefix(s) && strlen(s) == ID_HEX;
}

void id_shorten(const char *id, char ret[static ID_SHORT_MAX]) {
        (void) snprintf(ret, ID_SHORT_MAX, "%.12s", id); /* cutting is what is meant */
}

bool container_name_is_valid(const char *s) {
        size_t n;

        if (!s || *s == '\0' || !strchr(NAME_CHARACTERS, *s))
                return false;
        n = strspn(s, NAME_CHARACTERS "_.-");
        return n <= CONTAINER_NAME_MAX && s[n] == '\0' && !id_is_valid(s);
}

void generated_name(const uint8_t random[static 8], unsigned attempt,
                char ret[static GENERATED_NAME_MAX]) {
        const char *adjective = adjectives[random[0] % ELEMENTSOF(adjectives)];
        const char *noun = nouns[random[1] % ELEMENTSOF(nouns)];

        /* Few pairs: the more names are taken, the more digits. */
        if (attempt == 0)
                (void) snprintf(ret, GENERATED_NAME_MAX, "%s_%s", adjective, noun); /* fits */
        else if (attempt < 4)
                (void) snprintf(ret, GENERATED_NAME_MAX, "%s_%s%u", adjective, noun, random[2] % 100U); /* fits */
        else
                (void) snprintf(ret, GENERATED_NAME_MAX, "%s_%s%u", adjective, noun,
                                ((unsigned) random[2] << 24 | (unsigned) random[3] << 16 |
                                                (unsigned) random[4] << 8 | random[5])); /* fits */
}

bool request_id_is_valid(const char *s) {
        size_t n = 0;

        while (s && s[n] > ' ' && s[n] <= '~')
                n++;
        return n >= 1 && n < REQUEST_ID_MAX && s[n] == '\0';
}
