import { resolve } from 'node:path'
import type { Warning } from '../index'
import { see } from './links'

/** What the native module exports, as far as it is used here. */
export type Native = Pick<
  typeof import('../index'),
  'NativeCache' | 'checkConfiguration' | 'generateSigningKey' | 'runCli'
>

/** The native module, or why this run goes without it. */
export type Loaded = Native | { problem: Warning }

/** See {@link loadNative}. */
export type LoadNative = () => Loaded

/** Platform and processor of this Node, and the C library where it matters: the suffix of a platform package. */
const TARGETS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
]

/** Where a binary comes from and what machine it must fit; the tests bring their own. */
export interface Machine {
  /** Asked for only when loading fails, since finding out the C library takes a while. */
  target: () => string
  libraryPath: string | undefined
  require: (id: string) => unknown
}

/**
 * Loads the native module: the file NX_S3_CACHE_LIBRARY_PATH names, else the one beside `index.js`, else this
 * platform's package. Never throws, since a machine without a binary still builds.
 */
export function loadNative(machine: Machine = thisMachine()): Loaded {
  const { libraryPath } = machine
  try {
    return machine.require(libraryPath ? resolve(libraryPath) : '../index.js') as Native
  } catch (error) {
    return { problem: explain(machine, error) }
  }
}

function explain(machine: Machine, error: unknown): Warning {
  const remedy = machine.libraryPath ? libraryPathRemedy(machine.libraryPath, error) : packageRemedy(machine, error)
  return {
    title: 'The S3 remote cache is off: its native module could not be loaded',
    body: ['This run uses the local cache only.', ...remedy, see('native-module')],
  }
}

function libraryPathRemedy(path: string, error: unknown): string[] {
  return [`NX_S3_CACHE_LIBRARY_PATH names ${path}, which does not load: ${messageOf(error)}`]
}

function packageRemedy(machine: Machine, error: unknown): string[] {
  const target = machine.target()
  if (!TARGETS.includes(target)) {
    return [
      `There is no binary for ${target}. There are ones for ${TARGETS.join(', ')}.`,
      'Build one with "npm run build:release" in a clone of nx-s3-cache and name it in NX_S3_CACHE_LIBRARY_PATH.',
    ]
  }
  const packageName = `nx-s3-cache-${target}`
  try {
    machine.require(packageName)
  } catch (cause) {
    if (isMissing(cause, packageName)) return missingRemedy(packageName)
    return [`${packageName} is installed but does not load: ${messageOf(cause)}`]
  }
  return [messageOf(error)]
}

function missingRemedy(packageName: string): string[] {
  return [
    `The package ${packageName}, which holds the binary for this platform, is not installed. Usual causes:`,
    '- optional dependencies are left out (npm: --omit=optional, pnpm: --no-optional): install them',
    '- node_modules was copied from another system: install again on this one',
    '- the lockfile was written on another system and lists only its package: remove node_modules and the lockfile, and install again',
  ]
}

function isMissing(error: unknown, packageName: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'MODULE_NOT_FOUND' &&
    error.message.includes(`'${packageName}'`)
  )
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? message
}

function thisMachine(): Machine {
  const path = process.env['NX_S3_CACHE_LIBRARY_PATH']
  return { target: thisTarget, libraryPath: path || undefined, require }
}

function thisTarget(): string {
  const { arch, platform } = process
  if (platform === 'linux') return `linux-${arch}-${usesGlibc() ? 'gnu' : 'musl'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

function usesGlibc(): boolean {
  // Otherwise the report resolves the names of all open connections.
  Object.assign(process.report, { excludeNetwork: true })
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime !== undefined
}
