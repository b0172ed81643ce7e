/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/map.c: entries in an array in the order of insertion; beside it a table of positions in that array, by hash, with
 * linear probing. What was removed leaves a hole in the array, so that iteration goes on, until map_put() has no room.
 */
#include "base/map.h"
#include <assert.h>
#include <string.h>
#include "base/random.h"

typedef struct Entry {
        uint64_t hash;
        uint64_t number;
        char *key;   /* owned; NULL with numbers as keys */
        void *value; /* borrowed; NULL: a hole */
} Entry;

struct Map {
        bool by_number;
        uint64_t seed[2];
        Entry *entries;     /* owned */
        size_t n_entries;   /* with holes */
        size_t n_allocated;
        size_t n_live;
        size_t first;       /* no live entry is before it */
        uint32_t *slots;    /* owned; position in entries + 1; 0: free */
        size_t n_slots;     /* a power of two, at least twice n_allocated */
};

static inline uint64_t rotate(uint64_t x, int n) {
        return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[static 4]) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
}

/* SipHash-1-3. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" */
static uint64_t hash_bytes(const uint64_t seed[static 2], const void *data, size_t size) {
        uint64_t v[4] = {
                seed[0] ^ 0x736f6d6570736575ULL, seed[1] ^ 0x646f72616e646f6dULL,
                seed[0] ^ 0x6c7967656e657261ULL, seed[1] ^ 0x7465646279746573ULL,
        };
        const uint8_t *p = data;
        uint64_t last = (uint64_t) size << 56, word;
        size_t left = size;

        for (; left >= 8; left -= 8, p += 8) {
                memcpy(&word, p, 8);
                v[3] ^= word;
                sip_round(v);
                v[0] ^= word;
        }
        for (size_t i = 0; i < left; i++)
                last |= (uint64_t) p[i] << (8 * i);

        v[3] ^= last;
        sip_round(v);
        v[0] ^= last;
        v[2] ^= 0xff;
        for (int i = 0; i < 3; i++)
                sip_round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static int map_new_internal(bool by_number, Map **ret) {
        Map *m;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;

        m->by_number = by_number;
        if (random_bytes(m->seed, sizeof(m->seed)) < 0)
                m->seed[0] = (uint64_t) (uintptr_t) m; /* no generator at all: better a weak seed than no map */
        *ret = m;
        return 0;
}

int map_new(Map **ret) {
        return map_new_internal(false, ret);
}

int map_new_u64(Map **ret) {
        return map_new_internal(true, ret);
}

Map *map_free(Map *m) {
        if (!m)
                return NULL;

        for (size_t i = 0; i < m->n_entries; i++)
                free(m->entries[i].key);
        free(m->entries);
        free(m->slots);
        free(m);
        return NULL;
}

size_t map_size(const Map *m) {
        return m ? m->n_live : 0;
}

static uint64_t map_hash(const Map *m, const char *key, uint64_t number) {
        assert(m->by_number == !key);
        return key ? hash_bytes(m->seed, key, strlen(key))
                   : hash_bytes(m->seed, &number, sizeof(number));
}

static bool entry_is(const Entry *e, uint64_t hash, const char *key, uint64_t number) {
        return e->value && e->hash == hash &&
               (key ? strcmp(e->key, key) == 0 : e->number == number);
}

static Entry *map_find(const Map *m, const char *key, uint64_t number) {
        uint64_t hash;

        if (!m || m->n_live == 0)
                return NULL;

        hash = map_hash(m, key, number);
        for (size_t i = hash & (m->n_slots - 1); m->slots[i] > 0; i = (i + 1) & (m->n_slots - 1)) {
                Entry *e = m->entries + m->slots[i] - 1;

                if (entry_is(e, hash, key, number))
                        return e;
        }
        return NULL;
}

static void map_place(Map *m, size_t position) {
        size_t i = m->entries[position].hash & (m->n_slots - 1);

        while (m->slots[i] > 0)
                i = (i + 1) & (m->n_slots - 1);
        m->slots[i] = (uint32_t) position + 1;
}

/* Room for one more: closes the holes, and doubles both arrays when more than half is live. */
static int map_make_room(Map *m) {
        size_t n_allocated = m->n_live * 2 >= m->n_allocated
                                             ? (m->n_allocated > 0 ? 2 * m->n_allocated : 8)
                                             : m->n_allocated;
        uint32_t *slots;
        Entry *entries;
        size_t n = 0;

        if (n_allocated > UINT32_MAX / 2)
                return -ENOMEM;

        slots = calloc(2 * n_allocated, sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        entries = calloc(n_allocated, sizeof(*entries));
        if (!entries) {
                free(slots);
                return -ENOMEM;
        }

        for (size_t i = 0; i < m->n_entries; i++)
                if (m->entries[i].value)
                        entries[n++] = m->entries[i];
        free(m->entries);
        free(m->slots);
        m->entries = entries;
        m->n_entries = n;
        m->n_allocated = n_allocated;
        m->first = 0;
        m->slots = slots;
        m->n_slots = 2 * n_allocated;
        for (size_t i = 0; i < n; i++)
                map_place(m, i);
        return 0;
}

static int map_put_internal(Map *m, const char *key, uint64_t number, void *value) {
        char *copy = NULL;
        int r;

        assert(value);

        if (map_find(m, key, number))
                return -EEXIST;
        if (m->n_entries == m->n_allocated) {
                r = map_make_room(m);
                if (r < 0)
                        return r;
        }
        if (key) {
                copy = strdup(key);
                if (!copy)
                        return -ENOMEM;
        }

        m->entries[m->n_entries] = (Entry) {
                .hash = map_hash(m, key, number),
                .number = number,
                .key = copy,
                .value = value,
        };
        map_place(m, m->n_entries);
        m->n_entries++;
        m->n_live++;
        return 0;
}

static void *map_remove_internal(Map *m, const char *key, uint64_t number) {
        Entry *e;
        void *value;

        e = map_find(m, key, number);
        if (!e)
                return NULL;

        value = TAKE_PTR(e->value);
        free(TAKE_PTR(e->key));
        m->n_live--;
        while (m->first < m->n_entries && !m->entries[m->first].value)
                m->first++;
        return value;
}

int map_put(Map *m, const char *key, void *value) {
        return map_put_internal(m, key, 0, value);
}

int map_put_u64(Map *m, uint64_t key, void *value) {
        return map_put_internal(m, NULL, key, value);
}

void *map_get(const Map *m, const char *key) {
        Entry *e = map_find(m, key, 0);

        return e ? e->value : NULL;
}

void *map_get_u64(const Map *m, uint64_t key) {
        Entry *e = map_find(m, NULL, key);

        return e ? e->value : NULL;
}

void *map_remove(Map *m, const char *key) {
        return map_remove_internal(m, key, 0);
}

void *map_remove_u64(Map *m, uint64_t key) {
        return map_remove_internal(m, NULL, key);
}

void *map_next(const Map *m, size_t *i, const char **ret_key) {
        if (!m)
                return NULL;

        if (*i < m->first)
                *i = m->first;
        while (*i < m->n_entries) {
                const Entry *e = m->entries + (*i)++;

                if (!e->value)
                        continue;
                if (ret_key)
                        *ret_key = e->key;
                return e->value;
        }
        return NULL;
}

void *map_prev(const Map *m, size_t *i, const char **ret_key) {
        if (!m)
                return NULL;

        if (*i > m->n_entries)
                *i = m->n_entries;
        while (*i > m->first) {
                const Entry *e = m->entries + --(*i);

                if (!e->value)
                        continue;
                if (ret_key)
                        *ret_key = e->key;
                return e->value;
        }
        return NULL;
}

void *map_first(const Map *m) {
        size_t i = 0;

        return map_next(m, &i, NULL);
}
