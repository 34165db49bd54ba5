// Tasks by their names: Nx asks for hashes, and people think of `lib:build`.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { stripVTControlCharacters as stripAnsi } from 'node:util'
import { run } from '../../scripts/support/command.mjs'
import { assertRan } from './support/expect.mjs'
import { serverAndWorkspace, versions } from './support/setting.mjs'
import { answering, inTerminal, noTerminal } from './support/terminal.mjs'

const build = ['run', 'lib:build', '--outputStyle=static']

for (const nx of versions) {
  describe(`Task names with Nx ${nx}`, async () => {
    const { workspace } = await serverAndWorkspace({ nx })
    const cli = async (words, { through = [], environment = {}, ...options } = {}) => {
      const program = join(workspace.root, 'node_modules/@nx/s3-cache/dist/cli.js')
      const [command, ...args] = [...through, process.execPath, program, ...words]
      const ran = await run(command, args, { cwd: workspace.root, env: workspace.variables(environment), ...options })
      return { code: ran.code, text: stripAnsi(ran.output) }
    }

    it('are in verbose lines and in the entries', async () => {
      const stored = await workspace.nx(build, { environment: { NX_VERBOSE_LOGGING: 'true' } })
      assertRan(stored, ['lib', 'ui'])
      assert.match(stored.text, /nx-s3-cache: lib:build \(\d+\): not in the bucket/)
      assert.match(stored.text, /nx-s3-cache: ui:build \(\d+\): stored in \d+ ms/)
      const shown = await cli(['inspect', 'lib:build'])
      assert.equal(shown.code, 0, shown.text)
      assert.match(shown.text, /^ {2}task +lib:build$/m)
    })

    it('tell why a task is restored or not', async () => {
      const there = await cli(['why', 'lib:build'])
      assert.equal(there.code, 0, there.text)
      assert.match(there.text, /✓ in t: a run would restore it/)
      const elsewhere = await cli(['why', 'lib:build', '--prefix', 'elsewhere'])
      assert.equal(elsewhere.code, 1, elsewhere.text)
      assert.match(elsewhere.text, /✗ there is no entry of \d+ in t under elsewhere\/v1\//)
    })

    it('a person is asked before anything is deleted', { skip: noTerminal }, async () => {
      const purge = answer =>
        cli(['purge', '--producer', 'plugin=0.1.0'], {
          ...answering([['Delete 2 entries', answer]]),
          through: inTerminal,
        })
      const kept = await purge('n')
      assert.equal(kept.code, 2, kept.text)
      assert.match(kept.text, /nothing was deleted/)
      assert.equal((await cli(['why', 'lib:build'])).code, 0)
      const deleted = await purge('y')
      assert.equal(deleted.code, 0, deleted.text)
      assert.equal((await cli(['why', 'lib:build'])).code, 1)
    })
  })
}
