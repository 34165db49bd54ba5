// Trouble with the local disk. It needs file systems of its own, so it needs root on Linux.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { assertOneWarning, assertRan, assertRestored, notices } from './support/expect.mjs'
import { serverAndWorkspace } from './support/setting.mjs'

const build = ['run', 'assets:build', '--outputStyle=static']

const options = 'size=64m,mode=755'

/** An empty file system on a new directory; `undefined` where this process may not make one. */
function mountSomewhere() {
  const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-mount-'))
  if (mount(directory, options)) return directory
  rmdirSync(directory)
}

function mount(directory, how) {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', how, 'tmpfs', directory]).status === 0
}

function unmount(directory) {
  spawnSync('umount', [directory])
}

const cache = mountSomewhere()
const skip = cache ? false : 'needs to mount a file system, which only root may'

describe('Trouble with the disk', { skip }, async () => {
  if (skip) return
  after(() => {
    unmount(cache)
    rmdirSync(cache)
  })
  const { workspace } = await serverAndWorkspace()
  // Nx's own limit is a tenth of the file system, which would remove the artifact as soon as it is there.
  Object.assign(workspace.environment, { NX_CACHE_DIRECTORY: cache, NX_MAX_CACHE_SIZE: '1GB' })

  function emptyTheDisk() {
    unmount(cache)
    workspace.wipe()
    assert.ok(mount(cache, options))
  }

  it('a disk that fills while restoring: one warning, nothing half-restored, and the task runs', async () => {
    assertRan(await workspace.nx(build), ['assets'])
    emptyTheDisk()
    const filler = join(cache, 'filler')
    writeFileSync(filler, Buffer.alloc(56 << 20))
    // The task makes room, since Nx itself fails where it cannot keep a task's outputs.
    const run = await workspace.nx(build, { environment: { FREE_DISK: filler } })
    assertRan(run, ['assets'])
    assertOneWarning(run, /no space|disk/i)
    assert.ok(!existsSync(filler))
    assert.deepEqual(
      readdirSync(cache).filter(name => name.startsWith('.nx-s3-cache')),
      [],
    )
  })

  it('with room again, it is restored', async () => {
    emptyTheDisk()
    assertRestored(await workspace.nx(build), ['assets:build'])
  })

  it('a read-only cache directory: Nx fails as it does without us, and our warning says why nothing was restored', async () => {
    emptyTheDisk()
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', cache]).status, 0)
    const without = await workspace.nx(build, { environment: { NX_SKIP_REMOTE_CACHE: 'true' } })
    const run = await workspace.nx(build)
    assert.equal(run.code, without.code)
    assert.match(run.text, /Read-only file system/)
    assert.ok(notices(run).length > 0, run.text)
    assert.deepEqual(workspace.outputs(), {})
  })
})
