import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { finish, finishAtExit } from '../ts/exit'
import { catchExit, FakeNative, listen } from './support/fakes'

const done: string[] = []
const two = ['111', '222']

let signals: () => void
beforeEach(() => {
  const kept = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(signal => [signal, process.listeners(signal)] as const)
  signals = () => {
    for (const [signal, listeners] of kept) for (const listener of listeners) process.on(signal, listener)
  }
  delete process.env['NX_VERBOSE_LOGGING']
})
afterEach(() => signals())

function end(native: FakeNative, interrupted = false): string {
  const { notices, written } = listen()
  finish(native.native, notices, { interrupted })
  return written.join('')
}

test('a run that has nothing left to upload ends without a word', () => {
  const native = new FakeNative()
  assert.equal(end(native), '')
  assert.deepEqual(native.flushes, [1000])
})

describe('uploads that take longer than a second', () => {
  test('are announced and waited for', () => {
    const native = new FakeNative()
    native.pending = [two, done]
    assert.equal(end(native), 'nx-s3-cache: finishing 2 uploads, for at most 29 s; Ctrl-C leaves at once\n')
    assert.deepEqual(native.flushes, [1000, 29_000])
  })

  test('are named when the time is over, with the remedy and the summary', () => {
    const native = new FakeNative()
    native.pending = [two, two]
    assert.match(end(native), /left 2 uploads unfinished[\s\S]*- 111\n- 222\n.*flushTimeout[\s\S]*1 hit, 2 misses/)
  })

  test('are not waited for after an interruption', () => {
    const native = new FakeNative()
    native.pending = [two]
    assert.match(end(native, true), /unfinished[\s\S]*interrupted/)
    assert.deepEqual(native.flushes, [1000])
  })

  test('are named one by one up to five', () => {
    const native = new FakeNative()
    native.flushTimeoutMs = 10
    native.pending = [['1', '2', '3', '4', '5', '6', '7']]
    const text = end(native)
    assert.match(text, /- 5\n- and 2 more\n/)
    assert.doesNotMatch(text, /- 6\n/)
  })

  test('let Ctrl-C end the process, which no JavaScript listener could', () => {
    const listener = () => {}
    process.on('SIGINT', listener)
    const native = new FakeNative()
    native.pending = [two, done]
    end(native)
    assert.equal(process.listenerCount('SIGINT'), 0)
  })
})

test('a flush timeout below a second is kept to', () => {
  const native = new FakeNative()
  native.flushTimeoutMs = 0
  native.pending = [two]
  end(native)
  assert.deepEqual(native.flushes, [0])
})

test('warnings of uploads that failed in the background appear, followed by the summary', () => {
  const native = new FakeNative()
  native.warnings = [{ title: 'Access denied', body: ['s3:PutObject'] }]
  assert.match(end(native), /Access denied[\s\S]*nx-s3-cache: 1 hit, 2 misses\n$/)
})

test('the summary appears when something went wrong and in verbose runs', () => {
  const failed = new FakeNative()
  failed.errors = { 'timed-out': 1 }
  assert.equal(end(failed), 'nx-s3-cache: 1 hit, 2 misses\n')
  process.env['NX_VERBOSE_LOGGING'] = 'true'
  assert.equal(end(new FakeNative()), 'nx-s3-cache: 1 hit, 2 misses\n')
})

test('the run is written down once, after the uploads and before its summary', () => {
  const native = new FakeNative()
  native.recordRun = () => {
    assert.equal(native.flushes.length, 1)
    native.warnings.push({ title: 'Disk full', body: [] })
  }
  assert.match(end(native), /Disk full[\s\S]*1 hit, 2 misses\n$/)
})

test('the log of requests appears in any run that asked for it', () => {
  const native = new FakeNative()
  native.log = ['0.1 s  GET http://host/key: 200 in 3 ms']
  assert.equal(end(native), 'nx-s3-cache: 0.1 s  GET http://host/key: 200 in 3 ms\n')
})

test('nothing that happens at exit changes the exit code', t => {
  const exit = catchExit(t)
  const native = new FakeNative()
  native.flush = () => {
    throw new Error('a panic')
  }
  finishAtExit(native.native, listen().notices)
  exit(0)
})
