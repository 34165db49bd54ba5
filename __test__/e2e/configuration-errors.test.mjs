// Mistakes in the configuration: they stop the run before any task, and the message is all that a new user needs.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { assertOneWarning, assertRan } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace } from './support/setting.mjs'

describe('A mistake in the configuration', async () => {
  const { server, workspace } = await serverAndWorkspace()

  const mistakes = [
    {
      what: 'a typo in a key',
      section: { buckett: 'nx-cache', bucket: undefined },
      says: [/buckett/, /did you mean .?bucket\b/i],
    },
    {
      what: 'a mode that does not exist',
      section: { localMode: 'readonly' },
      says: [/localMode/, /readonly/, /read-only/],
    },
    {
      what: 'an endpoint without a scheme',
      section: { endpoint: server.endpoint.replace('http://', '') },
      says: [/endpoint/, /http:\/\//],
    },
    { what: 'a value of the wrong type', section: { forcePathStyle: 'yes please' }, says: [/forcePathStyle/, /true/] },
    { what: 'no bucket', section: { bucket: undefined }, says: [/bucket/] },
    {
      what: 'several mistakes at once',
      section: { regoin: 'eu-central-1', ciMode: 'none' },
      says: [/regoin/, /region/, /ciMode/, /none/],
    },
  ]

  for (const { what, section, says } of mistakes) {
    it(`${what} stops the run before any task, and says what to do`, async () => {
      workspace.configure({ ...server.section(), ...section })
      const run = await workspace.nx(everything)
      assert.notEqual(run.code, 0, run.text)
      assert.deepEqual(run.ran, [], run.text)
      for (const pattern of says) assert.match(run.text, pattern)
      assert.doesNotMatch(run.text, /\n\s+at .*\.js:\d+/, 'no stack trace')
    })
  }

  it('a bad value in a variable names the variable', async () => {
    workspace.configure(server.section())
    const run = await workspace.nx(everything, { environment: { NX_S3_CACHE_CONCURRENCY: 'many' } })
    assert.notEqual(run.code, 0, run.text)
    assert.deepEqual(run.ran, [])
    assert.match(run.text, /NX_S3_CACHE_CONCURRENCY/)
    assert.match(run.text, /many/)
  })

  it('a name that is no option is one warning, and a run with the cache', async () => {
    workspace.configure({ ...server.section(), touchAftre: '7d' })
    const run = await workspace.nx(everything, { environment: { NX_S3_CACHE_OF_TOMORROW: '1' } })
    assertOneWarning(run, /options that it does not know/, /touchAftre.*touchAfter/, /NX_S3_CACHE_OF_TOMORROW/)
    assertRan(run, projects)
  })

  it('a name that may be meant to protect the cache stops the run', async () => {
    workspace.configure({ ...server.section(), encriptionKey: 'correct horse battery' })
    const run = await workspace.nx(everything)
    assert.notEqual(run.code, 0, run.text)
    assert.deepEqual(run.ran, [])
    assert.match(run.text, /encriptionKey.*encryptionKey/)
  })

  it('no s3 section at all is one warning, and a green build', async () => {
    workspace.configure(undefined)
    const run = await workspace.nx(everything)
    assertOneWarning(run, /not configured/, /"s3"/, /@nx\/s3-cache:init/)
    assertRan(run, projects)
  })

  it('an nx.json that is no JSON is what Nx itself complains about', async () => {
    writeFileSync(join(workspace.root, 'nx.json'), '{ "s3": { "bucket": "x", }')
    const run = await workspace.nx(everything)
    assert.notEqual(run.code, 0, run.text)
    assert.deepEqual(run.ran, [])
    assert.match(run.text, /nx\.json/)
  })
})
