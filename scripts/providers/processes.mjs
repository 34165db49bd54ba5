// The processes of a server: started together, awaited, and ended together.
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { killGroup, start } from '../support/command.mjs'

/** Ports that are free now. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = []
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    ports.push(server.address().port)
  }
  for (const server of servers) await once(server.close(), 'close')
  return ports
}

export class Processes {
  #children = []
  #logs

  /** `directory` is made; each process has its log there. */
  constructor(directory) {
    this.#logs = directory
    mkdirSync(directory, { recursive: true })
  }

  /** Starts a program that stays. */
  start(command, args, options = {}) {
    const log = join(this.#logs, `process-${this.#children.length}.log`)
    const child = start(command, args, options)
    const file = createWriteStream(log)
    child.stdout.pipe(file)
    child.stderr.pipe(file)
    child.once('error', error => file.write(`${error.message}\n`))
    const ended = Promise.race([once(child, 'close'), once(child, 'error')]).catch(() => {})
    this.#children.push({ child, ended, log, command })
    return this
  }

  /** Waits until somebody listens on each port. */
  async listening(...ports) {
    for (const port of ports) await this.until(() => isOpen(port), `port ${port} stays closed`)
    return this
  }

  /** Waits until `done()` is true; when it never is, or a process ends, says `trouble` and the processes' last words. */
  async until(done, trouble) {
    for (let tries = 0; tries < 600; tries++) {
      if (await done()) return
      const dead = this.#children.find(({ child }) => child.exitCode !== null)
      if (dead) throw new Error(`${dead.command} ended with ${dead.child.exitCode}:\n${this.#lastWords()}`)
      await sleep(100)
    }
    throw new Error(`${trouble}:\n${this.#lastWords()}`)
  }

  async stop() {
    for (const { child } of this.#children) killGroup(child, 'SIGTERM')
    const ended = Promise.all(this.#children.map(({ ended }) => ended))
    await Promise.race([ended, sleep(5000, undefined, { ref: false })])
    for (const { child } of this.#children) killGroup(child)
    await ended
  }

  #lastWords() {
    return this.#children.map(({ log }) => readFileSync(log, 'utf8').slice(-1500)).join('\n')
  }
}

function isOpen(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true) || socket.destroy())
    socket.once('error', () => resolve(false))
  })
}
