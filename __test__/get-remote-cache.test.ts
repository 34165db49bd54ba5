import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRemoteCache } from '../ts/get-remote-cache'
import { takenKeys } from '../ts/keys'
import type { LoadNative, Native } from '../ts/native'
import { RemoteCache } from '../ts/remote-cache'
import { catchExit, configured, FakeNative, listen, nativeError, withEnv } from './support/fakes'

const { section: _, ...unconfigured } = configured

function never(): never {
  throw new Error('the native module must not be loaded')
}

function throwing(error: Error): LoadNative {
  const open = () => {
    throw error
  }
  return () => ({ NativeCache: { open } }) as unknown as Native
}

test('a configured workspace gets a cache, and silence', async t => {
  const { notices, viaNx, written } = listen()
  const native = new FakeNative()
  const exit = catchExit(t)
  const cache = await openRemoteCache({
    notices,
    loadNative: () => native.module,
    readOptions: () => configured,
  })
  assert.ok(cache instanceof RemoteCache)
  assert.deepEqual([...viaNx, ...written], [])
  exit()
  assert.deepEqual(native.flushes, [1000])
})

test('without configuration the run is told once what is missing, and nothing native is loaded', async () => {
  const { notices, viaNx } = listen()
  const surroundings = { notices, loadNative: never, readOptions: () => unconfigured }
  await withEnv('NX_S3_CACHE_BUCKET', undefined, async () => {
    assert.equal(await openRemoteCache(surroundings), null)
    assert.equal(await openRemoteCache(surroundings), null)
  })
  assert.equal(viaNx.length, 1)
  assert.match(viaNx[0]?.title ?? '', /not configured/)
  assert.match(viaNx[0]?.body.join('\n') ?? '', /local cache only[\s\S]*nx g @nx\/s3-cache:init/)
})

test('NX_S3_CACHE_BUCKET is enough to be configured', async t => {
  catchExit(t)
  const loadNative = () => new FakeNative().module
  const open = () => openRemoteCache({ notices: listen().notices, loadNative, readOptions: () => unconfigured })
  assert.ok(await withEnv('NX_S3_CACHE_BUCKET', 's3://b', open))
})

test('a platform without a binary goes on without a cache and is told why', async () => {
  const { notices, viaNx } = listen()
  const problem = { title: 'no binary', body: ['because'] }
  const loadNative = () => ({ problem })
  assert.equal(await openRemoteCache({ notices, loadNative, readOptions: () => configured }), null)
  assert.deepEqual(viaNx, [problem])
})

test('a configuration error stops the run with exactly the native message', async () => {
  const { notices, viaNx } = listen()
  const loadNative = throwing(nativeError('InvalidArg', 'nx.json: s3.buckett\nDid you mean "bucket"?'))
  await assert.rejects(openRemoteCache({ notices, loadNative, readOptions: () => configured }), {
    message: 'nx.json: s3.buckett\nDid you mean "bucket"?',
    stack: '',
  })
  assert.deepEqual(viaNx, [])
})

test('any other failure to start costs the cache, not the run', async () => {
  const { notices, viaNx } = listen()
  const loadNative = throwing(new Error('out of threads'))
  assert.equal(await openRemoteCache({ notices, loadNative, readOptions: () => configured }), null)
  assert.match(viaNx[0]?.body.join('\n') ?? '', /out of threads/)
})

const KEY = 'NX_S3_CACHE_ENCRYPTION_KEY'

for (const [how, loadNative, options] of [
  ['is not configured', never, unconfigured],
  ['has no binary', () => ({ problem: { title: 'no binary', body: [] } }), configured],
  ['has a configuration error', throwing(nativeError('InvalidArg', 'wrong')), configured],
  ['is switched off', () => Object.assign(new FakeNative(), { mode: 'no-cache' }).module, configured],
] as const) {
  test(`a cache that ${how} leaves no key in the environment of the tasks`, async () => {
    await withEnv('NX_S3_CACHE_BUCKET', undefined, () =>
      withEnv(KEY, how, async () => {
        const surroundings = { notices: listen().notices, loadNative, readOptions: () => options }
        await openRemoteCache(surroundings).catch(() => null)
        assert.equal(process.env[KEY], undefined)
      }),
    )
    assert.equal(takenKeys()[KEY], how)
  })
}

test('a cache that is opened a second time, for another workspace, still has the keys', async t => {
  catchExit(t)
  const opened: unknown[] = []
  const loadNative = () => new FakeNative().module
  const readOptions = () => {
    opened.push(takenKeys()[KEY])
    return configured
  }
  const open = () => openRemoteCache({ notices: listen().notices, loadNative, readOptions })
  await withEnv(KEY, 'passphrase', open)
  await open()
  assert.deepEqual(opened, ['passphrase', 'passphrase'])
})

test('keys that could not be kept from tasks are a warning', async t => {
  const taskEnvironment = require('nx/src/tasks-runner/task-env')
  const { getEnvVariablesForTask } = taskEnvironment
  t.after(() => Object.assign(taskEnvironment, { getEnvVariablesForTask }))
  Object.assign(taskEnvironment, { getEnvVariablesForTask: undefined })
  const { notices, viaNx } = listen()
  const surroundings = { notices, loadNative: never, readOptions: () => unconfigured }
  await withEnv(KEY, 'passphrase', () => openRemoteCache(surroundings))
  assert.match(viaNx[0]?.title ?? '', /Tasks may see the secret keys/)
})

test('mode no-cache means no cache and no words, except in a verbose run', async () => {
  const native = new FakeNative()
  native.mode = 'no-cache'
  const { notices, viaNx, written } = listen()
  const open = () => openRemoteCache({ notices, loadNative: () => native.module, readOptions: () => configured })
  assert.equal(await withEnv('NX_VERBOSE_LOGGING', undefined, open), null)
  assert.deepEqual([...viaNx, ...written], [])
  assert.equal(await withEnv('NX_VERBOSE_LOGGING', 'true', open), null)
  assert.match(written.join(''), /no-cache/)
})
