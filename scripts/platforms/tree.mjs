// A copy of this repository as it would be on the platform: with its node_modules and its addon.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { linkTree } from '../support/link-tree.mjs'
import { packed, repository } from '../support/paths.mjs'
import { provideAddon } from './build.mjs'
import { home, once, patient } from './places.mjs'

const generated = ['dist', 'index.js']

export async function tree(platform, built) {
  const directory = join(home, 'trees', platform.name)
  const { stdout } = await mustRun('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
  })
  const files = stdout.split('\0').filter(path => path && existsSync(join(repository, path)))
  rmSync(directory, { recursive: true, force: true })
  for (const path of [...files, ...generated]) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    cpSync(join(repository, path), join(directory, path), { recursive: true })
  }
  await install(directory, platform, [])
  provideAddon(built, directory, platform)
  layOutPacked(directory, platform, built)
  return directory
}

/** `packed/node_modules`: the packages as npm would lay them out on the platform. */
function layOutPacked(directory, { name, npm }, built) {
  const inPacked = name => join(directory, 'packed/node_modules', name)
  for (const name of ['@nx/s3-cache', 'ci-info']) linkTree(join(packed, 'node_modules', name), inPacked(name))
  const target = npm.os === 'win32' ? `${name}-msvc` : name
  const { main, name: packageName } = JSON.parse(readFileSync(join(directory, 'npm', target, 'package.json'), 'utf8'))
  linkTree(join(directory, 'npm', target), inPacked(packageName))
  copyFileSync(built.addon, join(inPacked(packageName), main))
}

/** Nx of this version, with its binary for the platform. */
export function nxFor(platform, version) {
  return once(`nx/${platform.name}-${version}`, directory => install(directory, platform, [`nx@${version}`]))
}

function install(directory, { npm }, packages) {
  const which = Object.entries(npm).map(([name, value]) => `--${name}=${value}`)
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', ...which]
  return mustRun('npm', ['install', ...flags, ...packages], { ...patient, cwd: directory })
}
