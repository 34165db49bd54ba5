// A process that may open few files: the cache takes only some of them, or Nx itself would fail.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../../scripts/support/command.mjs'
import { startS3Server } from '../../scripts/support/s3-server.mjs'

const program = join(dirname(fileURLToPath(import.meta.url)), 'support', 'without-nx.mjs')
const hashes = first => Array.from({ length: 200 }, (_, number) => String(first + number))
/** Node itself opens about twenty. */
const few = 64
const skip = process.platform === 'win32' && 'Windows has no such limit'

describe(`A process that may open ${few} files, with 200 tasks at once`, { skip }, async () => {
  if (skip) return
  const server = await startS3Server()
  after(() => server.stop())

  /** A machine with an empty cache directory that retrieves or stores all tasks at once. */
  async function machine(work, files = 1024) {
    const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-few-files-'))
    writeFileSync(join(directory, 'nx.json'), JSON.stringify({ s3: server.section() }))
    const order = JSON.stringify({ ...work, end: 'process.exit(3)' })
    const outcome = await run('sh', ['-c', `ulimit -n ${files} && exec "$0" "$@"`, process.execPath, program, order], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: directory, NX_DAEMON: 'false', ...server.environment },
    })
    rmSync(directory, { recursive: true, force: true })
    assert.equal(outcome.code, 3, outcome.output)
    return { ...outcome, ...JSON.parse(outcome.stdout.split('\n').find(line => line.startsWith('{'))) }
  }

  const entries = () => server.objects().filter(({ key }) => key.includes('/e/')).length

  it('everything is restored and stored, and Node has files left to open', async () => {
    const [known, others] = [hashes(1000), hashes(2000)]
    await machine({ store: known })
    const limited = await machine({ retrieve: known, store: others }, few)
    assert.equal(limited.hit, known.length, limited.output)
    assert.equal(entries(), known.length + others.length, limited.output)
    assert.doesNotMatch(limited.stderr, /NX|unfinished/)
  })
})
