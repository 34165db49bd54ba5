import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { NxCandidate, NxFacts, NxPackage } from '../index'
import { nx } from './nx'

/** What decides whether Nx Cloud is used. */
interface CloudSettings {
  nxCloudId?: unknown
  nxCloudAccessToken?: unknown
  tasksRunnerOptions?: Record<string, { runner?: string }>
}

/** The names of caches in buckets, as Nx asks for them. */
const NAMES = ['@nx/s3-cache', '@nx/powerpack-s3-cache']
const CLOUD_RUNNERS = ['nx-cloud', '@nrwl/nx-cloud']
const CLOUD_VARIABLES = ['NX_CLOUD_ACCESS_TOKEN', 'NX_CLOUD_AUTH_TOKEN']

/** Finds out what Nx would load, the way Nx does. Never throws: what can't be found out is left out. */
export function nxFacts(): NxFacts {
  const { workspaceRoot, version, settings } = runningNx()
  return {
    node: process.version,
    ...(version === undefined ? {} : { nx: version }),
    packageVersion: manifest(join(__dirname, '..')).version,
    ...binary(),
    candidates: NAMES.map(name => candidate(name, searched(workspaceRoot))),
    cloudUsed: cloudUsed(settings),
    cloudNamedBy: cloudNamedBy(settings),
  }
}

function runningNx(): { workspaceRoot: string; version?: string; settings: CloudSettings } {
  try {
    const { readNxJson, workspaceRoot, version } = nx()
    return { workspaceRoot, version, settings: readNxJson(workspaceRoot) as CloudSettings }
  } catch {
    return { workspaceRoot: process.cwd(), settings: {} }
  }
}

/** Where Nx starts to look for a package: the working directory, the workspace's root, and its own folder. */
export function searched(workspaceRoot: string): string[] {
  const places = [process.cwd(), workspaceRoot]
  try {
    places.push(dirname(require.resolve('nx/src/tasks-runner/cache')))
  } catch {
    // Without Nx there is no such folder.
  }
  return places
}

function candidate(asked: string, paths: string[]): NxCandidate {
  let file: string
  try {
    file = require.resolve(asked, { paths })
  } catch {
    return { asked }
  }
  const found = packageOf(file)
  const problem = importProblem(file)
  return { asked, found: { ...found, ...(problem === undefined ? {} : { problem }) } }
}

/** Nx imports the package and calls its `getRemoteCache`; an error while importing it never shows. */
function importProblem(file: string): string | undefined {
  try {
    const exports = require(file) as { getRemoteCache?: unknown }
    return typeof exports.getRemoteCache === 'function' ? undefined : 'it has no getRemoteCache()'
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  }
}

/** The package that a file belongs to: the nearest package.json above that has a name. */
export function packageOf(file: string): NxPackage {
  for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
    const { name, version } = manifest(directory)
    if (name !== '') return { name, version, directory: realpathSync(directory) }
  }
  return { name: 'a package without a name', version: '', directory: dirname(file) }
}

function manifest(directory: string): { name: string; version: string } {
  try {
    const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    return { name: String(name ?? ''), version: String(version ?? '') }
  } catch {
    return { name: '', version: '' }
  }
}

function binary(): { binary?: string } {
  const file = Object.keys(require.cache).find(path => /nx-s3-cache[^/\\]*\.node$/.test(path))
  return file === undefined ? {} : { binary: file }
}

/** Asks Nx itself, which also knows what switches Nx Cloud off. */
function cloudUsed(settings: CloudSettings): boolean {
  try {
    return Boolean(require('nx/src/utils/nx-cloud-utils').isNxCloudUsed(settings))
  } catch {
    return false
  }
}

function cloudNamedBy({ nxCloudId, nxCloudAccessToken, tasksRunnerOptions }: CloudSettings): string[] {
  const runners = Object.values(tasksRunnerOptions ?? {}).map(({ runner }) => runner ?? '')
  return [
    ...(nxCloudId ? ['nxCloudId in nx.json'] : []),
    ...(nxCloudAccessToken ? ['nxCloudAccessToken in nx.json'] : []),
    ...(runners.some(runner => CLOUD_RUNNERS.includes(runner)) ? ['tasksRunnerOptions in nx.json'] : []),
    ...CLOUD_VARIABLES.filter(name => process.env[name]),
  ]
}
