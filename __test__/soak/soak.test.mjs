// A while of chance: processes store and retrieve through a faulty network, and some are killed.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { soak } from '../../scripts/soak/soak.mjs'

const seconds = Number(process.env.SOAK_SECONDS) || 30
const seed = Number(process.env.SOAK_SEED) || Date.now() % 1_000_000

describe(`A soak of ${seconds} s with seed ${seed} (SOAK_SEED=${seed} repeats it)`, () => {
  let tally
  before(async () => {
    tally = await soak({ seconds, seed })
  })

  it('has stores, hits, faults and kills', t => {
    for (const line of tally.text.split('\n')) t.diagnostic(line)
    for (const count of [tally.stores, tally.hits, tally.injected, tally.killed]) assert.ok(count > 0)
  })

  it('restores only what was stored, byte for byte', () => assert.deepEqual(tally.mismatches, []))

  it('fails no call', () => assert.deepEqual(tally.rejected, []))

  it('neither crashes nor hangs', () => assert.deepEqual([tally.crashed, tally.hung], [[], []]))

  it('leaves a bucket in which everything can be stored and restored again', () => assert.equal(tally.missing, 0))

  it('leaves nothing behind in the cache directories', () => assert.deepEqual(tally.leftovers, []))
})
