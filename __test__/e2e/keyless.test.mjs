// From an empty workspace on GitHub to verified hits in three steps, without any secret, as a user takes them.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { startIssuer } from '../../scripts/support/issuer.mjs'
import { assertOneWarning, assertRan, assertRestored, assertSilent } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace, tasks } from './support/setting.mjs'
import { objectsOf, pullRequest, pushToMain } from './support/trust.mjs'

const workflow = `on:
  push: { branches: [main] }
  pull_request:
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: npx nx run-many -t build lint
`

describe('Three steps from nothing', async () => {
  const issuer = await startIssuer()
  after(() => issuer.stop())
  const { server, workspace } = await serverAndWorkspace()
  workspace.configure(undefined)
  const inWorkspace = (...path) => join(workspace.root, ...path)
  const git = (...words) => execFileSync('git', words, { cwd: workspace.root, encoding: 'utf8' })
  git('init', '--quiet')
  git('remote', 'add', 'origin', issuer.repository)
  mkdirSync(inWorkspace('.github', 'workflows'), { recursive: true })
  const ci = inWorkspace('.github', 'workflows', 'ci.yml')
  writeFileSync(ci, workflow)
  const settings = () => JSON.parse(readFileSync(inWorkspace('nx.json'), 'utf8')).s3

  /** Every variable that a run was given. */
  const given = new Map()
  let lines

  /** A run on a machine that knows nothing yet. A job may ask for a token if its workflow says so. */
  async function onFreshMachine(environment) {
    workspace.wipe()
    const mayAsk = environment.CI && /^ +id-token: write$/m.test(readFileSync(ci, 'utf8'))
    const all = { ...environment, ...(mayAsk && issuer.permission) }
    for (const [name, value] of Object.entries(workspace.variables(all))) given.set(name, value)
    const run = await workspace.nx(everything, { environment: all })
    assert.ok(!issuer.isShownIn(run.text), run.text)
    return run
  }

  it('1: init sets the cache up', async () => {
    const { bucket, endpoint, region } = server.section()
    const flags = [`--bucket=${bucket}`, `--endpoint=${endpoint}`, `--region=${region}`, '--forcePathStyle']
    const run = await workspace.nx(['g', '@nx/s3-cache:init', ...flags, '--skipInstall'])
    assert.equal(run.code, 0, run.text)
    assert.match(run.text, /nx g @nx\/s3-cache:trust/)
  })

  it('2: trust takes the identity of the git remote, makes no key, and leaves the workflow to its owner', async () => {
    const run = await workspace.nx(['g', '@nx/s3-cache:trust'])
    assert.equal(run.code, 0, run.text)
    assert.match(run.text, /There is no key, and no secret/)
    assert.deepEqual(settings(), {
      ...server.section(),
      trust: { identities: [issuer.identity], branches: ['main'] },
    })
    assert.equal(readFileSync(ci, 'utf8'), workflow)
    lines = run.text.match(/^ *permissions:.*\n *contents: read\n *id-token: write$/m)?.[0].split('\n')
    assert.ok(lines, run.text)
  })

  it('3: with the lines that it shows in the workflow, a push to main stores what it signs', async () => {
    const job = lines.map(line => line.replace(lines[0].match(/^ */)[0], '    '))
    writeFileSync(ci, workflow.replace('    steps:', [...job, '    steps:'].join('\n')))
    const run = await onFreshMachine(pushToMain())
    assertRan(run, projects)
    assertSilent(run)
    assert.equal(issuer.asked.tokens, 1)
    assert.notDeepEqual(objectsOf(server, 't'), [])
    assert.deepEqual(objectsOf(server, 'u'), [])
  })

  it('then a developer restores what the keys of the issuer verify', async () => {
    const before = issuer.asked.keys
    const run = await onFreshMachine({})
    assertRestored(run, tasks)
    assertSilent(run)
    assert.equal(issuer.asked.keys, before + 1)
  })

  it('and a pull request does, whose own token signs nothing, even where it calls itself a push', async () => {
    const before = objectsOf(server, 't')
    issuer.claims = { event_name: 'pull_request', ref: 'refs/pull/7/merge', ref_protected: 'false' }
    for (const environment of [pullRequest(7), pushToMain()]) {
      const run = await onFreshMachine(environment)
      assertRestored(run, tasks)
      assertSilent(run)
    }
    workspace.touch('lib')
    const forged = await onFreshMachine(pushToMain())
    assertRan(forged, ['app', 'lib'])
    assertOneWarning(forged, /it has no identity/, /refs\/pull\/7\/merge, which trust\.branches doesn't list/)
    assert.deepEqual(objectsOf(server, 't'), before)
    issuer.claims = {}
  })

  it('and there is no secret anywhere', () => {
    const secrets = [...given.keys()].filter(name => /KEY|SECRET|TOKEN/.test(name) && !server.environment[name])
    assert.deepEqual(secrets.sort(), Object.keys(issuer.permission).sort(), 'what GitHub gives a job, for its minutes')
    assert.equal(existsSync(join(workspace.home, '.nx-s3-cache')), false)
    const paths = git('ls-files', '--others', '-z', '-x', 'node_modules').split('\0').filter(Boolean)
    const files = paths.filter(path => lstatSync(inWorkspace(path)).isFile())
    assert.ok(files.includes('nx.json'))
    for (const path of files) {
      assert.doesNotMatch(path, /\.env|\.secret$/)
      const text = readFileSync(inWorkspace(path), 'latin1')
      assert.doesNotMatch(text, /SIGNING_KEY|publicKeys/, path)
      for (const secret of [issuer.permission.ACTIONS_ID_TOKEN_REQUEST_TOKEN, server.secretAccessKey])
        assert.ok(!text.includes(secret), path)
    }
  })
})
