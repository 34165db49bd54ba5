// The repository's own development S3 server, on a free port.
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { killGroup, start } from './command.mjs'
import { builtDirectory } from './paths.mjs'

export async function startS3Server({ buckets = ['nx-cache'] } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-server-'))
  const storage = join(directory, 'storage')
  const log = join(directory, 'requests.log')
  const args = ['--dir', storage, '--log', log, '--exit-with-stdin', ...buckets.flatMap(name => ['--bucket', name])]
  const child = start(join(builtDirectory(), 'examples', 'dev_s3_server'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const first = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended])
  if (typeof first[0] !== 'string') throw new Error('the development S3 server did not start')
  return new S3Server(child, ended, directory, { storage, log, ...JSON.parse(first[0]) })
}

class S3Server {
  #child
  #ended
  #directory

  constructor(child, ended, directory, announced) {
    this.#child = child
    this.#ended = ended
    this.#directory = directory
    Object.assign(this, announced)
  }

  /** The `s3` section of nx.json for a bucket of this server, without secrets. */
  section(more = {}) {
    return { bucket: this.buckets[0], endpoint: this.endpoint, region: 'us-east-1', forcePathStyle: true, ...more }
  }

  /** Where credentials go. */
  get environment() {
    return { AWS_ACCESS_KEY_ID: this.accessKeyId, AWS_SECRET_ACCESS_KEY: this.secretAccessKey }
  }

  /** What is in a bucket: `{ key, size }` in the order of the keys. */
  objects(bucket = this.buckets[0]) {
    const root = join(this.storage, bucket)
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    return files
      .map(entry => join(entry.parentPath ?? entry.path, entry.name))
      .map(path => ({ key: relative(root, path), size: statSync(path).size }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** The requests so far, one line each. */
  requests() {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').split('\n').filter(Boolean) : []
  }

  async stop() {
    this.#child.stdin.end()
    const timer = setTimeout(() => killGroup(this.#child), 5000)
    await this.#ended
    clearTimeout(timer)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
