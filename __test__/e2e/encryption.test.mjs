// What a team sees that encrypts its cache: nothing while all have the key, and one warning where one has not.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { assertOneWarning, assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace, tasks } from './support/setting.mjs'

const key = 'q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s='
const passphrase = 'a passphrase that a team agreed on'

describe('Encryption', async () => {
  const { server, workspace } = await serverAndWorkspace()
  const run = async encryptionKey => {
    workspace.wipe()
    return workspace.nx(everything, { environment: { NX_S3_CACHE_ENCRYPTION_KEY: encryptionKey } })
  }
  let built

  it('stores nothing readable', async () => {
    const outcome = await run(key)
    assertRan(outcome, projects)
    assertSilent(outcome)
    built = workspace.outputs()
    for (const { key: name } of server.objects()) {
      const bytes = readFileSync(join(server.storage, server.buckets[0], name))
      // Words of outputs, of terminal output and of the manifest, each too long to turn up in noise by chance.
      for (const word of ['The source of', 'index.js', 'Built ui', '"producer"', 'nx-s3-cache']) {
        assert.ok(!bytes.includes(word), `${name}: ${word}`)
      }
    }
  })

  it('restores with the same key', async () => {
    assertRestored(await run(key), tasks)
    assert.deepEqual(workspace.outputs(), built)
  })

  it('without the key: misses, one warning, a green build, and the entries stay as they are', async () => {
    const before = server.objects()
    const outcome = await run(undefined)
    assertOneWarning(outcome, /encrypt/i)
    assertRan(outcome, projects)
    assert.deepEqual(workspace.outputs(), built)
    assert.deepEqual(server.objects(), before)
    assertRestored(await run(key), tasks)
  })

  it('with another key: misses, one warning, a green build, and what it builds replaces the entries', async () => {
    const outcome = await run(passphrase)
    assertOneWarning(outcome, /key/i)
    assertRan(outcome, projects)
    assert.deepEqual(workspace.outputs(), built)
    assertRestored(await run(passphrase), tasks)
  })
})
