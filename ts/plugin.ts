import type { NativeCache } from '../index'
import { FatalError, isFatal } from './errors'
import { conclude } from './exit'
import { couldNotStart, isConfigured, notConfigured } from './get-remote-cache'
import { takeKeysOfRun } from './keys'
import { loadNative } from './native'
import { Notices } from './notices'
import { isOfDaemon, isPluginWorker, nxCacheDirectory } from './nx'
import { openOptions } from './options'
import { beforeExit, putOffExit } from './process-end'
import { writeNow } from './stderr'

/** What Nx tells its plugins of a run. Nx 20 tells neither. */
interface RunContext {
  id?: string
  argv?: string[]
}

/** A run and, where there is one, the cache that is served to it. */
interface Run {
  notices: Notices
  native?: NativeCache
  /** Whether anything was printed. */
  printed: boolean
  /** `ends` while uploads are finished. */
  stage: 'runs' | 'ends' | 'over'
}

/** Where Nx's client finds its server. */
const SERVER = 'NX_SELF_HOSTED_REMOTE_CACHE_SERVER'

/** Where the system doesn't tell whether Nx is still there: how long it may ask for nothing until it is thought gone. */
const IDLE_MS = 3_600_000

/** Nx drops what a plugin's process prints just before its hook is done. */
const UNTIL_PRINTED_MS = 500

/** During a hook, `process.env` is something else. */
const environment = process.env

/** Runs by their ids; those of Nx 20, which tells none, by number. A cache whose run isn't in here has no server. */
const runs = new Map<string | number, Run>()
let begun = 0
let listensForExit = false

/**
 * Before the first task: serves the cache to Nx's own client of the self-hosted cache. Rejects only with a configuration
 * error, which stops the run.
 *
 * In here nothing is awaited. Nx replaces `process.env` while a hook runs, and two hooks at the same time, of two runs
 * that share the daemon, would get each other's assignments.
 */
export async function preTasksExecution(_options: unknown, { id, argv = [] }: RunContext = {}): Promise<void> {
  // The daemon is always verbose, for its log.
  if (isOfDaemon()) environment['NX_VERBOSE_LOGGING'] = String(argv.includes('--verbose'))
  forgetKilled()
  begun += 1
  runs.set(id ?? begun, begin())
}

/** After the last task: finishes the uploads, and says what there is to say. Never rejects, which would fail the run. */
export async function postTasksExecution(_options: unknown, { id }: RunContext = {}): Promise<void> {
  const run = id ? runs.get(id) : [...runs.values()].find(({ stage }) => stage === 'runs')
  if (!run) return
  run.stage = 'ends'
  try {
    await finish(run)
    // Without an id, another run may have ended: this one is forgotten when its process is gone.
    if (id) forget(id)
  } catch {
    // The tasks are done; nothing here is worth failing them for.
  }
  run.stage = 'over'
}

function forget(id: string | number): void {
  runs.get(id)?.native?.stopServing()
  runs.delete(id)
}

/** A run that was killed has no end. */
function forgetKilled(): void {
  for (const [id, { native }] of runs) if (!native?.hasClient(IDLE_MS)) forget(id)
}

/** Opens the cache and serves it, or says why there is none. */
function begin(): Run {
  const run: Run = { notices: noticesOf(() => run), printed: false, stage: 'runs' }
  const keys = takeKeysOfRun(environment)
  try {
    const options = openOptions(keys)
    if (!isConfigured(options)) {
      run.notices.warn(notConfigured)
      return run
    }
    leaveOuterServer()
    const loaded = loadNative()
    if ('problem' in loaded) {
      run.notices.warn(loaded.problem)
      return run
    }
    const native = loaded.NativeCache.open(options)
    if (native.mode !== 'no-cache') serve(run, native)
  } catch (error) {
    if (isFatal(error)) throw new FatalError(error)
    run.notices.warn(couldNotStart(error))
  }
  return run
}

/** A run inside a task of another inherits that one's server, and must not use what it may not have itself. */
function leaveOuterServer(): void {
  if (process.env[SERVER]) process.env[SERVER] = ''
}

function serve(run: Run, native: NativeCache): void {
  const { url, token } = native.serve(nxCacheDirectory())
  run.native = native
  process.env[SERVER] = url
  process.env['NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN'] = token
  if (listensForExit) return
  listensForExit = true
  beforeExit(finishAtExit)
  if (isPluginWorker()) putOffExit(isNeeded)
}

async function finish(run: Run): Promise<void> {
  const { native, notices } = run
  if (native) conclude(native, notices, await native.finishUploads(native.flushTimeoutMs))
  notices.runIsOver()
  if (run.printed) await new Promise(resolve => setTimeout(resolve, UNTIL_PRINTED_MS))
}

/**
 * Whether a run goes on that needs this process. It is told to end with the process of Nx that started it, with the
 * daemon, when another run has changed nx.json, or by a signal. Runs keep their server, since Nx fails a task whose
 * artifact it can't store; and Nx waits for the answer to a run's last hook, so this process must not wait for that run
 * without giving it.
 */
function isNeeded(): boolean {
  const isShared = isOfDaemon()
  const mayGoOn = ({ native, stage }: Run) =>
    (isShared || stage !== 'over') && native?.hasClient(isShared ? IDLE_MS : 0)
  return [...runs.values()].some(mayGoOn)
}

/** The end of this process, whatever ends it: runs that share the daemon still have some time. */
function finishAtExit(): void {
  for (const { native } of runs.values()) {
    if (isOfDaemon()) native?.waitForClient(IDLE_MS, native.flushTimeoutMs)
    native?.flush(native.flushTimeoutMs)
  }
}

/** While tasks run, Nx draws on the terminal or passes nothing on, so everything waits for their end. */
function noticesOf(run: () => Run): Notices {
  const print = (text: string) => {
    run().printed = true
    // What processes of the daemon print goes to its log.
    if (!isOfDaemon() || !run().native?.tellClient(text)) writeNow(text)
  }
  return new Notices({
    warn: () => {},
    write: print,
    close: () => {},
    screenIsTaken: () => 'by the terminal UI',
  })
}
