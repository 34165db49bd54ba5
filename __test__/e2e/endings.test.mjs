// However a process ends while it uploads: it ends in time, with the exit code it would have had, and its user knows.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { killGroup, run } from '../../scripts/support/command.mjs'
import { serverAndWorkspace } from './support/setting.mjs'
import { startProxy } from './support/tcp-proxy.mjs'

const program = join(dirname(fileURLToPath(import.meta.url)), 'support', 'without-nx.mjs')
const finishing = /finishing 1 upload, for at most \d+ s; Ctrl-C leaves at once/
const interrupted = /left 1 upload unfinished[\s\S]*- \S+( \(\d+\))?\n[\s\S]*interrupted/
/** Each test has a hash of its own, since what is in the bucket is not sent again. */
let hash = 1000

describe('The end of a process that uploads', async () => {
  const { server, workspace } = await serverAndWorkspace()
  const proxy = await startProxy(server.endpoint)
  const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-ending-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  const stored = () => server.objects().some(({ key }) => key.endsWith(`/e/${hash}`))

  /** A process that ends like this while the network holds back its upload; `onOutput(text)` sees all it said so far. */
  async function ending(end, { flushTimeout = '20s', store = [String(++hash)], onOutput = () => {} } = {}) {
    const section = server.section({ endpoint: proxy.endpoint, flushTimeout })
    writeFileSync(join(directory, 'nx.json'), JSON.stringify({ s3: section }))
    proxy.recover()
    proxy.stallAfter(store.length > 0 ? 2000 : 0)
    let [child, said] = [undefined, '']
    const outcome = await run(process.execPath, [program, JSON.stringify({ store, end, size: 1 << 20 })], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: directory, NX_DAEMON: 'false', ...server.environment },
      timeout: 30_000,
      onStart: started => {
        child = started
      },
      onOutput: text => {
        said += text
        onOutput(said, child)
      },
    })
    assert.ok(!outcome.timedOut, `it hangs:\n${outcome.output}`)
    return outcome
  }

  /** Lets the network work again when the user has been told that there is something to wait for. */
  const recover = { onOutput: said => finishing.test(said) && proxy.recover() }

  it('process.exit in mid-upload: the upload is finished, and the exit code stays', async () => {
    const outcome = await ending('process.exit(3)', recover)
    assert.equal(outcome.code, 3, outcome.output)
    assert.match(outcome.output, finishing)
    assert.doesNotMatch(outcome.output, /unfinished/)
    assert.ok(stored())
  })

  it('an upload that flushTimeout is too short for is named, and the exit code stays', async () => {
    const outcome = await ending('process.exit(3)', { flushTimeout: '1500ms' })
    assert.equal(outcome.code, 3, outcome.output)
    assert.match(outcome.output, new RegExp(`left 1 upload unfinished[\\s\\S]*- ${hash}\\n[\\s\\S]*flushTimeout`))
    assert.ok(!stored())
  })

  it('an exception in mid-upload: the upload is finished, and Node reports the exception as ever', async () => {
    const outcome = await ending('an exception', recover)
    assert.equal(outcome.code, 1, outcome.output)
    assert.match(outcome.output, /Error: a bug of somebody else/)
    assert.ok(stored())
  })

  it('nothing left to do but an upload: Node is not kept alive, and the upload is finished', async () => {
    const outcome = await ending('nothing left to do', recover)
    assert.equal(outcome.code, 0, outcome.output)
    assert.ok(stored())
  })

  it('a cache that was opened and asked nothing lets the process end, though the bucket never answers', async () => {
    const outcome = await ending('nothing left to do', { store: [] })
    assert.equal(outcome.code, 0, outcome.output)
    assert.doesNotMatch(outcome.output, /finishing|unfinished/)
  })

  it('Ctrl-C while uploads are finished leaves at once', async () => {
    const outcome = await ending('process.exit(3)', {
      onOutput: (said, child) => finishing.test(said) && child.kill('SIGINT'),
    })
    assert.equal(outcome.signal, 'SIGINT', outcome.output)
    assert.ok(!stored())
  })

  it('SIGTERM in mid-upload: the upload is named, and the exit code stays', async () => {
    const outcome = await ending('a signal', { onOutput: (_, child) => child.kill('SIGTERM') })
    assert.equal(outcome.code, 143, outcome.output)
    assert.match(outcome.output, interrupted)
    assert.ok(!stored())
  })

  it('Ctrl-C in a run of Nx in mid-upload: the upload is named, and Nx ends as ever', async () => {
    const endless = join(workspace.root, 'packages', 'endless')
    mkdirSync(endless)
    const build = { command: 'node -e "setInterval(() => {}, 1000)"' }
    writeFileSync(join(endless, 'project.json'), JSON.stringify({ name: 'endless', targets: { build } }))
    proxy.recover()
    const stalled = proxy.stallAfter(6 << 20)
    let nx
    const ended = workspace.nx(['run-many', '--targets=build', '--projects=assets,endless', '--outputStyle=static'], {
      environment: { NX_S3_CACHE_ENDPOINT: proxy.endpoint },
      timeout: 60_000,
      onStart: child => {
        nx = child
      },
    })
    await stalled
    // As a terminal sends it, to all processes of the run.
    killGroup(nx, 'SIGINT')
    const outcome = await ended
    assert.equal(outcome.code, 130, outcome.text)
    assert.match(outcome.text, interrupted)
  })
})
