// Builds everything that the demo and the tests need, from a clean clone on: the plugin as it would be published, and
// the development S3 server. Each step is quick when there is nothing to do.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.mjs'
import { linkTree } from './link-tree.mjs'
import { packed, packedPlain, repository } from './paths.mjs'
import { step } from './steps.mjs'

/** Does all of it, telling each step; throws with the failing program's last words. */
export async function setUp() {
  await step('Install the npm packages', installPackages)
  await step('Compile the addon and the development S3 server', compile, { note: 'takes minutes the first time' })
  await step('Build the TypeScript side', onOutput => npm(['run', 'build:ts'], onOutput))
  await step('Pack the plugin as it is published', pack)
}

/** Installs what package-lock.json names, unless that is done. */
export async function installPackages(onOutput) {
  const stamp = join(repository, 'node_modules', '.package-lock.sha256')
  const digest = createHash('sha256')
    .update(readFileSync(join(repository, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  // Not `npm ci`: it refuses a lockfile without the binaries of every other platform, which not every registry mirror
  // has. This installs the same locked versions and leaves the lockfile alone.
  await npm(['install', '--no-save', '--no-audit', '--no-fund'], onOutput)
  writeFileSync(stamp, digest)
}

/** One invocation of cargo for all of it, so that it compiles them side by side. */
function compile(onOutput) {
  const examples = ['dev_s3_server', 'bench_server'].flatMap(name => ['--example', name])
  return npm(['run', 'build:native', '--', '--', '--package', 'nx-s3-cache', '--lib', ...examples], onOutput)
}

function npm(words, onOutput) {
  return mustRun('npm', words, { cwd: repository, timeout: 3_600_000, onOutput })
}

async function pack(onOutput) {
  rmSync(packed, { recursive: true, force: true })
  await mustRun('node', ['npm/pack.mjs', packed, '--partial'], { cwd: repository, onOutput })
  for (const tarball of tarballs()) await unpack(tarball)
  for (const name of Object.keys(packedManifest().dependencies ?? {})) {
    for (const place of [packed, packedPlain]) {
      linkTree(join(repository, 'node_modules', name), join(place, 'node_modules', name))
    }
  }
}

/** The packed tarballs in a folder; in that of the set-up, the main package's and this platform's. */
export function tarballs(folder = packed) {
  return readdirSync(folder)
    .filter(name => name.endsWith('.tgz'))
    .map(name => join(folder, name))
}

/** Unpacks a package to where a package manager would put it; the main one also under the alias that Nx looks for. */
async function unpack(tarball) {
  const staging = join(packed, 'staging')
  mkdirSync(staging, { recursive: true })
  await mustRun('tar', ['-xzf', tarball, '-C', staging])
  const { name } = JSON.parse(readFileSync(join(staging, 'package', 'package.json'), 'utf8'))
  linkTree(join(staging, 'package'), join(packed, 'node_modules', name === 'nx-s3-cache' ? '@nx/s3-cache' : name))
  linkTree(join(staging, 'package'), join(packedPlain, 'node_modules', name))
  rmSync(staging, { recursive: true })
}

function packedManifest() {
  return JSON.parse(readFileSync(join(packed, 'node_modules', '@nx/s3-cache', 'package.json'), 'utf8'))
}
