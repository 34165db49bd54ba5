#!/usr/bin/env node
// `npm run demo`: a real Nx workspace whose second run, on what looks like another machine, comes out of a bucket.
// Sets up everything it needs, and fails unless every task was a remote hit.
import { performance } from 'node:perf_hooks'
import { newestNx } from './support/nx-versions.mjs'
import { startS3Server } from './support/s3-server.mjs'
import { setUp } from './support/set-up.mjs'
import { duration, print, step, styled } from './support/steps.mjs'
import { createWorkspace } from './support/workspace.mjs'

const everything = ['run-many', '--targets=build,lint', '--outputStyle=static']

async function demo() {
  const started = performance.now()
  print(styled('bold', '\nnx-s3-cache: one build, two machines, one bucket\n'))
  await setUp()
  const server = await step('Start an S3 server on this machine', () => startS3Server())
  try {
    const workspace = await step(`Make an Nx ${newestNx} workspace`, () => createWorkspace({ nx: newestNx }))
    try {
      return await twoRuns(server, workspace)
    } finally {
      await workspace.dispose()
    }
  } finally {
    await server.stop()
    print(styled('dim', `\nEverything took ${duration(started)}. The workspace and the server are gone again.`))
  }
}

async function twoRuns(server, workspace) {
  const section = server.section()
  workspace.configure(section)
  workspace.environment = server.environment
  print(styled('bold', '\nnx.json'))
  print(indent(`"s3": ${JSON.stringify(section, null, 2)}`))

  const first = await show(workspace, 'The first machine: nothing is cached, so the tasks run')
  const outputs = JSON.stringify(workspace.outputs())
  workspace.wipe()
  const second = await show(workspace, 'Another machine: no local cache, no outputs')
  showBucket(server)
  return verdict({ first, second, sameOutputs: outputs === JSON.stringify(workspace.outputs()) })
}

async function show(workspace, title) {
  print(styled('bold', `\n${title}`))
  print(styled('dim', `  $ nx ${everything.join(' ')}`))
  const run = await workspace.nx(everything)
  const lines = run.text
    .split('\n')
    .filter(line => /nx run \S+:\S+|^ ?NX .*(Successfully|failed)|out of \d+ tasks/i.test(line))
  for (const line of lines) print(`  ${line.trim().replace(/\[remote cache\]/, mark => styled('green', mark))}`)
  print(styled('dim', `  ${run.seconds.toFixed(1)} s, Nx's own start included`))
  if (run.code !== 0) throw new Error(`nx ended with ${run.code}:\n${run.text}`)
  return run
}

function showBucket(server) {
  const objects = server.objects().map(({ key, size }) => ({ key: key.replace(/(\/\w{8})\w{56}$/, '$1…'), size }))
  const width = Math.max(...objects.map(({ key }) => key.length))
  print(styled('bold', `\nThe bucket "${server.buckets[0]}"`))
  for (const { key, size } of objects) print(`  ${key.padEnd(width)}  ${bytes(size).padStart(9)}`)
}

function verdict({ first, second, sameOutputs }) {
  const hits = second.remoteHits.length
  const tasks = first.ran.length
  if (second.ran.length > 0 || hits !== tasks || tasks === 0) {
    throw new Error(`only ${hits} of ${tasks} tasks were remote hits; these ran again: ${second.ran.join(', ')}`)
  }
  if (!sameOutputs) throw new Error('the restored outputs differ from the built ones')
  print(
    styled('green', `\n✔ ${hits} of ${tasks} tasks came from the bucket, and their outputs are the same to the byte.`),
  )
}

function bytes(size) {
  return size < 1000 ? `${size} B` : size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`
}

function indent(text) {
  return text.replace(/^/gm, '  ')
}

try {
  await demo()
} catch (error) {
  process.stderr.write(`\n${styled('red', '✖')} The demo failed: ${error.message}\n`)
  process.exitCode = 1
}
