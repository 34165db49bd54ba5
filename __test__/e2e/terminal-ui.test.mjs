// Nx's terminal UI: the cache works under it, and what it has to say is still on the screen afterwards.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripAnsi } from '../../scripts/support/command.mjs'
import { assertRan, assertRestored } from './support/expect.mjs'
import { projects, serverAndWorkspace, tasks } from './support/setting.mjs'
import { inTerminal, noTerminal } from './support/terminal.mjs'

const words = ['run-many', '--targets=build,lint']

/** The UI draws on the terminal's second screen; what follows its end is what a person is left with. */
const leaveSecondScreen = '\u001b[?1049l'

describe('The terminal UI', { skip: noTerminal }, async () => {
  if (noTerminal) return
  const { workspace } = await serverAndWorkspace()
  const run = environment =>
    workspace.nx(words, {
      through: inTerminal,
      environment: { NX_TUI: 'true', NX_TUI_AUTO_EXIT: 'true', TERM: 'xterm-256color', ...environment },
    })

  it('stores and restores', async () => {
    const first = await run()
    assertRan(first, projects)
    assert.ok(first.output.includes(leaveSecondScreen), 'the terminal UI was on')
    workspace.wipe()
    assertRestored(await run(), tasks)
  })

  it('leaves a warning on the screen, once', async () => {
    workspace.wipe()
    const outcome = await run({ NX_S3_CACHE_ENDPOINT: 'http://127.0.0.1:9' })
    assertRan(outcome, projects)
    const [during, left] = outcome.output.split(leaveSecondScreen)
    assert.doesNotMatch(during, /Remote caching in S3 is off/)
    assert.equal(stripAnsi(left).match(/Remote caching in S3 is off/g)?.length, 1, left)
  })

  it('leaves a configuration error on the screen', async () => {
    workspace.wipe()
    const outcome = await run({ NX_S3_CACHE_LOCAL_MODE: 'readonly' })
    assert.notEqual(outcome.code, 0)
    assert.deepEqual(outcome.ran, [])
    assert.match(stripAnsi(outcome.output.split(leaveSecondScreen).at(-1)), /readonly/)
  })
})
