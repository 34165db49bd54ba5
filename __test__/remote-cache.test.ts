import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RemoteCache } from '../ts/remote-cache'
import { FakeNative, listen, nativeError } from './support/fakes'

function cacheOver(native: FakeNative) {
  const heard = listen()
  return { cache: new RemoteCache(native.native, heard.notices), ...heard }
}

describe('retrieve', () => {
  test('hands a hit to Nx unchanged', async () => {
    const hit = { code: 1, terminalOutput: 'ü 🎉', outputsPath: '/cache/1', size: 7 }
    const native = new FakeNative()
    native.retrieve = async () => hit
    assert.deepEqual(await cacheOver(native).cache.retrieve('1', '/cache'), hit)
  })

  test('rejects for fatal errors, with the message alone', async () => {
    const native = new FakeNative()
    native.retrieve = async () => {
      throw nativeError('InvalidArg', 'the local disk is broken')
    }
    await assert.rejects(cacheOver(native).cache.retrieve('1', '/cache'), {
      message: 'the local disk is broken',
      stack: '',
    })
  })

  test('turns any other error into a miss and one warning', async () => {
    const native = new FakeNative()
    native.retrieve = async () => {
      throw nativeError('GenericFailure', 'a panic')
    }
    const { cache, viaNx } = cacheOver(native)
    assert.equal(await cache.retrieve('1', '/cache'), null)
    assert.equal(await cache.retrieve('2', '/cache'), null)
    assert.equal(viaNx.length, 1)
    assert.match(viaNx[0]?.body.join('\n') ?? '', /a panic/)
  })
})

describe('store', () => {
  test('answers what the native side answers', async () => {
    const native = new FakeNative()
    native.store = async () => false
    assert.equal(await cacheOver(native).cache.store('1', '/cache', '', 0), false)
  })

  test('never rejects, not even for fatal errors', async () => {
    const native = new FakeNative()
    native.store = async () => {
      throw nativeError('InvalidArg', 'no')
    }
    const { cache, viaNx } = cacheOver(native)
    assert.equal(await cache.store('1', '/cache', '', 0), false)
    assert.equal(await cache.store('2', '/cache', '', 0), false)
    assert.equal(viaNx.length, 1)
  })

  test('never rejects when the native side throws before it returns a promise', async () => {
    const native = new FakeNative()
    native.store = () => {
      throw new TypeError('a task hash is a string')
    }
    assert.equal(await cacheOver(native).cache.store('1', '/cache', '', 0), false)
  })
})

test('native warnings are shown after the call that caused them, each as often as the native side says', async () => {
  const native = new FakeNative()
  const { cache, viaNx } = cacheOver(native)
  const wrongKey = { title: 'wrong key', body: ['entry 1'] }
  native.warnings = [wrongKey]
  await cache.retrieve('1', '/cache')
  assert.deepEqual(viaNx, [wrongKey])
  native.warnings = [{ title: 'wrong key', body: ['entry 2'] }]
  await cache.store('2', '/cache', '', 0)
  assert.equal(viaNx.length, 2)
})
