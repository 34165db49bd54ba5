import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const facts = pathToFileURL(join(__dirname, '../scripts/release/facts.mjs')).href

test('the version is the same everywhere', async () => {
  const { main, versions } = await import(facts)
  for (const [path, version] of Object.entries(versions())) assert.equal(version, main.version, path)
})

test('the text of a release is its section of the changelog', async () => {
  const { changes } = await import(facts)
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n\n- new\n\n## [1.1.0] - 2025-01-01\n\n- old\n'
  assert.equal(changes('1.2.0', changelog), '- new')
  assert.equal(changes('1.1.0', changelog), '- old')
  assert.equal(changes('Unreleased', changelog), '')
  assert.equal(changes('9.9.9', changelog), undefined)
})
