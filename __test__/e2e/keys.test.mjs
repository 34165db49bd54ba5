// The secret keys are for the cache alone: no task inherits them, however Nx starts it.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { assertOneWarning, assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { serverAndWorkspace, versions } from './support/setting.mjs'
import { addSpies, seenBy } from './support/spies.mjs'
import { inTerminal, noTerminal } from './support/terminal.mjs'
import { keyPair, objectsOf, pushToMain, trusting } from './support/trust.mjs'

const key = keyPair('main-2026')
const NX_S3_CACHE_ENCRYPTION_KEY = 'a passphrase that a team agreed on'
const keys = { ...pushToMain(key), NX_S3_CACHE_ENCRYPTION_KEY }
const secrets = [key.secretKey, NX_S3_CACHE_ENCRYPTION_KEY]
const build = ['run', 'docs:build', '--outputStyle=static']
const spying = ['run-many', '--targets=spy', '--outputStyle=static']

function assertWithoutKeys(workspace, spy) {
  const seen = seenBy(workspace, spy)
  const leaked = Object.keys(seen).filter(name => secrets.some(secret => seen[name].includes(secret)))
  assert.deepEqual(leaked, [], `${spy} has seen them`)
  assert.equal(seen.NX_S3_CACHE_KEYS_REMOVED, 'NX_S3_CACHE_SIGNING_KEY,NX_S3_CACHE_ENCRYPTION_KEY')
}

for (const nx of versions) {
  describe(`With Nx ${nx}`, async () => {
    const { server, workspace } = await serverAndWorkspace({ nx, section: trusting(key) })
    addSpies(workspace)

    it('a command, a script and an executor run without the keys', async () => {
      const run = await workspace.nx(spying, { environment: keys })
      assert.equal(run.code, 0, run.text)
      assertSilent(run)
      for (const spy of ['command', 'script', 'executor']) assertWithoutKeys(workspace, spy)
    })

    it('an executor that works in batches does, too', async () => {
      const run = await workspace.nx(spying, { environment: { ...keys, NX_BATCH_MODE: 'true' } })
      assert.equal(run.code, 0, run.text)
      assertWithoutKeys(workspace, 'batch')
    })

    it('and so do tasks that run in a terminal', { skip: noTerminal }, async () => {
      for (const spy of ['command', 'executor']) {
        const run = await workspace.nx(['run', `${spy}:spy`], { environment: keys, through: inTerminal })
        assert.equal(run.code, 0, run.text)
        assertWithoutKeys(workspace, spy)
      }
    })

    it('nor do tasks see keys that a .env file holds, with the daemon', async () => {
      const file = Object.entries({ NX_S3_CACHE_SIGNING_KEY: key.secretKey, NX_S3_CACHE_ENCRYPTION_KEY })
      writeFileSync(join(workspace.root, '.env'), file.map(([name, value]) => `${name}="${value}"\n`).join(''))
      const run = await workspace.nx(spying, { environment: { ...pushToMain(), NX_DAEMON: 'true' } })
      writeFileSync(join(workspace.root, '.env'), '')
      assert.equal(run.code, 0, run.text)
      for (const spy of ['command', 'script', 'executor']) assertWithoutKeys(workspace, spy)
    })

    it('the cache itself signs and encrypts with them', async () => {
      const first = await workspace.nx(build, { environment: keys })
      assertRan(first, ['docs'])
      assert.equal(objectsOf(server, 't/e').length, 1)
      workspace.wipe()
      const second = await workspace.nx(build, { environment: { NX_S3_CACHE_ENCRYPTION_KEY } })
      assertRestored(second, ['docs:build'])
      assertSilent(second)
    })
  })
}

describe('A run of Nx inside a task', async () => {
  const { server, workspace } = await serverAndWorkspace({ section: trusting(key) })
  const outer = join(workspace.root, 'packages', 'outer')
  mkdirSync(outer)
  const inner = { command: 'nx run docs:build --outputStyle=static' }
  writeFileSync(join(outer, 'project.json'), JSON.stringify({ name: 'outer', targets: { nested: inner } }))
  const nested = environment => {
    workspace.wipe()
    return workspace.nx(['run', 'outer:nested', '--outputStyle=static'], { environment })
  }

  it('that lacks the encryption key has no cache, is told so, and stores nothing in the clear', async () => {
    const run = await nested({ NX_S3_CACHE_ENCRYPTION_KEY })
    assertRan(run, ['docs'])
    assertOneWarning(run, /could not start/, /NX_S3_CACHE_ENCRYPTION_KEY is not inherited/)
    assert.deepEqual(server.objects(), [])
  })

  it('that lacks the signing key restores what is signed', async () => {
    workspace.wipe()
    assertRan(await workspace.nx(build, { environment: pushToMain(key) }), ['docs'])
    const run = await nested(pushToMain(key))
    assertRan(run, [])
    assert.deepEqual(run.remoteHits, ['docs:build'])
  })
})
