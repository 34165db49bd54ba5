import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NxCache } from '../ts/nx'
import { nameTasks } from '../ts/task-names'
import { FakeNative } from './support/fakes'

const task = (id: string, hash: string) => ({ id, hash })

test('the tasks that Nx hands to its own cache are named, and the cache does what it did', () => {
  const calls: unknown[][] = []
  const cache = {
    calls,
    get(...words: unknown[]) {
      this.calls.push(words)
      return 'got'
    },
    getBatch: (...words: unknown[]) => calls.push(words),
    put: (...words: unknown[]) => calls.push(words),
  }
  const fake = new FakeNative()
  nameTasks(fake.native, () => cache)
  assert.equal(cache.get(task('web:build', '1')), 'got')
  cache.getBatch([task('ui:build', '2'), task('api:test:ci', '3')])
  cache.put(task('web:lint', '4'), 'output', [], 0)
  assert.deepEqual(fake.named, [
    ['1', 'web:build'],
    ['2', 'ui:build'],
    ['3', 'api:test:ci'],
    ['4', 'web:lint'],
  ])
  assert.deepEqual(calls, [
    [task('web:build', '1')],
    [[task('ui:build', '2'), task('api:test:ci', '3')]],
    [task('web:lint', '4'), 'output', [], 0],
  ])
})

test('an Nx that does it in another way has no names, and its runs go on', () => {
  const fake = new FakeNative()
  nameTasks(fake.native, () => {
    throw new Error('no such module')
  })
  const cache: NxCache = { get: () => 'got' }
  nameTasks(fake.native, () => cache)
  assert.equal(cache.get?.(undefined), 'got')
  assert.equal(cache.get?.({ id: 5 }), 'got')
  assert.deepEqual(fake.named, [])
})
