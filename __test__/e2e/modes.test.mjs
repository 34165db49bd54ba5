// Which runs may restore and which may store. The modes are set by variables: nx.json is an input of every task, so
// that another section would make other hashes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { serverAndWorkspace } from './support/setting.mjs'

const build = ['run', 'lib:build', '--outputStyle=static']
const chain = ['lib', 'ui']
const chainTasks = ['lib:build', 'ui:build']

describe('Modes', async () => {
  const { server, workspace } = await serverAndWorkspace({ section: { localMode: 'no-cache', ciMode: 'read-only' } })
  const run = environment => {
    workspace.wipe()
    return workspace.nx(build, { environment })
  }

  it('read-only restores nothing from an empty bucket, and stores nothing', async () => {
    const outcome = await run({ NX_S3_CACHE_LOCAL_MODE: 'read-only' })
    assertRan(outcome, chain)
    assertSilent(outcome)
    assert.deepEqual(server.objects(), [])
  })

  it('write-only stores, and does not restore', async () => {
    assertRan(await run({ NX_S3_CACHE_LOCAL_MODE: 'write-only' }), chain)
    assert.equal(server.objects().length, 2)
    assertRan(await run({ NX_S3_CACHE_LOCAL_MODE: 'write-only' }), chain)
  })

  it('read-only restores what others stored', async () => {
    assertRestored(await run({ NX_S3_CACHE_LOCAL_MODE: 'read-only' }), chainTasks)
  })

  it('no-cache, here from nx.json, asks the bucket nothing', async () => {
    const before = server.requests().length
    const outcome = await run()
    assertRan(outcome, chain)
    assertSilent(outcome)
    assert.equal(server.requests().length, before)
  })

  it('ciMode rules in CI', async () => {
    assertRestored(await run({ CI: 'true' }), chainTasks)
    workspace.touch('ui')
    const before = server.objects().length
    assertRan(await run({ CI: 'true' }), chain)
    assert.equal(server.objects().length, before)
  })

  it('the variable of the package we replace is understood', async () => {
    assertRan(await run({ NX_POWERPACK_CACHE_MODE: 'read-write' }), chain)
    assertRestored(await run({ NX_POWERPACK_CACHE_MODE: 'read-write' }), chainTasks)
  })
})
