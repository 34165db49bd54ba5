// What goes wrong outside the configuration: the build is as green as without a cache, and one warning tells its user.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { assertOneWarning, assertRan, notices } from './support/expect.mjs'
import { everything, projects, serverAndWorkspace } from './support/setting.mjs'
import { startProxy } from './support/tcp-proxy.mjs'

describe('Trouble with the bucket', async () => {
  const { server, workspace } = await serverAndWorkspace()
  const run = environment => {
    workspace.wipe()
    return workspace.nx(everything, { environment })
  }

  it('a bucket that does not exist', async () => {
    const outcome = await run({ NX_S3_CACHE_BUCKET: 'no-such-bucket' })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /no-such-bucket/, /bucket.*does not exist|no such bucket/i, /create the bucket/)
  })

  it('a wrong secret', async () => {
    const outcome = await run({ AWS_SECRET_ACCESS_KEY: 'wrong' })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /SignatureDoesNotMatch/, /credentials|access key/i)
    assert.doesNotMatch(outcome.text, /Allow s3:PutObject/, 'no permission helps against a wrong secret')
  })

  it('no credentials anywhere', async () => {
    const outcome = await run({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /credentials/i, /AWS_ACCESS_KEY_ID/)
  })

  it('a port that refuses', async () => {
    const outcome = await run({ NX_S3_CACHE_ENDPOINT: 'http://127.0.0.1:9' })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /unreachable|refused/i, /network/)
    assert.ok(outcome.seconds < 30, `${outcome.seconds} s`)
  })

  it('a host name that does not exist', async () => {
    const outcome = await run({ NX_S3_CACHE_ENDPOINT: 'http://s3.invalid' })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /s3\.invalid/, /network/)
  })

  it('a server that accepts and never answers costs a bounded time', async () => {
    const proxy = await startProxy(server.endpoint)
    proxy.stallAfter(0)
    const outcome = await run({ NX_S3_CACHE_ENDPOINT: proxy.endpoint, NX_S3_CACHE_TIMEOUTS_READ: '500ms' })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /no answer|timed? ?out/i, /network/)
    assert.ok(outcome.seconds < 30, `${outcome.seconds} s`)
  })

  it('a bucket in another region', async () => {
    const elsewhere = createServer((_, response) => {
      const body =
        '<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message><Region>eu-west-1</Region></Error>'
      response.writeHead(400, { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-west-1' }).end(body)
    })
    await new Promise(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
    after(() => elsewhere.close())
    const outcome = await run({ NX_S3_CACHE_ENDPOINT: `http://127.0.0.1:${elsewhere.address().port}` })
    assertRan(outcome, projects)
    assertOneWarning(outcome, /eu-west-1/, /region/)
  })

  it("the platform's binary is missing", async () => {
    rmSync(join(workspace.root, 'node_modules', `nx-s3-cache-linux-${process.arch}-gnu`), { recursive: true })
    const outcome = await run()
    assertRan(outcome, projects)
    assertOneWarning(outcome, /native module/, /not installed/, /optional dependencies/)
    assert.equal(notices(outcome).length, 1)
  })
})
