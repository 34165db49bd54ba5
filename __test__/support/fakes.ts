import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { NativeCache, OpenOptions, RetrievedArtifact, Summary, Warning } from '../../index'
import type { Native } from '../../ts/native'
import { Notices, type Outlets } from '../../ts/notices'

/** A native side that does what the real one never does on command. */
export class FakeNative {
  warnings: Warning[] = []
  events: string[] = []
  flushes: number[] = []
  pending: string[][] = []
  mode: NativeCache['mode'] = 'read-write'
  flushTimeoutMs = 30_000
  errors: Record<string, number> = {}
  log: string[] = []
  recorded = 0
  named: Array<[string, string]> = []
  retrieve: (hash: string, directory: string) => Promise<RetrievedArtifact | null> = async () => null
  store: (...args: Parameters<NativeCache['store']>) => Promise<boolean> = async () => true

  flush(timeoutMs: number): string[] {
    this.flushes.push(timeoutMs)
    return this.pending.shift() ?? []
  }

  takeWarnings(): Warning[] {
    return this.warnings.splice(0)
  }

  takeEvents(): string[] {
    return this.events.splice(0)
  }

  takeLog(): string[] {
    return this.log.splice(0)
  }

  nameTask(hash: string, task: string): void {
    this.named.push([hash, task])
  }

  recordRun(): void {
    this.recorded += 1
  }

  summary(): Summary {
    const counts = { hits: 1, misses: 2, stored: 2, alreadyThere: 0, skipped: 0, errors: this.errors }
    const bytes = { bytesReceived: 0, bytesSent: 0, bytesSaved: 0 }
    return { ...counts, ...bytes, secondsWaited: 0, seconds: 0.1, line: '1 hit, 2 misses' }
  }

  /** As the type the sources ask for. */
  get native(): NativeCache {
    return this as unknown as NativeCache
  }

  /** What `require('../index.js')` gives. */
  get module(): Native {
    return { NativeCache: { open: () => this.native } } as unknown as Native
  }
}

/** Notices whose output can be read. */
export function listen(screen: { taken: ReturnType<Outlets['screenIsTaken']> } = { taken: false }) {
  const viaNx: Warning[] = []
  const written: string[] = []
  const notices = new Notices({
    warn: warning => viaNx.push(warning),
    write: text => written.push(text),
    close: () => written.push('[closed]'),
    screenIsTaken: () => screen.taken,
  })
  return { notices, viaNx, written }
}

/** Catches the 'exit' listeners that the code under test registers, so that a test can be the end of the process. */
export function catchExit(t: TestContext): (status?: number) => void {
  const listeners: Array<(status: number) => void> = []
  t.mock.method(process, 'prependOnceListener', (_: 'exit', listener: () => void) => listeners.unshift(listener))
  t.mock.method(process, 'once', (_: 'exit', listener: () => void) => listeners.push(listener))
  return (status = 0) => {
    assert.ok(listeners.length > 0, 'nothing listens')
    for (const listener of listeners.splice(0)) listener(status)
  }
}

/** An error as napi throws it. */
export function nativeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Options of a configured workspace. */
export const configured: OpenOptions = {
  section: '{"bucket":"b"}',
  workspaceRoot: '/workspace',
  ci: false,
  nxVersion: '24.0.6',
  verbose: false,
}

/** Runs `body` with an environment variable set. */
export async function withEnv<T>(name: string, value: string | undefined, body: () => T | Promise<T>): Promise<T> {
  const before = process.env[name]
  const set = (to: string | undefined) => {
    if (to === undefined) delete process.env[name]
    else process.env[name] = to
  }
  set(value)
  try {
    return await body()
  } finally {
    set(before)
  }
}
