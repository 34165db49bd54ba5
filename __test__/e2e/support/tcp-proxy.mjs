// A network between Nx and the S3 server that can be slow, stop, or be gone.
import { once } from 'node:events'
import net from 'node:net'
import { after } from 'node:test'

/** Stands before `endpoint`; passes everything on until told otherwise. */
export async function startProxy(endpoint) {
  const proxy = new TcpProxy(new URL(endpoint))
  await proxy.listen()
  after(() => proxy.close())
  return proxy
}

class TcpProxy {
  #target
  #server
  #sockets = new Set()
  #waiting
  #allowed = Number.POSITIVE_INFINITY

  constructor(target) {
    this.#target = target
    this.#server = net.createServer(socket => this.#connect(socket))
  }

  async listen() {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    this.endpoint = `http://127.0.0.1:${this.#server.address().port}`
  }

  /**
   * From now on lets only so many more bytes through, both ways together, and holds the rest back.
   * Resolves when the first byte is held back.
   */
  stallAfter(bytes) {
    this.#allowed = bytes
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  /** Drops all connections and lets new ones through. */
  recover() {
    this.#allowed = Number.POSITIVE_INFINITY
    for (const socket of this.#sockets) socket.destroy()
  }

  close() {
    this.recover()
    this.#server.close()
  }

  #connect(client) {
    const server = net.connect({ host: this.#target.hostname, port: Number(this.#target.port) })
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(from)
      from.on('data', bytes => this.#pass(bytes, from, to))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }

  #pass(bytes, from, to) {
    this.#allowed -= bytes.length
    if (this.#allowed >= 0) {
      to.write(bytes)
      return
    }
    from.pause()
    this.#waiting?.()
  }
}
