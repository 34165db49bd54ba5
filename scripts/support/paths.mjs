// Where things live. Everything that outlasts a run is in `target/` or in the user's cache directory.
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** Cargo's target directory. */
export const target = resolve(repository, process.env.CARGO_TARGET_DIR || 'target')

/** The packages as a user would install them, unpacked: `node_modules/@nx/s3-cache` and so on. */
export const packed = join(target, 'packed')

export const cacheHome = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nx-s3-cache')
