// `nx add nx-s3-cache`, as a new user types it, from a registry: with npm, and at night with others. Nx passes no flags
// of `nx add` on to the generator, so without a terminal to be asked in the bucket is named by running that again.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { mustRun } from '../../scripts/support/command.mjs'
import { newestNx } from '../../scripts/support/nx-versions.mjs'
import { installNx, packageManagers } from '../../scripts/support/package-managers.mjs'
import { startS3Server } from '../../scripts/support/s3-server.mjs'
import { emptyWorkspace } from '../../scripts/support/workspace.mjs'
import { assertRestored, assertSilent } from './support/expect.mjs'
import { publishAs, startRegistry } from './support/registry.mjs'
import { entries } from './support/second-way.mjs'
import { answering, inTerminal, noTerminal } from './support/terminal.mjs'

const build = ['run', 'lib:build', '--outputStyle=static']

const chosen = (process.env.E2E_PACKAGE_MANAGERS ?? 'npm').split(',')
const nxVersion = process.env.E2E_ADD_TO_NX ?? newestNx

describe('nx add', async () => {
  const registry = await startRegistry()
  const server = await startS3Server()
  after(() => server.stop())

  for (const name of chosen) {
    const { directory, environment, nx } = packageManagers[name]
    describe(`with ${name}`, async () => {
      const workspace = emptyWorkspace({ environment: { ...environment(registry), ...path(await directory()) }, nx })
      after(() => workspace.dispose())
      const json = file => JSON.parse(readFileSync(join(workspace.root, file), 'utf8'))
      const init = async flags => {
        const run = await workspace.nx(['g', '@nx/s3-cache:init', ...flags], { environment: server.environment })
        assert.equal(run.code, 0, run.text)
        return run
      }
      let afterFirst

      it('installs the package under the name that Nx looks for', async () => {
        await installNx(name, workspace, nxVersion)

        const run = await workspace.nx(['add', 'nx-s3-cache'])
        assert.equal(run.code, 0, run.text)
        if (!nx) {
          const { nx: _, ...installed } = json('package.json').devDependencies
          assert.deepEqual(Object.keys(installed), ['@nx/s3-cache'])
          assert.ok(existsSync(join(workspace.root, 'node_modules/@nx/s3-cache/package.json')), run.text)
        }
        assert.match(json('package.json').devDependencies['@nx/s3-cache'], /^npm:nx-s3-cache@\^?0\.1\.0$/)
        assert.match(run.text, /no bucket is named yet/)
        assert.match(run.text, /nx g @nx\/s3-cache:init --bucket/)
      })

      it('names the bucket with flags, and tells what to do next', async () => {
        const { bucket, endpoint, region } = server.section()
        const flags = [`--bucket=${bucket}`, `--endpoint=${endpoint}`, `--region=${region}`, '--forcePathStyle']
        const run = await init(flags)
        assert.deepEqual(json('nx.json').s3, server.section())
        assert.match(run.text, /The S3 remote cache is set up/)
        assert.match(run.text, /1\. Check the connection: (npx|pnpm exec|yarn|bun) nx-s3-cache doctor/)
        afterFirst = [json('nx.json'), json('package.json')]
      })

      it('asks for all of it in a terminal', { skip: noTerminal }, async () => {
        workspace.configure(undefined)
        const { bucket, endpoint, region } = server.section()
        const questions = [
          ['Which bucket', bucket],
          ['URL of the S3 server', endpoint],
          ['Region', region],
          ['Path-style', ''],
          ['Sign what the main branch stores', 'n'],
          ['Check the connection', ''],
        ]
        const environment = { NX_INTERACTIVE: undefined, ...server.environment }
        const run = await workspace.nx(['g', '@nx/s3-cache:init'], {
          ...answering(questions),
          through: inTerminal,
          environment,
        })
        assert.equal(run.code, 0, run.text)
        assert.deepEqual(json('nx.json').s3, server.section(), run.text)
        assert.match(run.text, /✓ bucket/, 'the doctor has looked')
      })

      it('refuses what would break every build, and writes nothing', async () => {
        const before = readFileSync(join(workspace.root, 'nx.json'), 'utf8')
        const run = await workspace.nx(['g', '@nx/s3-cache:init', '--bucket=no/bucket'])
        assert.equal(run.code, 1, run.text)
        assert.match(run.text, /- bucket \(nx\.json\): "no\/bucket"/)
        assert.doesNotMatch(run.text, /is set up|\n\s+at /)
        assert.equal(readFileSync(join(workspace.root, 'nx.json'), 'utf8'), before)
      })

      it('keeps what was in nx.json', () => {
        assert.equal(json('nx.json').neverConnectToCloud, true)
        assert.ok(json('nx.json').targetDefaults.build.cache)
      })

      it('writes no secret', () => {
        for (const file of ['nx.json', 'package.json']) {
          assert.doesNotMatch(readFileSync(join(workspace.root, file), 'utf8'), /test-secret|accessKey/i, file)
        }
      })

      it('changes nothing the second time', async () => {
        await init([])
        assert.deepEqual([json('nx.json'), json('package.json')], afterFirst)
      })

      it('leaves a workspace that restores from the bucket', async () => {
        const environment = server.environment
        // Nx remembers files by the second, and nx.json has changed twice since.
        workspace.wipe()
        const first = await workspace.nx(build, { environment })
        assert.equal(first.code, 0, first.text)
        assertSilent(first)
        workspace.wipe()
        assertRestored(await workspace.nx(build, { environment }), ['lib:build', 'ui:build'])
      })

      it('and goes on restoring when Nx no longer looks for the name', async () => {
        const environment = { ...server.environment, NX_S3_CACHE_ROUTE: 'server' }
        workspace.wipe()
        const before = entries(server)
        const first = await workspace.nx(build, { environment })
        assert.equal(first.code, 0, first.text)
        assertSilent(first)
        assert.deepEqual(entries(server), { direct: before.direct, served: before.served + 2 })
        workspace.wipe()
        assertRestored(await workspace.nx(build, { environment }), ['lib:build', 'ui:build'])
      })

      it('is upgraded under its alias', { skip: name !== 'npm' }, async () => {
        await publishAs('0.1.1', registry)
        const words = ['install', '--save-dev', '@nx/s3-cache@npm:nx-s3-cache@latest']
        await mustRun('npm', words, {
          cwd: workspace.root,
          env: workspace.variables({ npm_config_prefer_online: 'true' }),
        })
        assert.equal(json('package.json').devDependencies['@nx/s3-cache'], 'npm:nx-s3-cache@^0.1.1')
        assert.equal(json('node_modules/@nx/s3-cache/package.json').version, '0.1.1')
      })

      it('is kept in step with its own name by nx migrate', { skip: name !== 'npm' }, async () => {
        const npm = words =>
          mustRun('npm', words, { cwd: workspace.root, env: workspace.variables({ npm_config_prefer_online: 'true' }) })
        const nx = async words => {
          // The workspace is in the shared directory for temporary files, where Nx installs nothing unless told so, and
          // not every registry has attestations of Nx.
          const environment = { NX_ALLOW_INSECURE_DIRECTORIES: 'true', NX_SKIP_PROVENANCE_CHECK: 'true' }
          const run = await workspace.nx(words, { environment })
          assert.equal(run.code, 0, run.text)
        }
        await npm(['install', '--save-dev', '--save-exact', 'nx-s3-cache@0.1.1'])
        await publishAs('0.2.0', registry)
        await nx(['migrate', 'nx-s3-cache@latest'])
        await npm(['install'])
        await nx(['migrate', '--run-migrations'])
        const { nx: _, ...installed } = json('package.json').devDependencies
        assert.deepEqual(installed, { '@nx/s3-cache': 'npm:nx-s3-cache@0.2.0', 'nx-s3-cache': '0.2.0' })
        assert.equal(json('node_modules/@nx/s3-cache/package.json').version, '0.2.0')
      })

      it('stores, and restores on another machine, with its own name alone', { skip: name !== 'npm' }, async () => {
        const cwd = workspace.root
        await mustRun('npm', ['uninstall', '--save-dev', '@nx/s3-cache'], { cwd, env: workspace.variables() })
        writeFileSync(join(cwd, 'nx.json'), JSON.stringify({ ...json('nx.json'), plugins: ['nx-s3-cache'] }))
        const { nx: _, ...installed } = json('package.json').devDependencies
        assert.deepEqual(Object.keys(installed), ['nx-s3-cache'])
        assert.throws(() => createRequire(join(cwd, 'package.json')).resolve('@nx/s3-cache'), {
          code: 'MODULE_NOT_FOUND',
        })

        const environment = { ...server.environment, NX_ISOLATE_PLUGINS: undefined }
        workspace.wipe()
        for (const project of ['lib', 'ui']) workspace.touch(project)
        const before = entries(server)
        const first = await workspace.nx(build, { environment })
        assert.deepEqual([first.code, first.ran], [0, ['lib', 'ui']], first.text)
        assertSilent(first)
        assert.deepEqual(entries(server), { direct: before.direct, served: before.served + 2 })
        workspace.wipe()
        assertRestored(await workspace.nx(build, { environment }), ['lib:build', 'ui:build'])
      })
    })
  }
})

/** The PATH with a package manager's folder before the others. */
function path(directory) {
  return directory ? { PATH: `${directory}${delimiter}${process.env.PATH}` } : {}
}
