#!/usr/bin/env node
// `node scripts/matrix.mjs`: every supported Nx on every supported Node. Each pair stores in one run of a real workspace
// and restores in the next. `node scripts/matrix.mjs package-managers`: `nx add` with each package manager, from a registry
// on this machine. Both are part of the night's run, for their time and their downloads.
//
//   --as-built            take what is built
//   --tarballs <folder>   publish these to the registry, instead of what is packed here
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from './support/command.mjs'
import { installedOnce } from './support/installed-tool.mjs'
import { newestNx, nxVersions } from './support/nx-versions.mjs'
import { packageManagers } from './support/package-managers.mjs'
import { repository } from './support/paths.mjs'
import { setUp } from './support/set-up.mjs'
import { print, styled } from './support/steps.mjs'
import { storeAndRestore } from './support/store-and-restore.mjs'

const { values, positionals } = parseArgs({
  options: { 'as-built': { type: 'boolean', default: false }, tarballs: { type: 'string' } },
  allowPositionals: true,
})

const nodeVersions = [20, 22, 24]

/** The Node binary of a major version, from the npm registry's package for this platform, which needs no install script. */
async function nodeProgram(major) {
  const name = `node-${process.platform}-${process.arch}`
  const directory = await installedOnce(`tools/node-${major}`, [`${name}@${major}`])
  return join(directory, 'node_modules', name, 'bin', 'node')
}

async function onEachNode(nx) {
  const pairs = []
  for (const major of nodeVersions) {
    const { problem } = await storeAndRestore({ nx, node: await nodeProgram(major) })
    pairs.push({ name: `Nx ${nx} on Node ${major}`, problem })
    mark(problem)
  }
  return pairs
}

/** The newest Nx with each, and the others with npm. */
async function withEachPackageManager() {
  const pairs = Object.keys(packageManagers).map(name => [name, newestNx])
  for (const nx of Object.values(nxVersions)) if (nx !== newestNx) pairs.push(['npm', nx])
  const results = []
  for (const [packageManager, nx] of pairs) {
    process.stdout.write(`${packageManager.padEnd(12)}Nx ${nx.padEnd(9)}`)
    const problem = await problemOf(packageManager, nx)
    results.push({ name: `${packageManager}, Nx ${nx}`, problem })
    mark(problem)
    print()
  }
  return results
}

async function problemOf(packageManager, nx) {
  const env = { ...process.env, E2E_PACKAGE_MANAGERS: packageManager, E2E_ADD_TO_NX: nx }
  if (values.tarballs) env.E2E_TARBALLS = resolve(values.tarballs)
  const words = ['--test', '--test-reporter=spec', '__test__/e2e/nx-add.test.mjs']
  const { code, output } = await run(process.execPath, words, { cwd: repository, env, timeout: 900_000 })
  return code === 0 ? undefined : output
}

function mark(problem) {
  process.stdout.write(problem ? styled('red', '✖        ') : styled('green', '✔        '))
}

async function versions() {
  print(`\n${' '.repeat(12)}${nodeVersions.map(major => `Node ${major}`.padEnd(9)).join('')}`)
  const results = []
  for (const nx of Object.values(nxVersions)) {
    process.stdout.write(`Nx ${nx.padEnd(9)}`)
    results.push(...(await onEachNode(nx)))
    print()
  }
  return results
}

async function main() {
  if (!values['as-built'] && !values.tarballs) await setUp()
  const results = await (positionals[0] === 'package-managers' ? withEachPackageManager() : versions())
  const failed = results.filter(({ problem }) => problem)
  for (const { name, problem } of failed) print(`\n${name}: ${problem}`)
  print(`\n${results.length - failed.length} passed, ${failed.length} failed`)
  process.exitCode = results.length > 0 && failed.length === 0 ? 0 : 1
}

main().catch(error => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
