// SIGKILL in the middle of storing and of restoring: nothing half-done is ever seen, and the next run is right.
import assert from 'node:assert/strict'
import { readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { killGroup } from '../../scripts/support/command.mjs'
import { assertRan, assertRestored } from './support/expect.mjs'
import { serverAndWorkspace } from './support/setting.mjs'
import { startProxy } from './support/tcp-proxy.mjs'

const build = ['run', 'assets:build', '--outputStyle=static']
/** Of the 15 MiB that the artifact has, stored. */
const someOfIt = 6 << 20

describe('A killed process', async () => {
  const { server, workspace } = await serverAndWorkspace()
  const proxy = await startProxy(server.endpoint)
  workspace.environment.NX_S3_CACHE_ENDPOINT = proxy.endpoint

  /** Runs Nx until so many bytes have travelled, then kills it with everything it started. */
  async function killInTheMiddle() {
    let nx
    const stalled = proxy.stallAfter(someOfIt)
    const ended = workspace.nx(build, {
      onStart: child => {
        nx = child
      },
    })
    await stalled
    killGroup(nx)
    assert.equal((await ended).signal, 'SIGKILL')
    proxy.recover()
  }

  it('in mid-store leaves no entry, and the next run stores it', async () => {
    await killInTheMiddle()
    const entries = server.objects().filter(({ key }) => key.includes('/e/'))
    assert.deepEqual(entries, [])
    workspace.wipe()
    assertRan(await workspace.nx(build), ['assets'])
    workspace.wipe()
    assertRestored(await workspace.nx(build), ['assets:build'])
  })

  it('in mid-restore leaves nothing that Nx takes for an artifact, and the next run restores it', async () => {
    const built = workspace.outputs()
    workspace.wipe()
    await killInTheMiddle()
    assert.deepEqual(workspace.outputs(), {})
    assertRestored(await workspace.nx(build), ['assets:build'])
    assert.deepEqual(workspace.outputs(), built)
  })

  it('leaves no staging directory behind for good', async () => {
    const cache = join(workspace.root, '.nx', 'cache')
    const leftovers = () => readdirSync(cache).filter(name => name.startsWith('.nx-s3-cache-'))
    assert.notDeepEqual(leftovers(), [], 'the killed restore should have left one')
    // Young ones are left alone, since another process may be about to use them.
    const aMinuteAgo = Date.now() / 1000 - 60
    for (const name of leftovers()) utimesSync(join(cache, name), aMinuteAgo, aMinuteAgo)
    for (const name of readdirSync(cache).filter(name => /^\d+$/.test(name)))
      rmSync(join(cache, name), { recursive: true })
    rmSync(join(workspace.root, '.nx', 'workspace-data'), { recursive: true, force: true })
    assertRestored(await workspace.nx(build), ['assets:build'])
    assert.deepEqual(leftovers(), [])
  })
})
