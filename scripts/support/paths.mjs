// Where things live. Everything that outlasts a run is in `target/` or in the user's cache directory.
import { execFileSync } from 'node:child_process'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** Cargo's target directory. */
export const target = resolve(repository, process.env.CARGO_TARGET_DIR || 'target')

/**
 * The flags that name this machine's own platform to cargo. `napi build` always names it, and cargo keeps such builds
 * apart from those without; so ours do as well, and every crate is compiled once.
 */
export const forThisPlatform = ['--target', 'host-tuple']

/** Where cargo puts what it builds with {@link forThisPlatform}. */
export function builtDirectory(profile = 'debug') {
  const host = execFileSync('rustc', ['--print', 'host-tuple'], { cwd: repository, encoding: 'utf8' })
  return join(target, host.trim(), profile)
}

/** The packages as a user would install them, unpacked: `node_modules/@nx/s3-cache` and so on. */
export const packed = join(target, 'packed')

/** The same without the name that Nx looks for: `node_modules/nx-s3-cache`. */
export const packedPlain = join(packed, 'plain')

export const cacheHome = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nx-s3-cache')
