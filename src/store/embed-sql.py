#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Turns schema.sql and migration-2.sql, migration-3.sql, … into one C array, in the order of their versions.
import re
import sys

output, *inputs = sys.argv[1:]


def version(path):
    found = re.search(r'migration-(\d+)\.sql$', path)
    return int(found.group(1)) if found else 1


inputs.sort(key=version)
if [version(path) for path in inputs] != list(range(1, len(inputs) + 1)):
    sys.exit('the migrations have a gap: ' + ', '.join(inputs))

with open(output, 'w') as out:
    out.write('#include "store/migrate.h"\n\nconst char *const store_migrations[] = {\n')
    for path in inputs:
        with open(path) as f:
            for line in f:
                escaped = line.rstrip('\n').encode().decode('latin-1')
                escaped = ''.join(c if 32 <= ord(c) < 127 and c not in '"\\?' else '\\%03o' % ord(c) for c in escaped)
                out.write('        "%s\\n"\n' % escaped)
        out.write('        ,\n')
    out.write('};\nconst size_t n_store_migrations = %d;\n' % len(inputs))
