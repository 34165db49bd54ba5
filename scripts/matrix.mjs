#!/usr/bin/env node
// `node scripts/matrix.mjs`: every supported Nx on every supported Node. Each pair stores in one run of a real workspace
// and restores in the next. Part of the night's run, for its time and its downloads; `--as-built` takes what is built.
import { join } from 'node:path'
import { installedOnce } from './support/installed-tool.mjs'
import { nxVersions } from './support/nx-versions.mjs'
import { startS3Server } from './support/s3-server.mjs'
import { setUp } from './support/set-up.mjs'
import { print, styled } from './support/steps.mjs'
import { createWorkspace } from './support/workspace.mjs'

const nodeVersions = [20, 22, 24]
const everything = ['run-many', '--targets=build,lint', '--outputStyle=static']

/** The Node binary of a major version, from the npm registry's package for this platform, which needs no install script. */
async function nodeProgram(major) {
  const name = `node-${process.platform}-${process.arch}`
  const directory = await installedOnce(`tools/node-${major}`, [`${name}@${major}`])
  return join(directory, 'node_modules', name, 'bin', 'node')
}

/** What went wrong with a pair; `undefined` when nothing did. */
async function problemOf(nx, node) {
  const server = await startS3Server()
  const workspace = await createWorkspace({ nx, node, s3: server.section(), environment: server.environment })
  try {
    const first = await workspace.nx(everything)
    if (first.code !== 0) return `the first run ended with ${first.code}:\n${first.text}`
    const built = JSON.stringify(workspace.outputs())
    workspace.wipe()
    const second = await workspace.nx(everything)
    if (second.code !== 0) return `the second run ended with ${second.code}:\n${second.text}`
    if (first.ran.length === 0 || second.ran.length > 0) return `these ran again: ${second.ran}\n${second.text}`
    if (second.remoteHits.length !== first.ran.length) return `only these were remote hits: ${second.remoteHits}`
    if (JSON.stringify(workspace.outputs()) !== built) return 'the restored outputs differ from the built ones'
  } finally {
    await workspace.dispose()
    await server.stop()
  }
}

async function matrix() {
  if (!process.argv.includes('--as-built')) await setUp()
  const problems = []
  print(`\n${' '.repeat(12)}${nodeVersions.map(major => `Node ${major}`.padEnd(9)).join('')}`)
  for (const nx of Object.values(nxVersions)) {
    process.stdout.write(`Nx ${nx.padEnd(9)}`)
    for (const major of nodeVersions) {
      const problem = await problemOf(nx, await nodeProgram(major))
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
