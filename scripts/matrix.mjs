#!/usr/bin/env node
// `node scripts/matrix.mjs`: every supported Nx on every supported Node. Each pair stores in one run of a real workspace
// and restores in the next. Part of the night's run, for its time and its downloads; `--as-built` takes what is built.
import { join } from 'node:path'
import { installedOnce } from './support/installed-tool.mjs'
import { nxVersions } from './support/nx-versions.mjs'
import { setUp } from './support/set-up.mjs'
import { print, styled } from './support/steps.mjs'
import { storeAndRestore } from './support/store-and-restore.mjs'

const nodeVersions = [20, 22, 24]

/** The Node binary of a major version, from the npm registry's package for this platform, which needs no install script. */
async function nodeProgram(major) {
  const name = `node-${process.platform}-${process.arch}`
  const directory = await installedOnce(`tools/node-${major}`, [`${name}@${major}`])
  return join(directory, 'node_modules', name, 'bin', 'node')
}

async function matrix() {
  if (!process.argv.includes('--as-built')) await setUp()
  const problems = []
  print(`\n${' '.repeat(12)}${nodeVersions.map(major => `Node ${major}`.padEnd(9)).join('')}`)
  for (const nx of Object.values(nxVersions)) {
    process.stdout.write(`Nx ${nx.padEnd(9)}`)
    for (const major of nodeVersions) {
      const { problem } = await storeAndRestore({ nx, node: await nodeProgram(major) })
      if (problem) problems.push(`Nx ${nx} on Node ${major}: ${problem}`)
      process.stdout.write(problem ? styled('red', '✖        ') : styled('green', '✔        '))
    }
    print()
  }
  for (const problem of problems) print(`\n${problem}`)
  const pairs = nodeVersions.length * Object.keys(nxVersions).length
  print(`\n${pairs - problems.length} passed, ${problems.length} failed`)
  return problems.length === 0
}

process.exitCode = (await matrix()) ? 0 : 1
