import { isOfDaemon, type Launcher, nxLauncher } from './nx'

/** The variables that hold a secret key. Only the cache needs them, so tasks don't inherit them. */
const KEYS = ['NX_S3_CACHE_SIGNING_KEY', 'NX_S3_CACHE_ENCRYPTION_KEY']

/** Names the keys that were removed. A run of Nx inside a task learns from it that it lacks one. */
const REMOVED = 'NX_S3_CACHE_KEYS_REMOVED'

/** What a key holds that can't be unset. */
const NOTHING = 'removed'

const taken: Record<string, string> = {}

/**
 * Removes the keys from the environment that tasks inherit. {@link takenKeys} has them from then on.
 *
 * Every version of Nx copies `process.env` for batches before it asks for a cache, and Nx 23 and later do so for each
 * task, so the keys are removed from these copies as well. Returns whether that can be done with this Nx.
 */
export function takeKeys(launcher: () => Launcher = nxLauncher): boolean {
  if (Object.keys(take()).length === 0) return true
  removeKeys(process.env)
  try {
    cleanCopies(launcher())
    return true
  } catch {
    return false
  }
}

/**
 * The same inside a hook of a plugin, whose process starts no tasks: Nx passes assignments on to the process that does,
 * but no deletions. Empty variables would not do, since Nx fills them from `.env` files for each task.
 *
 * Returns the keys of this run. Where Nx has put something in place of `own`, the environment of this process, other
 * runs may follow in it: nothing is remembered for them, and they find what this one has found.
 */
export function takeKeysOfRun(own: NodeJS.ProcessEnv): Record<string, string> {
  const shared = process.env !== own || isOfDaemon()
  const found = shared ? present() : take()
  const names = Object.keys(found)
  if (names.length > 0) {
    const before = own[REMOVED] ?? ''
    for (const name of names) process.env[name] = NOTHING
    process.env[REMOVED] = names.join(',')
    if (shared) Object.assign(own, found, { [REMOVED]: before })
  }
  return shared ? found : takenKeys()
}

/** Remembers the keys in the environment, and returns them. */
function take(): Record<string, string> {
  const found = present()
  Object.assign(taken, found)
  return found
}

/** The keys in the environment. */
function present(): Record<string, string> {
  const pairs = KEYS.map(name => [name, process.env[name] ?? ''] as const)
  return Object.fromEntries(pairs.filter(([, key]) => key && key !== NOTHING))
}

/** The keys that this process no longer has in its environment, by their variables. */
export function takenKeys(): Record<string, string> {
  return { ...taken }
}

function cleanCopies({ taskEnvironment, TaskRunner }: Launcher): void {
  const { getEnvVariablesForTask } = taskEnvironment
  const { forkProcessForBatch } = TaskRunner.prototype
  if (!getEnvVariablesForTask || !forkProcessForBatch) throw new Error('this Nx starts tasks in another way')
  taskEnvironment.getEnvVariablesForTask = (...task) => removeKeys(getEnvVariablesForTask(...task))
  TaskRunner.prototype.forkProcessForBatch = function (batch, graph, tasks, variables, ...more) {
    return forkProcessForBatch.call(this, batch, graph, tasks, removeKeys(variables), ...more)
  }
}

function removeKeys(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!variables) return variables // in case Nx passes something else
  const present = KEYS.filter(name => variables[name])
  for (const name of present) delete variables[name]
  if (present.length > 0) variables[REMOVED] = present.join(',')
  return variables
}
