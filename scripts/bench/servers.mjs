// The servers that all peers are measured against: S3 and Nx's self-hosted cache, both in memory, in one program.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { killGroup, start } from '../support/command.mjs'

/** Starts them; `program` is the built `bench_server`. */
export async function startServers(program) {
  const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-bench-'))
  const child = start(program, [directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  const servers = new Servers(child, directory)
  Object.assign(servers, await servers.answer())
  return servers
}

class Servers {
  #child
  #directory
  #lines
  #ended

  constructor(child, directory) {
    this.#child = child
    this.#directory = directory
    this.#ended = once(child, 'close')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  async answer() {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the servers of the benchmark ended')
    return JSON.parse(value)
  }

  async #command(line) {
    this.#child.stdin.write(`${line}\n`)
    const answer = await this.answer()
    if (answer.error) throw new Error(answer.error)
    return answer
  }

  /** Requests by method and status, and bytes each way, since the last call. */
  take() {
    return this.#command('take')
  }

  /** Forgets all objects. */
  clear() {
    return this.#command('clear')
  }

  /** Sets the round trip of the far addresses, in milliseconds. */
  far(milliseconds) {
    return this.#command(`far ${milliseconds}`)
  }

  async stop() {
    this.#child.stdin.end()
    const timer = setTimeout(() => killGroup(this.#child), 5000)
    await this.#ended
    clearTimeout(timer)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
