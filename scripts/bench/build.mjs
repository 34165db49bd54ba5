// What is measured: the plugin as it would be published, compiled for release, in an Nx workspace of its own.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { installedOnce } from '../support/installed-tool.mjs'
import { newestNx } from '../support/nx-versions.mjs'
import { builtDirectory, forThisPlatform, packed, repository, target } from '../support/paths.mjs'
import { installPackages } from '../support/set-up.mjs'
import { step } from '../support/steps.mjs'
import { filesBelow } from './files.mjs'

/** What the registry calls the plugin we are compared with. */
export const awsPlugin = '@nx-aws-plugin/nx-aws-cache@3.2.3'

/** A directory with `node_modules` as a user's workspace has them, the plugin's part of it. */
const plugin = join(target, 'bench')
const ours = join(plugin, 'node_modules', '@nx', 's3-cache')

/** Builds everything for release. */
export async function build() {
  await step('Install the npm packages', installPackages)
  await step('Compile the addon and the servers for release', compile, { note: 'takes minutes the first time' })
  await step('Put the plugin together', assemble)
}

/** Where the plugin, its addon and the servers are. With `smoke`, those that the tests use. */
export function whatWasBuilt({ smoke }) {
  const modules = smoke ? join(packed, 'node_modules') : join(plugin, 'node_modules')
  const servers = join(builtDirectory(smoke ? 'debug' : 'release'), 'examples', 'bench_server')
  if (!existsSync(modules) || !existsSync(servers)) throw new Error('nothing is built yet: leave out --as-built')
  return { plugin: modules, servers, addon: addonIn(modules) }
}

function addonIn(modules) {
  const path = filesBelow(modules).find(file => file.endsWith('.node'))
  const bytes = readFileSync(path)
  return { bytes: bytes.length, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16) }
}

/** The addon as it is released. Not into the repository, where the tests expect the other profile. */
async function compile(onOutput) {
  rmSync(plugin, { recursive: true, force: true })
  mkdirSync(ours, { recursive: true })
  const napi = ['napi', 'build', '--package', 'nx-s3-cache-addon', '--release', '--platform']
  await npm(['exec', '--', ...napi, '--js', 'index.js', '--output-dir', ours], onOutput)
  const server = ['build', '--release', '--locked', '--example', 'bench_server', ...forThisPlatform]
  await mustRun('cargo', server, { cwd: repository, timeout: 3_600_000, onOutput })
}

async function assemble(onOutput) {
  await npm(['run', 'build:ts'], onOutput)
  for (const name of ['package.json', 'dist']) cpSync(join(repository, name), join(ours, name), { recursive: true })
  cpSync(join(repository, 'node_modules', 'ci-info'), join(plugin, 'node_modules', 'ci-info'), { recursive: true })
}

function npm(words, onOutput) {
  return mustRun('npm', words, { cwd: repository, timeout: 3_600_000, onOutput })
}

/** Installs the plugin we are compared with, once. */
export async function awsCache() {
  // Of its peers only what it loads: npm would install all of Nx twice.
  const needed = ['tslib@2.8.1', `nx@${newestNx}`, '@nx/devkit@24.0.0', '--legacy-peer-deps']
  const directory = await installedOnce(`bench/${awsPlugin.split('/').at(-1)}`, [awsPlugin, ...needed])
  return join(directory, 'node_modules', '@nx-aws-plugin', 'nx-aws-cache')
}
