/** What this package uses of a running Nx. */
export interface Nx {
  readNxJson: (root: string) => { s3?: unknown; plugins?: Array<string | { plugin: string }> }
  workspaceRoot: string
  version: string
}

/** What Nx starts tasks with: one at a time, and several in one process where an executor works in batches. */
export interface Launcher {
  taskEnvironment: { getEnvVariablesForTask: (...task: unknown[]) => NodeJS.ProcessEnv }
  TaskRunner: { prototype: { forkProcessForBatch: ForkForBatch } }
}

type ForkForBatch = (
  batch: unknown,
  projectGraph: unknown,
  taskGraph: unknown,
  variables: NodeJS.ProcessEnv,
  ...more: unknown[]
) => unknown

/** Nx's own cache, which is handed tasks and asks ours for their hashes. Not every version has every method. */
export interface NxCache {
  get?: (task: unknown) => unknown
  getBatch?: (tasks: unknown[]) => unknown
  put?: (task: unknown, ...result: unknown[]) => unknown
}

/** Nx's own printer; it goes to stdout up to Nx 22 and to stderr since Nx 23. */
export interface Output {
  warn: (message: { title: string; bodyLines: string[] }) => void
}

/**
 * The parts of the running Nx, from the modules that its cache has just loaded itself: 0.3 ms where `@nx/devkit`
 * takes 14, and `@nx/devkit` isn't installed in every workspace. The paths are the same from Nx 20 to 24.
 */
export function nx(): Nx {
  return {
    readNxJson: require('nx/src/config/nx-json').readNxJson,
    workspaceRoot: require('nx/src/utils/workspace-root').workspaceRoot,
    version: require('nx/package.json').version,
  }
}

/** See {@link Launcher}. */
export function nxLauncher(): Launcher {
  return {
    taskEnvironment: require('nx/src/tasks-runner/task-env'),
    TaskRunner: require('nx/src/tasks-runner/forked-process-task-runner').ForkedProcessTaskRunner,
  }
}

/** See {@link NxCache}. */
export function nxCache(): NxCache {
  return require('nx/src/tasks-runner/cache').DbCache.prototype
}

/** See {@link Output}. */
export function nxOutput(): Output {
  return require('nx/src/utils/output').output
}

/** Where Nx keeps artifacts. */
export function nxCacheDirectory(): string {
  return require('nx/src/utils/cache-directory').cacheDir
}

/**
 * Whether this process belongs to Nx's daemon, which sets these variables for itself and its plugins' processes. Since
 * Nx 23, a run may have other values of all but the first; before, there is no such variable.
 */
export function isOfDaemon(): boolean {
  const { NX_DAEMON_PROCESS, NX_PROJECT_GLOB_CACHE, NX_CACHE_PROJECTS_CONFIG } = process.env
  if (NX_DAEMON_PROCESS === 'true') return true
  return NX_PROJECT_GLOB_CACHE === 'false' && NX_CACHE_PROJECTS_CONFIG === 'false'
}

/** Whether Nx has started this process for a plugin. */
export function isPluginWorker(): boolean {
  return (globalThis as { NX_PLUGIN_WORKER?: boolean }).NX_PLUGIN_WORKER === true
}

/** Whether the user asked Nx for details (`--verbose` sets the same variable). */
export function isVerbose(): boolean {
  return process.env['NX_VERBOSE_LOGGING'] === 'true'
}
