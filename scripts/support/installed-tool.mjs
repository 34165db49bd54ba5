// Programs from the npm registry that tests use, each installed once into the user's cache directory.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mustRun } from './command.mjs'
import { cacheHome } from './paths.mjs'

/**
 * The directory whose `node_modules` has exactly these packages (`name@version`) and what they need.
 * `place` names it below the cache directory; `manifest` is its package.json, for overrides.
 */
export async function installedOnce(place, packages, manifest = {}) {
  const directory = join(cacheHome, place)
  if (existsSync(directory)) return directory
  mkdirSync(dirname(directory), { recursive: true })
  const staging = mkdtempSync(`${directory}-`)
  try {
    writeFileSync(join(staging, 'package.json'), JSON.stringify({ name: 'installed', private: true, ...manifest }))
    await mustRun('npm', ['install', '--no-audit', '--no-fund', '--save-exact', ...packages], {
      cwd: staging,
      timeout: 600_000,
    })
    renameSync(staging, directory)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    if (!existsSync(directory)) throw error // else somebody else was faster
  }
  return directory
}
