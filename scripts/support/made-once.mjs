// Directories that take long to fill, each filled once and kept.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** `directory`, which `make(directory)` fills where it isn't complete. It must not move, so it is made where it stays. */
export async function madeOnce(directory, make) {
  const ready = join(directory, '.ready')
  if (existsSync(ready)) return directory
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  await make(directory)
  mkdirSync(ready)
  return directory
}
