// Nx 23 and later keep their cache directory below `maxCacheSize`: they remove the oldest artifacts while tasks run, and
// one that alone is too large even before they ask us to store it. What is gone must not be stored as "no outputs".
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRan } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace } from './support/setting.mjs'

describe('A local cache with little room', async () => {
  const { workspace } = await serverAndWorkspace()

  it('stores only what is complete', async () => {
    assertRan(await workspace.nx(everything, { environment: { NX_MAX_CACHE_SIZE: '1MB' } }), projects)
    const built = workspace.outputs()
    workspace.wipe()
    const run = await workspace.nx(everything)
    assert.equal(run.code, 0, run.text)
    assert.deepEqual(workspace.outputs(), built, run.text)
  })
})
