// Several Nx processes at once on the same hashes, as on a developer's machine with two terminals or in CI.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createWorkspace } from '../../scripts/support/workspace.mjs'
import { assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace, tasks } from './support/setting.mjs'

describe('Several processes at once', async () => {
  const { server, workspace } = await serverAndWorkspace()
  const other = await createWorkspace({ s3: server.section(), environment: server.environment })
  after(() => other.dispose())

  it('two machines that build and store the same at once leave one good set of entries', async () => {
    const runs = await Promise.all([workspace.nx(everything), other.nx(everything)])
    for (const run of runs) {
      assert.equal(run.code, 0, run.text)
      assertSilent(run)
    }
    const entries = server.objects().filter(({ key }) => key.includes('/e/'))
    assert.equal(entries.length, tasks.length)
  })

  it('three processes in one workspace restore the same entries at once', async () => {
    const built = other.outputs()
    workspace.wipe()
    const runs = await Promise.all([1, 2, 3].map(() => workspace.nx(everything)))
    for (const run of runs) {
      assertRan(run, [])
      assertSilent(run)
    }
    assert.deepEqual(workspace.outputs(), built)
  })

  it('what both stored is restored', async () => {
    other.wipe()
    assertRestored(await other.nx(everything), tasks)
    assert.equal(projects.length, tasks.length)
  })
})
