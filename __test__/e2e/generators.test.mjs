// From an empty workspace to a protected cache by two commands, as a user types them.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { serverAndWorkspace } from './support/setting.mjs'
import { pushToMain } from './support/trust.mjs'

const build = ['run', 'docs:build', '--outputStyle=static']

describe('The generators', async () => {
  const { server, workspace } = await serverAndWorkspace()
  workspace.configure(undefined)
  const settings = () => JSON.parse(readFileSync(join(workspace.root, 'nx.json'), 'utf8')).s3
  const generate = words => workspace.nx(['g', ...words])
  const secret = () => join(workspace.home, '.nx-s3-cache', 'workspace-main-2026.secret')

  it('refuse to protect what is not there, and say what comes first', async () => {
    const run = await generate(['@nx/s3-cache:trust'])
    assert.equal(run.code, 1, run.text)
    assert.match(run.text, /nx g @nx\/s3-cache:init/)
    assert.doesNotMatch(run.text, /\n\s+at /, 'no stack trace')
  })

  it('set up the cache', async () => {
    const { bucket, endpoint, region } = server.section()
    const flags = [`--bucket=${bucket}`, `--endpoint=${endpoint}`, `--region=${region}`, '--forcePathStyle']
    const run = await generate(['@nx/s3-cache:init', ...flags, '--skipInstall'])
    assert.equal(run.code, 0, run.text)
    assert.match(run.text, /nx g @nx\/s3-cache:trust/)
    assert.deepEqual(settings(), server.section())
  })

  it('write nothing in a dry run', async () => {
    const run = await generate(['@nx/s3-cache:trust', '--name=main-2026', '--dry-run'])
    assert.equal(run.code, 0, run.text)
    assert.deepEqual([settings(), existsSync(secret())], [server.section(), false])
  })

  it('make a key pair whose secret half is shown to nobody', async () => {
    const run = await generate(['@nx/s3-cache:trust', '--name=main-2026', '--branches=main,release/*'])
    assert.equal(run.code, 0, run.text)
    assert.deepEqual(settings().trust.branches, ['main', 'release/*'])
    assert.ok(run.text.includes(secret()), run.text)
    assert.equal(statSync(secret()).mode & 0o777, 0o600)
    assert.ok(!run.text.includes(readFileSync(secret(), 'utf8').slice('main-2026:'.length, 50)))
  })

  it('and nothing more when they run again', async () => {
    const before = settings()
    for (const words of [['@nx/s3-cache:init', '--skipInstall'], ['@nx/s3-cache:trust']]) {
      const run = await generate(words)
      assert.equal(run.code, 0, run.text)
    }
    assert.deepEqual(settings(), before)
  })

  it('leave a workspace in which main stores what a developer restores', async () => {
    const key = { secretKey: readFileSync(secret(), 'utf8') }
    const stored = await workspace.nx(build, { environment: pushToMain(key) })
    assertRan(stored, ['docs'])
    assertSilent(stored)
    workspace.wipe()
    const restored = await workspace.nx(build)
    assertRestored(restored, ['docs:build'])
    assertSilent(restored)
  })
})
