// The Nx versions that we run against, and their installations, kept so that a workspace takes a second to make.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.mjs'
import { cacheHome } from './paths.mjs'

/** The last release of each major version. */
export const nxVersions = { 20: '20.8.4', 21: '21.6.10', 22: '22.6.5', 23: '23.3.2', 24: '24.0.6' }

export const newestNx = nxVersions[24]

/** The directory with the `node_modules` of an Nx version, installed from the registry the first time. */
export async function nxInstallation(version) {
  const directory = join(cacheHome, 'workspaces', `nx-${version}`)
  if (existsSync(directory)) return directory
  mkdirSync(join(cacheHome, 'workspaces'), { recursive: true })
  const staging = mkdtempSync(`${directory}-`)
  try {
    writeFileSync(join(staging, 'package.json'), '{ "name": "workspace", "private": true }\n')
    await mustRun('npm', ['install', '--no-audit', '--no-fund', '--save-exact', `nx@${version}`], {
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
