import assert from 'node:assert/strict'
import { test } from 'node:test'
import { route, type Situation } from '../ts/route'

const asking = "await this.resolveRemoteCache('@nx/s3-cache')"
const situation: Situation = { wanted: undefined, source: () => asking, imported: () => 'nx-s3-cache' }

test('the direct way is taken where Nx imports this package', () => {
  const { way, why } = route(situation)
  assert.equal(way, 'direct')
  assert.match(why, /this package/)
})

test('the server is used where Nx does not, for whatever reason', () => {
  for (const [change, reason] of [
    [{ source: () => 'warn("@nx/s3-cache is gone")' }, /does not import/],
    [{ source: () => undefined }, /does not import/],
    [{ imported: () => undefined }, /not installed/],
    [{ imported: () => '@nx/s3-cache' }, /is @nx\/s3-cache/],
  ] as const) {
    const { way, why } = route({ ...situation, ...change })
    assert.equal(way, 'server')
    assert.match(why, reason)
  }
})

test('NX_S3_CACHE_ROUTE decides, and auto leaves it open', () => {
  assert.equal(route({ ...situation, wanted: 'server' }).way, 'server')
  assert.equal(route({ ...situation, wanted: 'direct', source: () => undefined }).way, 'direct')
  for (const wanted of ['auto', '']) assert.equal(route({ ...situation, wanted }).way, 'direct')
})

test('the Nx of this repository asks for the name, which resolves to nothing here', () => {
  assert.deepEqual(route(), { way: 'server', why: '@nx/s3-cache is not installed' })
})
