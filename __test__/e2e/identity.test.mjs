// Signing without any secret, with real Nx: the identity of the CI system, from an issuer on this machine.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { startIssuer } from '../../scripts/support/issuer.mjs'
import { assertOneWarning, assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { everything, projects, tasks } from './support/setting.mjs'
import { honestAndHostile, objectsOf, poisonIn, pullRequest, pushToMain } from './support/trust.mjs'

const caches = mkdtempSync(join(tmpdir(), 'nx-s3-cache-keys-'))
after(() => rmSync(caches, { recursive: true }))

/** What a developer's machine has; it keeps the issuer's keys. */
const developer = {
  XDG_CACHE_HOME: caches,
  LOCALAPPDATA: caches,
  ...(process.platform === 'darwin' && { HOME: caches }),
}

describe('Without a secret', async () => {
  const issuer = await startIssuer()
  after(() => issuer.stop())
  const { server, honest, hostile } = await honestAndHostile({
    trust: { identities: [issuer.identity], branches: ['main'] },
  })
  const push = { ...pushToMain(), ...issuer.permission }

  /** Runs everything on a machine that knows nothing yet; no output may show a token. */
  async function fresh(workspace, environment) {
    workspace.wipe()
    const run = await workspace.nx(everything, { environment })
    assert.ok(!issuer.isShownIn(run.text), run.text)
    return run
  }

  it('a job that may ask for no token stores nothing, and is told of the permission', async () => {
    const run = await fresh(honest, pushToMain())
    assertRan(run, projects)
    assertOneWarning(run, /may not ask for an identity token/, /permissions: \{ id-token: write, contents: read \}/)
    assert.deepEqual(server.objects(), [])
  })

  it('a token that nobody would believe signs nothing', async () => {
    issuer.claims = { event_name: 'pull_request_target' }
    const run = await fresh(hostile, push)
    assertOneWarning(run, /it has no identity/, /caused by pull_request_target, which trust\.events doesn't list/)
    assert.deepEqual(server.objects(), [])
    issuer.claims = {}
  })

  it("a pull request's poison stays its own", async () => {
    assertRan(await fresh(hostile, { ...pullRequest(7), ...issuer.permission }), projects)
    assert.deepEqual(objectsOf(server, 't'), [])
    assert.notDeepEqual(objectsOf(server, 'u/pr-7'), [])
  })

  it('a push to main signs everything with one token', async () => {
    const before = issuer.asked.tokens
    const run = await fresh(honest, push)
    assertRan(run, projects)
    assertSilent(run)
    assert.notDeepEqual(objectsOf(server, 't'), [])
    assert.equal(issuer.asked.tokens - before, 1)
  })

  it('main, a pull request and a developer restore that, and none of the poison', async () => {
    for (const environment of [push, pullRequest(8), developer]) {
      const run = await fresh(honest, environment)
      assertRestored(run, tasks)
      assertSilent(run)
      assert.deepEqual(poisonIn(honest), [])
    }
  })

  it('so does a developer while the issuer is down', async () => {
    issuer.down = true
    const before = issuer.asked.keys
    const run = await fresh(honest, developer)
    assertRestored(run, tasks)
    assert.equal(issuer.asked.keys, before)
    const elsewhere = await fresh(honest, { ...developer, XDG_CACHE_HOME: join(caches, 'other') })
    if (process.platform === 'linux') {
      assertRan(elsewhere, projects)
      assertOneWarning(elsewhere, /can't be verified: the issuer's keys can't be had/, /trust\.jwksFile/)
    }
    issuer.down = false
  })
})
