import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const scripts = pathToFileURL(join(__dirname, '../scripts/providers')).href

test('the page on providers says what the runs found', async () => {
  const { page, rendered } = await import(`${scripts}/page.mjs`)
  const text = readFileSync(page, 'utf8')
  assert.equal(rendered(text), text, 'run npm run test:providers, or scripts/providers.mjs with the name of one server')
})

test('every server was run, and no finding is left out of the page', async () => {
  const { features } = await import(`${scripts}/page.mjs`)
  const { results } = await import(`${scripts}/results.mjs`)
  const { servers } = await import(`${scripts}/servers.mjs`)
  const all: Record<string, { version: string; findings: object }> = results()
  const names: string[] = servers.map(({ name }: { name: string }) => name)
  assert.deepEqual(Object.keys(all).sort(), names.sort())
  for (const { name, version } of servers) {
    assert.equal(all[name]?.version, version, name)
    const unknown = Object.keys(all[name]?.findings ?? {}).filter(feature => !(feature in features))
    assert.deepEqual(unknown, [], name)
  }
})

test('all settings on the page are options', async () => {
  const { page } = await import(`${scripts}/page.mjs`)
  const text = readFileSync(page, 'utf8')
  const example = JSON.parse(text.split('```json')[1]?.split('```')[0] ?? '')
  const providers = text.split('## Providers that were read about')[1]?.split('\n## ')[0] ?? ''
  const cells = providers.split('\n').flatMap(line => line.split('|')[3] ?? [])
  const settings = cells.flatMap(cell => [...cell.matchAll(/`(\w+)/g)].map(match => match[1] ?? ''))
  assert.ok(settings.includes('region') && settings.includes('disableChecksum'))
  const options = JSON.parse(readFileSync(join(__dirname, '../nx-s3.schema.json'), 'utf8')).definitions.s3.properties
  assert.deepEqual(
    [...Object.keys(example.s3), ...settings].filter(name => !(name in options)),
    [],
  )
})
