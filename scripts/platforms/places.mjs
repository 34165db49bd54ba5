// Where the toolchains, systems and builds of other platforms are kept: in the user's cache directory.
import { join } from 'node:path'
import { madeOnce } from '../support/made-once.mjs'
import { cacheHome } from '../support/paths.mjs'

export const home = join(cacheHome, 'platforms')

/** Long downloads and builds. */
export const patient = { timeout: 3 * 3_600_000 }

/** The directory of this name, which `make(directory)` fills when it isn't complete. */
export const once = (name, make) => madeOnce(join(home, name), make)
