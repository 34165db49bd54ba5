// What signing is for, with real Nx: a pull request whose compiler makes poison, and what main and a developer get of it.
// All have the same sources and the same credentials for the bucket; only main has the signing key.
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { describe, it } from 'node:test'
import { assertOneWarning, assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { everything, projects, tasks } from './support/setting.mjs'
import {
  configureByPreset,
  gitLabSchedule,
  honestAndHostile,
  keyPair,
  objectsOf,
  onGitHub,
  plant,
  poisonIn,
  pullRequest,
  pushToMain,
  trusting,
} from './support/trust.mjs'

/** Runs everything on a machine that knows nothing yet. */
function fresh(workspace, environment) {
  workspace.wipe()
  return workspace.nx(everything, { environment })
}

function assertAllIn(server, scope) {
  const keys = server.objects().map(({ key }) => key)
  assert.notEqual(keys.length, 0)
  for (const key of keys) assert.ok(key.startsWith(`v1/${scope}/`), key)
}

describe('Without keys, the poisoning works', async () => {
  const { honest, hostile } = await honestAndHostile()

  it('a pull request stores poison, and is told that it could', async () => {
    const run = await fresh(hostile, pullRequest(7))
    assertRan(run, projects)
    assertOneWarning(run, /any pull request can poison this cache/, /nx g @nx\/s3-cache:trust/)
  })

  it('main restores it', async () => {
    const run = await fresh(honest, pushToMain())
    assertRestored(run, tasks)
    assert.notDeepEqual(poisonIn(honest), [])
  })

  it("and so does a developer's machine", async () => {
    assertRestored(await fresh(honest), tasks)
    assert.notDeepEqual(poisonIn(honest), [])
  })
})

describe('With keys, the same steps are harmless', async () => {
  const key = keyPair('main-2026')
  const { server, honest, hostile } = await honestAndHostile(trusting(key))

  it('a pull request stores for itself, and restores that', async () => {
    assertRan(await fresh(hostile, pullRequest(7)), projects)
    assertAllIn(server, 'u/pr-7')
    const again = await fresh(hostile, pullRequest(7))
    assertRestored(again, tasks)
    assertSilent(again)
  })

  it('neither another pull request restores it, nor a branch, nor a developer', async () => {
    const branch = { ...pushToMain(), GITHUB_REF: 'refs/heads/feature' }
    for (const environment of [pullRequest(8), branch, {}]) {
      const run = await fresh(honest, environment)
      assertRan(run, projects)
      assertSilent(run)
      assert.deepEqual(poisonIn(honest), [])
    }
  })

  it('main runs everything itself, and stores it signed', async () => {
    const run = await fresh(honest, pushToMain(key))
    assertRan(run, projects)
    assertSilent(run)
    assert.deepEqual(poisonIn(honest), [])
    assert.equal(objectsOf(server, 't/e').length, tasks.length)
  })

  it('which everybody restores', async () => {
    for (const environment of [pushToMain(key), pullRequest(9), {}]) {
      const run = await fresh(honest, environment)
      assertRestored(run, tasks)
      assertSilent(run)
      assert.deepEqual(poisonIn(honest), [])
    }
  })
})

const attacks = [
  {
    what: 'copied from its own scope',
    says: /not signed/,
    attack: async (server, hostile) => {
      assertRan(await fresh(hostile, pullRequest(7)), projects)
      plant(server, 'u/pr-7')
    },
  },
  {
    what: "signed with a key of its own in main's name",
    says: /signature with the key main-2026/,
    attack: async (_, hostile) => {
      const own = keyPair('main-2026')
      const environment = { ...pushToMain(own), NX_S3_CACHE_TRUST_PUBLIC_KEYS: own.publicKey }
      assertRan(await fresh(hostile, environment), projects)
    },
  },
]

for (const { what, says, attack } of attacks) {
  describe(`Poison that a pull request plants where main reads, ${what}`, async () => {
    const key = keyPair('main-2026')
    const { server, honest, hostile } = await honestAndHostile(trusting(key))

    it('lies under the hashes that main asks for', async () => {
      await attack(server, hostile)
      assert.equal(objectsOf(server, 't/e').length, tasks.length)
    })

    it('stops a run that is configured to stop', async () => {
      const run = await fresh(honest, { NX_S3_CACHE_TRUST_ON_BAD_SIGNATURE: 'fail' })
      assert.notEqual(run.code, 0, run.text)
      assert.match(run.text, says)
      assert.deepEqual(poisonIn(honest), [])
    })

    for (const [who, environment] of [
      ["a developer's machine", {}],
      ['main', pushToMain(key)],
    ]) {
      it(`is a miss and a warning for ${who}, whose own output is right`, async () => {
        const run = await fresh(honest, environment)
        assertRan(run, projects)
        assertOneWarning(run, /v1\/t\/e\/\w+/, says)
        assert.deepEqual(poisonIn(honest), [])
      })
    }

    it('is replaced by what main has built', async () => {
      for (const environment of [{}, pushToMain(key)]) {
        const run = await fresh(honest, environment)
        assertRestored(run, tasks)
        assertSilent(run)
        assert.deepEqual(poisonIn(honest), [])
      }
    })
  })
}

describe("Poison that a pull request plants under the names of other runs' scopes", async () => {
  const key = keyPair('main-2026')
  const { server, honest, hostile } = await honestAndHostile(trusting(key))
  const names = ['branch-main', 'tag-v1.0.0', `dev-${userInfo().username}`]

  it('lies there under the hashes that they ask for', async () => {
    for (const name of names) {
      assertRan(await fresh(hostile, { ...pullRequest(7), NX_S3_CACHE_TRUST_SCOPE: name }), projects)
      assert.equal(objectsOf(server, `u/${name}/e`).length, tasks.length)
    }
  })

  for (const [who, environment] of [
    ['a push to main without the key', pushToMain()],
    ['a schedule on main with the key', onGitHub('schedule', 'refs/heads/main', key)],
    ['a tag', onGitHub('push', 'refs/tags/v1.0.0')],
    ['a schedule on a protected branch of GitLab', gitLabSchedule()],
    ["a developer's machine", {}],
  ]) {
    it(`is not restored by ${who}, which stores nothing`, async () => {
      const before = server.objects().length
      const run = await fresh(honest, environment)
      assertRan(run, projects)
      assert.deepEqual(run.remoteHits, [], run.text)
      assert.deepEqual(poisonIn(honest), [])
      assert.equal(server.objects().length, before)
    })
  }

  it('is not restored by a run that is told to look there', async () => {
    const schedule = onGitHub('schedule', 'refs/heads/main')
    const run = await fresh(honest, { ...schedule, NX_S3_CACHE_TRUST_SCOPE: 'branch-main' })
    assertRan(run, projects)
    assertOneWarning(run, /a scope of its own/, /Remove it here/)
    assert.deepEqual(poisonIn(honest), [])
  })
})

describe('A pull request from a fork, which gets no credentials', async () => {
  const { server, honest } = await honestAndHostile(trusting(keyPair('main-2026')))

  it('is green and uncached, and told once', async () => {
    const nobody = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }
    const run = await fresh(honest, { ...pullRequest(7), ...nobody })
    assertRan(run, projects)
    assertOneWarning(run, /credentials/i)
    assert.deepEqual(server.objects(), [])
  })
})

describe('A signing key that a pull request can see', async () => {
  const key = keyPair('main-2026')
  const { server, honest } = await honestAndHostile(trusting(key))

  it('is not used, and said loudly to be exposed', async () => {
    const run = await fresh(honest, { ...pullRequest(7), NX_S3_CACHE_SIGNING_KEY: key.secretKey })
    assertRan(run, projects)
    assertOneWarning(run, /signing key is exposed/, /pull request 7/, /replace it/)
    assertAllIn(server, 'u/pr-7')
    assert.ok(!run.output.includes(key.secretKey.split(':')[1]))
  })
})

// In a preset, since Nx hashes the text of nx.json itself into every task.
describe('Replacing the key, where a preset that nx.json extends holds the settings', async () => {
  const [old, next] = [keyPair('main-2026'), keyPair('main-2027')]
  const { server, honest } = await honestAndHostile()
  const configure = (...keys) => configureByPreset(honest, server.section(trusting(...keys)))
  const signedAnew = ['app:build', 'lib:build']

  it('leaves the cache warm while both are listed', async () => {
    configure(old)
    assertRan(await fresh(honest, pushToMain(old)), projects)
    configure(old, next)
    for (const environment of [pushToMain(next), {}]) {
      const run = await fresh(honest, environment)
      assertRestored(run, tasks)
      assertSilent(run)
    }
  })

  it('signs what is new with the new key, for all who list it', async () => {
    honest.touch('lib')
    assertRan(await fresh(honest, pushToMain(next)), ['app', 'lib'])
    assertRestored(await fresh(honest), tasks)
  })

  it('makes misses of what the old key signed once that is no longer listed, until main has built it again', async () => {
    configure(next)
    const run = await fresh(honest, pushToMain(next))
    assert.deepEqual(run.remoteHits, signedAnew, run.text)
    assertOneWarning(run, /main-2026.*not among trust\.publicKeys/)
    const after = await fresh(honest)
    assertRestored(after, tasks)
    assertSilent(after)
  })
})
