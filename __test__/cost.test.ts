import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const scripts = pathToFileURL(join(__dirname, '../scripts/cost')).href

test('the cost page says what its model computes', async () => {
  const { page, rendered } = await import(`${scripts}/page.mjs`)
  const text = readFileSync(page, 'utf8')
  assert.equal(rendered(text), text, 'run npm run cost')
})

test('the prices in the text of the cost page are those of the model', async () => {
  const { page, figures } = await import(`${scripts}/page.mjs`)
  const text = readFileSync(page, 'utf8').replaceAll('\n', ' ')
  const { s3, r2 } = figures.prices
  const ofS3 = `$${s3.put * 1e6} a million PUT, $${(s3.get * 1e6).toFixed(2)} a million GET, $${s3.gigabyteMonth} a GB-month`
  assert.ok(text.includes(ofS3), ofS3)
  assert.ok(text.includes(`R2 $${(r2.put * 1e6).toFixed(2)}, $${r2.get * 1e6} and $${r2.gigabyteMonth}`))
})

test('a month has what runs and developers ask for, and only runs store', async () => {
  const { month } = await import(`${scripts}/model.mjs`)
  const team = { developers: 2, runs: 10, tasks: 100, hits: 0.9 }
  const { hits, misses, stores } = month(team, { days: 20, developerRuns: 5, developerShare: 0.1 })
  assert.equal(Math.round(hits), 0.9 * (20_000 + 2_000))
  assert.equal(Math.round(misses), 2_200)
  assert.equal(Math.round(stores), 2_000)
})

test('one PUT costs as much as keeping 217 kB for a month', async () => {
  const { bytesForAPut } = await import(`${scripts}/model.mjs`)
  const { figures } = await import(`${scripts}/page.mjs`)
  assert.equal(Math.round(bytesForAPut(figures.prices.s3) / 1e3), 217)
})
