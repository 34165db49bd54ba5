import type { NativeCache } from '../index'
import { see } from './links'
import type { Notices } from './notices'
import { isVerbose } from './nx'
import { beforeExit } from './process-end'

/** Most runs have finished uploading by then, and a second of waiting needs no explanation. */
const UNEXPLAINED_MS = 1000

/** How many unfinished tasks are named one by one. */
const NAMED = 5

/**
 * Finishes the uploads when the process ends. Nx ends it with `process.exit()`, so the 'exit' event is the only
 * chance, and only code that blocks can use it.
 */
export function finishAtExit(native: NativeCache, notices: Notices): void {
  beforeExit(status => {
    try {
      finish(native, notices, { interrupted: status > 128 })
    } catch {
      // An exception here would change the exit code of a build that has already succeeded or failed.
    }
  })
}

/** The end of a run. After an interruption (a status above 128) the user waits for the shell, not for uploads. */
export function finish(native: NativeCache, notices: Notices, { interrupted }: { interrupted: boolean }): void {
  notices.runIsOver()
  const patience = native.flushTimeoutMs
  let pending = native.flush(Math.min(UNEXPLAINED_MS, patience))
  notices.report(native)
  if (pending.length > 0 && patience > UNEXPLAINED_MS && !interrupted) {
    const left = patience - UNEXPLAINED_MS
    letCtrlCKill()
    notices.line(`finishing ${uploads(pending)}, for at most ${Math.ceil(left / 1000)} s; Ctrl-C leaves at once`)
    pending = native.flush(left)
  }
  conclude(native, notices, pending, { interrupted })
}

/** Says how a run ended: what is `pending` is left unfinished. */
export function conclude(native: NativeCache, notices: Notices, pending: string[], { interrupted = false } = {}): void {
  notices.report(native)
  if (pending.length > 0) notices.warn(unfinished(pending, interrupted))
  native.recordRun()
  notices.report(native)
  summarize(native, notices)
}

/**
 * While native code blocks this thread no JavaScript listener runs, so Nx's own would only swallow the signal.
 * Without listeners the system's default applies, and the process ends.
 */
function letCtrlCKill(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
}

function summarize(native: NativeCache, notices: Notices): void {
  const summary = native.summary()
  if (isVerbose() || notices.warned || Object.keys(summary.errors).length > 0) notices.line(summary.line)
}

function unfinished(pending: string[], interrupted: boolean) {
  const named = pending.slice(0, NAMED)
  const others = pending.length - named.length
  return {
    title: `The S3 remote cache left ${uploads(pending)} unfinished`,
    body: [
      'Your build is not affected; other machines will run these tasks again:',
      ...named.map(hash => `- ${hash}`),
      ...(others > 0 ? [`- and ${others} more`] : []),
      interrupted
        ? 'The run was interrupted, so it did not wait for them.'
        : 'If this happens often, raise "flushTimeout" in the s3 section of nx.json.',
      see('uploads-unfinished'),
    ],
  }
}

function uploads({ length }: string[]): string {
  return `${length} ${length === 1 ? 'upload' : 'uploads'}`
}
