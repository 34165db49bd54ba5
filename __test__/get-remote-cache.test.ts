import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRemoteCache } from '../ts/get-remote-cache'
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
