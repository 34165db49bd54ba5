// What Nx relies on, without Nx: on each platform that there is a binary for. $CONTRACT_SERVER is the `s3` section of a
// server elsewhere, for machines that can't start the development server.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { snapshot } from '../../scripts/support/snapshot.mjs'
import { Workspace } from './workspace.mjs'

const windows = process.platform === 'win32'
const large = randomBytes(20 << 20)
/** Longer than Windows' old limit of 260 characters. */
const long = Array.from({ length: 12 }, (_, index) => `a directory with quite a long name ${index}`).join('/')
const keys = { a: 'a'.repeat(64), b: 'b'.repeat(64) }
let hashes = 0
let server
let workspace

before(async () => {
  server = await serverInUse()
  workspace = new Workspace({ ...server.section, cacheKeyPrefix: `contract-${process.pid}` }, server.environment)
})

after(async () => {
  workspace.dispose()
  await server.stop()
})

async function serverInUse() {
  const elsewhere = process.env.CONTRACT_SERVER
  if (elsewhere) return { section: JSON.parse(elsewhere), environment: {}, stop: () => {} }
  const { startS3Server } = await import('../../scripts/support/s3-server.mjs')
  const started = await startS3Server()
  return { section: started.section(), environment: started.environment, stop: () => started.stop() }
}

/** A task hash that nothing else uses. */
function newHash() {
  hashes++
  return `${process.pid}${Date.now()}${hashes}`
}

/** Stores `files` in one process and forgets them. */
async function stored(files, more = {}, options = {}) {
  const hash = newHash()
  workspace.write(hash, files)
  const before = snapshot(workspace.outputs(hash))
  const { answers, code, warnings } = await workspace.run([{ call: 'store', hash, ...more }], options)
  assert.deepEqual([code, answers], [0, [true]], warnings)
  workspace.forget(hash)
  return { hash, before }
}

/** Restores in another process what was stored. */
async function restored({ hash, before }) {
  const { answers, warnings } = await workspace.run([{ call: 'retrieve', hash }])
  assert.ok(answers[0], `a hit\n${warnings}`)
  assert.deepEqual(snapshot(workspace.outputs(hash)), before)
  return answers[0]
}

describe('outputs', () => {
  const trees = {
    'an empty file': { empty: '' },
    'a few files': { 'index.js': 'one\r\ntwo\n', 'nested/deep/leaf.txt': 'leaf', '.hidden': 'hidden' },
    'names with spaces and other alphabets': { 'größe 漢字 🎉.txt': 'unicode', 'with space/ok.txt': 'x' },
    'paths beyond 260 characters': { [`${long}/file.txt`]: 'far down' },
    'a thousand files': Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n % 10}/${n}.txt`, `file ${n}`])),
    '20 MiB in chunks': { 'film.bin': large, 'small.txt': 'small' },
  }
  for (const [name, files] of Object.entries(trees)) {
    it(`are restored as they were: ${name}`, async () => {
      await restored(await stored(files))
    })
  }

  it('are restored as they were: empty directories', async () => {
    const hash = newHash()
    mkdirSync(join(workspace.outputs(hash), 'empty/nested'), { recursive: true })
    const entry = { hash, before: snapshot(workspace.outputs(hash)) }
    await workspace.run([{ call: 'store', hash }])
    workspace.forget(hash)
    await restored(entry)
  })

  it('are restored as they were: links to files and directories inside', async t => {
    const hash = newHash()
    workspace.write(hash, { 'real/file.txt': 'content' })
    const root = workspace.outputs(hash)
    try {
      symlinkSync('real', join(root, 'a-link-to-a-directory'), 'dir')
      symlinkSync(join('real', 'file.txt'), join(root, 'link-to-file'), 'file')
      readdirSync(join(root, 'a-link-to-a-directory'))
    } catch (error) {
      return t.skip(`this machine makes no links: ${error.code}`)
    }
    const entry = { hash, before: snapshot(root) }
    await workspace.run([{ call: 'store', hash }])
    workspace.forget(hash)
    await restored(entry)
    assert.equal(readFileSync(join(root, 'a-link-to-a-directory/file.txt'), 'utf8'), 'content')
  })

  it('keep their permissions', { skip: windows && 'Windows has none' }, async () => {
    const hash = newHash()
    workspace.write(hash, { tool: '#!/bin/sh\n', secret: 'x' })
    chmodSync(join(workspace.outputs(hash), 'tool'), 0o755)
    chmodSync(join(workspace.outputs(hash), 'secret'), 0o600)
    const entry = { hash, before: snapshot(workspace.outputs(hash)) }
    await workspace.run([{ call: 'store', hash }])
    workspace.forget(hash)
    await restored(entry)
  })
})

describe('answers', () => {
  it('a task that nobody stored is null', async () => {
    const { answers } = await workspace.run([{ call: 'retrieve', hash: newHash() }])
    assert.deepEqual(answers, [null])
  })

  it('the exit code and the terminal output come back, in all alphabets and with their line ends', async () => {
    const output = 'größe 漢字 🎉 \u001b[32mgreen\u001b[0m\r\nlast'
    const entry = await stored({ f: 'x' }, { output, code: 7 })
    const { code, terminalOutput } = await restored(entry)
    assert.deepEqual([code, terminalOutput], [7, output])
  })

  it('the path of the outputs is in the cache directory, with the separators of the platform', async () => {
    const entry = await stored({ f: 'x' })
    const { outputsPath } = await restored(entry)
    assert.equal(outputsPath, workspace.outputs(entry.hash))
  })

  it('fifty tasks at once are all answered', async () => {
    const all = Array.from({ length: 50 }, () => newHash())
    for (const hash of all) workspace.write(hash, { out: `output of ${hash}` })
    await workspace.run([all.map(hash => ({ call: 'store', hash }))])
    for (const hash of all) workspace.forget(hash)
    const { answers, warnings } = await workspace.run([all.map(hash => ({ call: 'retrieve', hash }))])
    assert.equal(answers[0].filter(Boolean).length, 50, warnings)
    for (const hash of all)
      assert.equal(readFileSync(join(workspace.outputs(hash), 'out'), 'utf8'), `output of ${hash}`)
  })
})

describe('on the disk', () => {
  it('an incomplete directory of a killed process is replaced', async () => {
    const entry = await stored({ 'a.txt': 'a', 'b.txt': 'b' })
    workspace.write(entry.hash, { 'a.txt': 'half' })
    await restored(entry)
  })

  it('two processes restore the same task', async () => {
    const entry = await stored({ 'film.bin': large.subarray(0, 6 << 20), 'b.txt': 'b' })
    const both = await Promise.all([1, 2].map(() => workspace.run([{ call: 'retrieve', hash: entry.hash }])))
    for (const { answers, warnings } of both) assert.ok(answers[0], warnings)
    assert.deepEqual(snapshot(workspace.outputs(entry.hash)), entry.before)
  })

  it('what is there already may be open in another program', async () => {
    const entry = await stored({ 'a.txt': 'a' })
    await restored(entry)
    const open = openSync(join(workspace.outputs(entry.hash), 'a.txt'), 'r')
    try {
      await restored(entry)
    } finally {
      closeSync(open)
    }
  })

  it('nothing else is left behind', () => {
    const names = readdirSync(workspace.cache).filter(name => !/^\d+$/.test(name))
    assert.deepEqual(names, [])
  })
})

describe('encryption', () => {
  it('round trips, and another key misses with a warning', async () => {
    workspace.configure({ encryptionKey: keys.a })
    const entry = await stored({ secret: 'secret' })
    await restored(entry)
    workspace.forget(entry.hash)
    workspace.configure({ encryptionKey: keys.b })
    const { answers, warnings } = await workspace.run([{ call: 'retrieve', hash: entry.hash }])
    assert.deepEqual(answers, [null])
    assert.notEqual(warnings, '')
    assert.ok(!existsSync(workspace.outputs(entry.hash)))
    workspace.configure({})
  })
})

describe('a process', () => {
  it('finishes its uploads in process.exit, and keeps its exit code', async () => {
    const hash = newHash()
    workspace.write(hash, { 'film.bin': large })
    const { code } = await workspace.run([{ call: 'store', hash }], { exitCode: 3 })
    assert.equal(code, 3)
    workspace.forget(hash)
    const { answers } = await workspace.run([{ call: 'retrieve', hash }])
    assert.ok(answers[0])
  })

  it('goes on without a cache, and says so, when nobody listens at the endpoint', async () => {
    workspace.configure({ endpoint: 'http://127.0.0.1:9' })
    const hash = newHash()
    workspace.write(hash, { f: 'x' })
    const steps = [
      { call: 'retrieve', hash: newHash() },
      { call: 'store', hash },
    ]
    const { code, answers, warnings } = await workspace.run(steps)
    assert.equal(code, 0)
    assert.equal(answers[0], null)
    assert.match(warnings, /127\.0\.0\.1/)
    workspace.configure({})
  })

  it('stops at a wrong option, and quotes it', async () => {
    workspace.configure({ concurrency: 'many' })
    const { first } = await workspace.run([])
    assert.match(JSON.stringify(first), /concurrency.*many/)
    workspace.configure({})
  })

  it('reads an nx.json with the line ends of Windows', async () => {
    workspace.configure({}, text => text.replaceAll('\n', '\r\n'))
    await restored(await stored({ f: 'x' }))
    workspace.configure({})
  })
})

describe('the command line', () => {
  it('says its version, and exits with 0', async () => {
    assert.equal((await workspace.cli(['--version'])).code, 0)
  })

  it('lists the bucket', async () => {
    const { code, output } = await workspace.cli(['ls'])
    assert.equal(code, 0, output)
  })

  it('exits with an error for an unknown command', async () => {
    assert.notEqual((await workspace.cli(['fly'])).code, 0)
  })
})
