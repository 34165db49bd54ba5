// A run of Nx whose 400 tasks are all cached, end to end: out of the bucket, and out of Nx's local cache.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newestNx } from '../../support/nx-versions.mjs'
import { createWorkspace } from '../../support/workspace.mjs'
import { ours } from '../peers.mjs'
import { median } from '../statistics.mjs'

const TASKS = 400
const everything = ['run-many', '--target=produce', '--outputStyle=static', '--parallel=8']

export async function nxRun(bench, { rounds, tell }) {
  const { section, environment } = ours(bench.servers)
  const { plugin } = bench.built
  const tasks = bench.smoke ? 3 : TASKS
  const workspace = await createWorkspace({ nx: newestNx, plugin, s3: section, environment })
  try {
    await bench.servers.clear()
    generate(workspace, tasks)
    tell(`filling the bucket by ${tasks} tasks`)
    await run(workspace)
    const outputs = JSON.stringify(workspace.outputs())
    const walls = { local: [], remote: [] }
    for (let round = 0; round < rounds; round++) {
      for (const [cache, forget] of [
        ['local', forgetOutputs],
        ['remote', forgetCache],
      ]) {
        tell(`round ${round + 1} of ${rounds}: ${cache} cache`)
        forget(workspace)
        const ended = await run(workspace)
        const hits = countOf(workspace, new RegExp(`^${cache}-cache-`))
        if (hits !== tasks) throw new Error(`${hits} of ${tasks} tasks were ${cache} hits:\n${ended.text}`)
        if (JSON.stringify(workspace.outputs()) !== outputs) throw new Error('the outputs differ')
        walls[cache].push(ended.seconds * 1000)
      }
    }
    const [localMs, remoteMs] = [median(walls.local), median(walls.remote)]
    return { tasks, localMs, remoteMs, ratio: remoteMs / localMs }
  } finally {
    await workspace.dispose()
  }
}

/** Projects whose only task writes three small files. */
function generate({ root }, tasks) {
  rmSync(join(root, 'packages'), { recursive: true })
  const command = [
    'mkdir -p dist/{projectName}/lib',
    'cp {projectRoot}/project.json dist/{projectName}/lib/',
    'for n in 1 2; do seq 1 800 > dist/{projectName}/$n.txt; done',
    'echo made {projectName}',
  ].join(' && ')
  for (let n = 0; n < tasks; n++) {
    const name = `p${n}`
    const directory = join(root, 'packages', name)
    mkdirSync(directory, { recursive: true })
    const produce = {
      executor: 'nx:run-commands',
      cache: true,
      outputs: ['{workspaceRoot}/dist/{projectName}'],
      options: { command: command.replaceAll('{projectName}', name).replaceAll('{projectRoot}', `packages/${name}`) },
    }
    writeFileSync(join(directory, 'project.json'), JSON.stringify({ name, targets: { produce } }))
  }
}

async function run(workspace) {
  const ended = await workspace.nx(everything, { timeout: 600_000 })
  if (ended.code !== 0) throw new Error(`nx ended with ${ended.code}:\n${ended.text}`)
  return ended
}

/** Tasks of the last run whose status matches. Of what Nx prints through a pipe the end may be lost. */
function countOf({ root }, status) {
  const { tasks } = JSON.parse(readFileSync(join(root, '.nx', 'cache', 'run.json'), 'utf8'))
  return tasks.filter(({ cacheStatus }) => status.test(cacheStatus)).length
}

function forgetOutputs({ root }) {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
}

/** The local cache and its database; what Nx knows of the projects stays, as for the run with the local cache. */
function forgetCache(workspace) {
  const { root } = workspace
  forgetOutputs(workspace)
  rmSync(join(root, '.nx', 'cache'), { recursive: true, force: true })
  const data = join(root, '.nx', 'workspace-data')
  for (const name of readdirSync(data).filter(name => /\.db(-|$)/.test(name))) rmSync(join(data, name))
}
