import type { Tree } from '@nx/devkit'
import { editJson, readJsonOrEmpty } from '../json'
import { editSection, fileOfSection, readSection, type Section } from '../section'
import { RUNNERS, type Runner, sectionFrom } from './runners'

interface RunnerEntry {
  runner?: string
  options?: Section
}

/** Since Nx 23 also a list, whose entries may have filters. */
type TargetDefault = { cache?: boolean } | Array<{ cache?: boolean }>

interface NxJson {
  tasksRunnerOptions?: Record<string, RunnerEntry>
  targetDefaults?: Record<string, TargetDefault>
  useLegacyCache?: boolean
  [key: string]: unknown
}

/** A runner that nx.json named, and what became of its options. */
export interface Converted {
  runner: Runner
  /** What was written to the `s3` section. */
  written: Section
  /** Options that held secrets. */
  secrets: string[]
  /** Options that mean nothing to this cache. */
  dropped: string[]
}

/** Options of Nx itself that once had their place among those of the runner. */
const OF_NX = ['parallel', 'cacheDirectory', 'useDaemonProcess'] as const

const CACHEABLE = ['cacheableOperations', 'cacheableTargets']

/** Takes every former runner out of nx.json and puts its options where they belong now. */
export function convertRunners(tree: Tree): Converted[] {
  const entries = Object.entries(readJsonOrEmpty<NxJson>(tree, 'nx.json').tasksRunnerOptions ?? {})
  return entries.flatMap(([name, { runner: path, options = {} }]) => {
    const runner = RUNNERS.find(({ name }) => name === path)
    if (!runner) return []
    const converted = convert(tree, runner, options)
    editJson<NxJson>(tree, 'nx.json', json => {
      keepOptionsOfNx(json, options)
      delete json.tasksRunnerOptions?.[name]
      if (Object.keys(json.tasksRunnerOptions ?? {}).length === 0) delete json.tasksRunnerOptions
      // With it, Nx 20 asks no remote cache but that of a runner.
      delete json.useLegacyCache
    })
    return [converted]
  })
}

/** Runners that this generator doesn't know, and whose cache Nx 21 and later never ask. */
export function unknownRunners(tree: Tree): string[] {
  const entries = Object.values(readJsonOrEmpty<NxJson>(tree, 'nx.json').tasksRunnerOptions ?? {})
  const names = entries.flatMap(({ runner }) => (runner === undefined ? [] : [runner]))
  return names.filter(name => ![...CLOUD_RUNNERS, ...RUNNERS.map(({ name }) => name)].includes(name) && !isOfNx(name))
}

function isOfNx(runner: string): boolean {
  return /^(nx|@nrwl\/workspace|@nx\/workspace)\/tasks-runners\//.test(runner)
}

/** What the section says already stays: somebody may have begun by hand. */
function convert(tree: Tree, runner: Runner, options: Section): Converted {
  const before = readSection(tree) ?? {}
  const found = Object.entries(sectionFrom(runner, options)).filter(([key]) => before[key] === undefined)
  const written = Object.fromEntries(found)
  if (found.length > 0) editSection(tree, fileOfSection(tree), section => ({ ...section, ...written }))
  const names = Object.keys(options)
  const known = [...Object.keys(runner.options), ...Object.keys(runner.secrets), ...OF_NX, ...CACHEABLE]
  return {
    runner,
    written,
    secrets: names.filter(name => name in runner.secrets),
    dropped: names.filter(name => !known.includes(name)),
  }
}

function keepOptionsOfNx(json: NxJson, options: Section): void {
  for (const name of OF_NX) if (options[name] !== undefined) json[name] ??= options[name]
  const targets = CACHEABLE.flatMap(name => (options[name] as string[] | undefined) ?? [])
  if (targets.length === 0) return
  const defaults = json.targetDefaults ?? {}
  for (const target of targets) defaults[target] = cacheable(defaults[target])
  json.targetDefaults = defaults
}

/** What the workspace says of the target itself wins: of several entries, Nx takes the last that applies. */
function cacheable(defaults: TargetDefault | undefined): TargetDefault {
  return Array.isArray(defaults) ? [{ cache: true }, ...defaults] : { cache: true, ...defaults }
}

const OF_NX_CLOUD = ['nxCloudId', 'nxCloudAccessToken', 'nxCloudUrl', 'nxCloudEncryptionKey']
const CLOUD_RUNNERS = ['nx-cloud', '@nrwl/nx-cloud']

/** Whether Nx would use Nx Cloud, and so no other cache. */
export function usesNxCloud(tree: Tree): boolean {
  const json = readJsonOrEmpty<NxJson>(tree, 'nx.json')
  const runners = Object.values(json.tasksRunnerOptions ?? {})
  const named = runners.some(({ runner = '', options }) => CLOUD_RUNNERS.includes(runner) || options?.['accessToken'])
  return Boolean(json['nxCloudId'] || json['nxCloudAccessToken'] || named) && !json['neverConnectToCloud']
}

/** Disconnects the workspace from Nx Cloud. */
export function leaveNxCloud(tree: Tree): void {
  editJson<NxJson>(tree, 'nx.json', json => {
    for (const key of OF_NX_CLOUD) delete json[key]
    for (const [name, { runner, options }] of Object.entries(json.tasksRunnerOptions ?? {})) {
      if (!CLOUD_RUNNERS.includes(runner ?? '') && !options?.['accessToken']) continue
      keepOptionsOfNx(json, options ?? {})
      delete json.tasksRunnerOptions?.[name]
    }
    if (Object.keys(json.tasksRunnerOptions ?? {}).length === 0) delete json.tasksRunnerOptions
  })
}
