// Runs that share the daemon, and ends of processes, while Nx depends on a server of ours: Nx fails a task whose artifact
// it can't store, so the server must be there as long as the run is.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { entries, served, slowDown } from './support/second-way.mjs'
import { versions } from './support/setting.mjs'

const LONG_MS = 8000

/** The processes of this workspace's daemon and plugins, by the workspace's directory, with their command lines. */
function processes(workspace) {
  const ids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  const all = ids.map(id => ({ id: Number(id), command: commandLine(id) }))
  return all.filter(({ command }) => command.includes(workspace.root))
}

function commandLine(id) {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Whether a process has loaded the native module. */
function isOurs({ id }) {
  return existsSync(`/proc/${id}/maps`) && readFileSync(`/proc/${id}/maps`, 'utf8').includes('nx-s3-cache')
}

const daemons = workspace => processes(workspace).filter(({ command }) => /daemon\/server\/start/.test(command))
const workers = workspace => processes(workspace).filter(({ command }) => /plugin-worker/.test(command))

/** Resolves when `what` is so; fails after half a minute. */
async function until(what, ...words) {
  for (let tries = 0; tries < 150; tries++) {
    if (await what()) return
    await sleep(200)
  }
  assert.fail(words.join(' '))
}

const skip = existsSync('/proc/self/stat') ? false : 'needs /proc to see processes'

for (const nx of versions) {
  describe(`With Nx ${nx}`, { skip }, async () => {
    if (skip) return
    const { server, workspace } = await served({ nx, environment: { NX_DAEMON: 'true' } })
    slowDown(workspace, 'assets', LONG_MS)
    const requests = () => server.requests().length

    /** Starts a long run, and resolves when it has asked for its task. */
    async function begin(options = {}) {
      workspace.wipe()
      workspace.touch('assets')
      const before = requests()
      let child
      const run = workspace.nx(['run', 'assets:build'], {
        ...options,
        onStart: started => {
          child = started
        },
      })
      await until(() => requests() > before, 'the run has not asked for anything')
      await sleep(1000)
      return { run, child }
    }

    it('a run goes on when another ends that shares the daemon', async () => {
      const { run } = await begin()
      const stored = entries(server).served
      assert.equal((await workspace.nx(['run', 'docs:build'])).code, 0)
      assert.equal((await run).code, 0)
      await until(() => entries(server).served >= stored + 1, 'the long run is not stored')
    })

    it('a run goes on when the daemon is killed', async () => {
      const { run } = await begin()
      const [daemon] = daemons(workspace)
      process.kill(daemon.id, 'SIGKILL')
      assert.equal((await run).code, 0)
    })

    for (const NX_DAEMON of ['true', 'false']) {
      const where = NX_DAEMON === 'true' ? 'with' : 'without'
      it(`a run goes on, and ends in time, when the plugin's process is told to end, ${where} the daemon`, async () => {
        const { run } = await begin({ environment: { NX_DAEMON } })
        const stored = entries(server).served
        for (const { id } of workers(workspace).filter(isOurs)) process.kill(id, 'SIGTERM')
        const { code, timedOut, text } = await run
        assert.equal(timedOut, false, `Nx waits for a process that waits for Nx: ${text}`)
        assert.equal(code, 0, text)
        await until(() => entries(server).served >= stored + 1, 'the long run is not stored')
        await until(() => !workers(workspace).some(isOurs), 'the process of the plugin is still there')
      })
    }

    it('nothing is left of a killed run once the daemon is gone', async () => {
      const { run, child } = await begin()
      process.kill(child.pid, 'SIGKILL')
      await run
      workspace.wipe()
      await until(() => workers(workspace).length === 0, 'a process of the plugin is still there')
    })
  })
}
