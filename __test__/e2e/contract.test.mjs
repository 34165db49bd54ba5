// The contract with Nx.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace, tasks, versions } from './support/setting.mjs'

for (const nx of versions) {
  describe(`Nx ${nx}`, async () => {
    const { server, workspace } = await serverAndWorkspace({ nx, environment: { NX_ISOLATE_PLUGINS: undefined } })
    let built

    it('runs every task the first time, stores the results, and says nothing', async () => {
      const run = await workspace.nx(everything)
      assertRan(run, projects)
      assertSilent(run)
      built = workspace.outputs()
      const objects = server.objects().map(({ key }) => key)
      assert.equal(objects.filter(key => key.startsWith('v1/t/e/')).length, tasks.length, objects.join('\n'))
      assert.ok(
        objects.some(key => key.startsWith('v1/t/c/')),
        'the large artifact is in chunks',
      )
    })

    it('restores every task on another machine: same bytes, modes, links and empty directories', async () => {
      workspace.wipe()
      const run = await workspace.nx(everything)
      assertRestored(run, tasks)
      assertSilent(run)
      assert.deepEqual(workspace.outputs(), built)
    })

    it('replays the terminal output, unicode and colours included', async () => {
      workspace.wipe()
      const run = await workspace.nx(['run', 'ui:build', '--outputStyle=static'], { environment: { FORCE_COLOR: '1' } })
      assertRestored(run, ['ui:build'])
      assert.ok(run.output.includes('Built ui: größe 漢字 🎉 \u001b[32mgreen\u001b[0m'), run.output)
    })

    it('leaves the local cache working: a third run asks for no artifact', async () => {
      const before = server.requests().length
      const run = await workspace.nx(['run', 'ui:build', '--outputStyle=static'])
      assertRan(run, [])
      assert.deepEqual(run.localHits, ['ui:build'], run.text)
      // The bucket is probed before anybody knows whether it will be needed.
      const asked = server.requests().slice(before)
      assert.deepEqual(
        asked.filter(line => line.includes('/v1/')),
        [],
      )
      assert.ok(asked.length <= 1, asked.join('\n'))
    })

    // Up to version 22 Nx stores failures when told to, but always runs them again; later it replays them.
    const replays = Number.parseInt(nx, 10) > 22
    it(`stores a failed task, and Nx ${replays ? 'replays its exit code and output' : 'runs it again'}`, async () => {
      const environment = { NX_CACHE_FAILURES: 'true' }
      const failing = ['run', 'broken:test', '--outputStyle=static']
      const before = server.objects().length
      const first = await workspace.nx(failing, { environment })
      assert.deepEqual([first.code, first.ran], [1, ['broken']], first.text)
      assert.equal(server.objects().length, before + 1)
      workspace.wipe()
      const second = await workspace.nx(failing, { environment })
      assert.deepEqual([second.code, second.ran], [1, replays ? [] : ['broken']], second.text)
      assert.match(second.text, /✖ one test failed/)
    })

    it('does not store failed tasks unless Nx is told to', async () => {
      workspace.touch('broken')
      const before = server.objects().length
      const run = await workspace.nx(['run', 'broken:test', '--outputStyle=static'])
      assert.equal(run.code, 1)
      assert.equal(server.objects().length, before)
    })

    for (const [how, words, environment] of [
      ['NX_SKIP_REMOTE_CACHE', [], { NX_SKIP_REMOTE_CACHE: 'true' }],
      ['--skip-remote-cache', ['--skip-remote-cache'], {}],
    ]) {
      it(`asks the bucket nothing with ${how}`, async () => {
        workspace.wipe()
        const before = server.requests().length
        const run = await workspace.nx([...everything, ...words], { environment })
        assertRan(run, projects)
        assert.equal(server.requests().length, before)
      })
    }

    it('restores again after nx reset', async () => {
      const reset = await workspace.nx(['reset'])
      assert.equal(reset.code, 0, reset.text)
      assertRestored(await workspace.nx(everything), tasks)
    })

    it('restores with the daemon', async () => {
      workspace.wipe()
      const run = await workspace.nx(everything, { environment: { NX_DAEMON: 'true' } })
      assertRestored(run, tasks)
      assert.deepEqual(workspace.outputs(), built)
    })

    it('runs only what changed, and its dependents', async () => {
      workspace.wipe()
      workspace.touch('lib')
      const run = await workspace.nx(everything)
      assertRan(run, ['app', 'lib'])
      assert.deepEqual(
        run.remoteHits,
        tasks.filter(task => !/^(app|lib):/.test(task)),
        run.text,
      )
    })
  })
}
