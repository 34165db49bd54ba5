// The second way into Nx: what happens when Nx no longer imports a cache by its name. The package is installed as
// `nx-s3-cache` only, listed as a plugin, and talks to Nx's own client of the self-hosted cache.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { stripAnsi } from '../../scripts/support/command.mjs'
import { assertOneWarning, assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { entries, listPlugin, served } from './support/second-way.mjs'
import { everything, projects, serverAndWorkspace, tasks, versions } from './support/setting.mjs'
import { addSpies, seenBy } from './support/spies.mjs'
import { inTerminal, noTerminal } from './support/terminal.mjs'
import { keyPair, objectsOf, pushToMain, trusting } from './support/trust.mjs'

const nobody = { NX_S3_CACHE_ENDPOINT: 'http://127.0.0.1:9', NX_S3_CACHE_RETRIES: '0' }

for (const nx of versions) {
  for (const NX_DAEMON of ['false', 'true']) {
    describe(`Nx ${nx} ${NX_DAEMON === 'true' ? 'with' : 'without'} the daemon, without the name it looks for`, async () => {
      const { server, workspace } = await served({ nx, environment: { NX_DAEMON } })

      it('stores all tasks, and another machine restores them', async () => {
        const first = await workspace.nx(everything)
        assertRan(first, projects)
        assertSilent(first)
        assert.deepEqual(entries(server), { direct: 0, served: tasks.length })
        const outputs = workspace.outputs()
        workspace.wipe()
        const second = await workspace.nx(everything)
        assertRestored(second, tasks)
        assertSilent(second)
        // The client of Nx 20 copies what links lead to.
        if (!nx.startsWith('20.')) assert.deepEqual(workspace.outputs(), outputs)
      })

      it('restores single tasks, and what is affected', async () => {
        workspace.wipe()
        assertRestored(await workspace.nx(['run', 'docs:build', '--outputStyle=static']), ['docs:build'])
        workspace.wipe()
        const affected = ['affected', '-t', 'build', '--files=packages/docs/source.txt', '--outputStyle=static']
        const run = await workspace.nx(affected)
        assert.ok(run.remoteHits.includes('docs:build'), run.text)
        assertRan(run, [])
      })

      it('stops before any task when the configuration is wrong, and says what to do', async () => {
        workspace.configure(server.section({ localMode: 'readonly' }))
        workspace.touch('docs')
        const run = await workspace.nx(everything)
        workspace.configure(server.section())
        assert.notEqual(run.code, 0, run.text)
        assert.deepEqual(run.ran, [])
        assert.match(run.text, /localMode/)
        assert.match(run.text, /read-only/)
      })

      it('reads the configuration anew for each run', async () => {
        workspace.configure(server.section({ localMode: 'read-only' }))
        const before = entries(server).served
        assertRan(await workspace.nx(['run', 'docs:build']), ['docs'])
        assert.equal(entries(server).served, before)
        workspace.configure(server.section())
      })

      it('is green without the bucket, as without a cache', async () => {
        workspace.wipe()
        workspace.configure(server.section({ endpoint: nobody.NX_S3_CACHE_ENDPOINT, retries: 0 }))
        workspace.touch('docs')
        const run = await workspace.nx(['run', 'docs:build'])
        workspace.configure(server.section())
        assertRan(run, ['docs'])
        if (NX_DAEMON === 'false') assertOneWarning(run, /Remote caching in S3 is off/, /127\.0\.0\.1:9/)
      })
    })
  }
}

describe('Nx without the name it looks for', async () => {
  const key = keyPair('main-2026')
  const NX_S3_CACHE_ENCRYPTION_KEY = 'a passphrase that a team agreed on'
  const keys = { ...pushToMain(key), NX_S3_CACHE_ENCRYPTION_KEY }
  const { server, workspace } = await served({ section: trusting(key) })

  it('stores signed and sealed entries, which runs that hold no signing key believe', async () => {
    assertRan(await workspace.nx(everything, { environment: keys }), projects)
    assert.ok(objectsOf(server, 't').some(({ key }) => key.includes('/b/')))
    workspace.wipe()
    assertRestored(await workspace.nx(everything, { environment: { NX_S3_CACHE_ENCRYPTION_KEY } }), tasks)
  })

  it('has the keys of each run, and none of a run before, that shares the daemon', async () => {
    workspace.wipe()
    const run = (project, environment) =>
      workspace.nx(['run', `${project}:build`, '--outputStyle=static'], {
        environment: { ...environment, NX_DAEMON: 'true' },
      })
    assertRestored(await run('docs', { NX_S3_CACHE_ENCRYPTION_KEY }), ['docs:build'])
    assertRestored(await run('assets', { NX_S3_CACHE_ENCRYPTION_KEY }), ['assets:build'])
    const without = await run('empty', {})
    assertRan(without, ['empty'])
    assert.deepEqual(without.remoteHits, [])
  })

  it('restores nothing that no trusted key has signed', async () => {
    workspace.wipe()
    const NX_S3_CACHE_TRUST_PUBLIC_KEYS = keyPair('another').publicKey
    const environment = { NX_S3_CACHE_ENCRYPTION_KEY, NX_S3_CACHE_TRUST_PUBLIC_KEYS }
    const run = await workspace.nx(everything, { environment })
    assertRan(run, projects)
    assert.deepEqual(run.remoteHits, [])
    assert.match(run.text, /without a valid signature was refused/)
  })

  it('stores nothing in CI with the daemon, reads only what is signed, and says what to do', async () => {
    // Only Linux tells where the terminal of another process is.
    const shown = process.platform === 'linux' && !noTerminal
    const through = shown ? inTerminal : []
    const ofCI = { ...keys, NX_DAEMON: 'true' }
    const before = server.objects().length
    workspace.touch('docs')
    const run = await workspace.nx(['run', 'docs:build'], { environment: ofCI, through })
    assertRan(run, ['docs'])
    assert.equal(server.objects().length, before)
    if (shown) assertOneWarning(run, /Nx's daemon serves this run/, /NX_DAEMON=false/)
    workspace.wipe()
    // A run without the daemon is what it says it is.
    assertRan(await workspace.nx(['run', 'docs:build'], { environment: keys }), ['docs'])
    assert.ok(server.objects().length > before)
  })

  for (const NX_DAEMON of ['false', 'true']) {
    const where = NX_DAEMON === 'true' ? 'with' : 'without'
    it(`keeps the secret keys from tasks, ${where} the daemon and a .env file that holds one`, async () => {
      addSpies(workspace)
      writeFileSync(join(workspace.root, '.env'), `NX_S3_CACHE_ENCRYPTION_KEY="${NX_S3_CACHE_ENCRYPTION_KEY}"\n`)
      const environment = { ...pushToMain(key), NX_DAEMON }
      const run = await workspace.nx(['run-many', '--targets=spy', '--outputStyle=static'], { environment })
      rmSync(join(workspace.root, '.env'))
      assert.equal(run.code, 0, run.text)
      for (const spy of ['command', 'script', 'executor']) {
        const seen = Object.entries(seenBy(workspace, spy))
        const leaked = seen.filter(([, value]) => [key.secretKey, NX_S3_CACHE_ENCRYPTION_KEY].includes(value))
        assert.deepEqual(leaked, [], spy)
      }
    })
  }
})

describe('An artifact of which a part is missing', async () => {
  const { server, workspace } = await served()

  it('is a miss that is told, and no failure', async () => {
    assertRan(await workspace.nx(['run', 'assets:build']), ['assets'])
    const chunks = server.objects().filter(({ key }) => key.includes('/c/'))
    assert.ok(chunks.length > 1)
    rmSync(join(server.storage, server.buckets[0], chunks.at(-1).key))
    workspace.wipe()
    const run = await workspace.nx(['run', 'assets:build'])
    assertRan(run, ['assets'])
    assertOneWarning(run, /A chunk is missing/)
    workspace.wipe()
    assertRestored(await workspace.nx(['run', 'assets:build', '--outputStyle=static']), ['assets:build'])
  })
})

describe('Where Nx imports this package by the name it looks for', async () => {
  const { server, workspace } = await serverAndWorkspace({ environment: { NX_ISOLATE_PLUGINS: undefined } })
  listPlugin(workspace)
  // Its own name resolves as well, as after `nx add`.
  const { linkTree } = await import('../../scripts/support/link-tree.mjs')
  linkTree(join(workspace.root, 'node_modules/@nx/s3-cache'), join(workspace.root, 'node_modules/nx-s3-cache'))

  it('the plugin does nothing', async () => {
    assertRan(await workspace.nx(everything), projects)
    assert.deepEqual(entries(server), { direct: tasks.length, served: 0 })
  })

  it('NX_S3_CACHE_ROUTE takes the second way all the same', async () => {
    workspace.touch('docs')
    const environment = { NX_S3_CACHE_ROUTE: 'server' }
    assertRan(await workspace.nx(['run', 'docs:build'], { environment }), ['docs'])
    assert.deepEqual(entries(server), { direct: tasks.length, served: 1 })
    workspace.wipe()
    assertRestored(await workspace.nx(['run', 'docs:build', '--outputStyle=static'], { environment }), ['docs:build'])
  })
})

for (const NX_DAEMON of ['false', 'true']) {
  // Only Linux tells where the terminal of another process is.
  const skip = noTerminal || (NX_DAEMON === 'true' && process.platform !== 'linux')
  describe(`The terminal UI ${NX_DAEMON === 'true' ? 'with' : 'without'} the daemon`, { skip }, async () => {
    if (skip) return
    const { server, workspace } = await served({ environment: { NX_DAEMON } })
    const environment = { NX_TUI: 'true', NX_TUI_AUTO_EXIT: 'true', TERM: 'xterm-256color' }
    const run = () => workspace.nx(['run-many', '--targets=build,lint'], { through: inTerminal, environment })

    it('stores and restores', async () => {
      assertRan(await run(), projects)
      workspace.wipe()
      assertRestored(await run(), tasks)
    })

    it('leaves a warning on the screen, once', async () => {
      workspace.wipe()
      workspace.configure(server.section({ endpoint: nobody.NX_S3_CACHE_ENDPOINT, retries: 0 }))
      const outcome = await run()
      assertRan(outcome, projects)
      const [during, left] = outcome.output.split('\u001b[?1049l')
      assert.doesNotMatch(during, /Remote caching in S3 is off/)
      assert.equal(stripAnsi(left).match(/Remote caching in S3 is off/g)?.length, 1, left)
    })
  })
}
