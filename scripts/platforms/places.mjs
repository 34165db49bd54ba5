// Where the toolchains, systems and builds of other platforms are kept: in the user's cache directory.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheHome } from '../support/paths.mjs'

export const home = join(cacheHome, 'platforms')

/** Long downloads and builds. */
export const patient = { timeout: 3 * 3_600_000 }

/** The directory of this name, which `make(directory)` fills when it isn't complete. */
export async function once(name, make) {
  const directory = join(home, name)
  const ready = join(directory, '.ready')
  if (existsSync(ready)) return directory
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  await make(directory)
  mkdirSync(ready)
  return directory
}
