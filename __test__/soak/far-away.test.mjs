// One round on a long and lossy way to the bucket, about half a minute: everything is slow and nothing is wrong.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { soakFarAway } from '../../scripts/soak/far-away.mjs'

const seed = Number(process.env.SOAK_SEED) || Date.now() % 1_000_000

describe(`A soak 66 ms away, with one packet in a hundred lost, with seed ${seed} (SOAK_SEED=${seed})`, () => {
  let tally
  let counts
  before(async () => {
    ;({ tally, counts } = await soakFarAway({ seconds: 0, seed }))
  })

  it('has stores, and packets that are lost', t => {
    for (const line of tally.calls) t.diagnostic(line)
    t.diagnostic(`${counts.lost} of ${counts.segments} segments lost on ${counts.connections} connections`)
    assert.ok(tally.stores > 0 && counts.lost > 100)
  })

  it('finishes every upload', () => assert.equal(tally.unfinished, 0))

  it('restores every artifact, byte for byte', () =>
    assert.deepEqual([tally.hits, tally.misses, tally.mismatches], [tally.stores, 0, []]))

  it('has nothing to complain about', () => {
    const { 'nx-s3-cache: any pull request can poison this cache': _, ...warnings } = tally.warnings
    assert.deepEqual([warnings, tally.broken], [{}, []])
  })
})
