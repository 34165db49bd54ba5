// A long way to a server, by which packets get lost. A proxy of TCP streams can't drop packets, so this does what TCP
// makes of it: data that comes later, windows that shrink, and streams that stand still until a timeout is over.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const segment = 1448
/** Milliseconds; RFC 6298 starts with a second, Linux goes down to 200 ms above the round trip. */
const leastTimeout = 200
const firstTimeout = 1000
/** What waits on either side, in bytes, before the sender is held up. */
const buffer = 1 << 18

/** Starts the proxy before `127.0.0.1:port`; times in milliseconds, `loss` from 0 to 1. `counts` says what it has done. */
export async function startLossyLink(port, chance, { roundTrip, loss }) {
  const link = new LossyLink(port, chance, roundTrip, loss)
  await link.listen()
  return link
}

class LossyLink {
  counts = { connections: 0, segments: 0, lost: 0 }
  #streams = new Set()
  #server = createServer({ allowHalfOpen: true }, socket => this.#carry(socket))

  constructor(port, chance, roundTrip, loss) {
    Object.assign(this, { port, chance, roundTrip, loss })
  }

  async listen() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.endpoint = `http://127.0.0.1:${this.#server.address().port}`
  }

  close() {
    this.#server.close()
    for (const stream of this.#streams) stream.destroy()
  }

  async #carry(client) {
    this.counts.connections++
    const server = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true })
    const ends = [client, server]
    for (const stream of ends) {
      this.#streams.add(stream)
      stream.setNoDelay(true)
      // Either end may go away at any time, and takes the other with it.
      stream.on('error', () => {})
      stream.once('close', () => {
        this.#streams.delete(stream)
        for (const end of ends) end.destroy()
      })
    }
    client.pause()
    await sleep(this.roundTrip) // the handshake
    await this.#retransmit(firstTimeout)
    new Direction(this, client, server).run()
    new Direction(this, server, client).run()
  }

  /** How many of `segments` are lost. */
  lose(segments) {
    let lost = 0
    for (let n = 0; n < segments; n++) if (this.chance.happens(this.loss)) lost++
    this.counts.segments += segments
    this.counts.lost += lost
    return lost
  }

  /** Waits as long as it takes until a single segment gets through. */
  async #retransmit(timeout) {
    for (let wait = timeout; this.lose(1) > 0; wait *= 2) await sleep(wait)
  }

  /** The same after a segment was lost. With few behind it, nobody notices before the timeout. */
  async recover(segments) {
    const timeout = leastTimeout + this.roundTrip
    await sleep(segments < 4 ? timeout : this.roundTrip)
    await this.#retransmit(timeout)
  }
}

/** One direction of a connection. */
class Direction {
  #link
  #from
  #to
  #parts = []
  #bytes = 0
  #ended = false
  #arrived = () => {}
  /** The congestion window in segments, and up to where it doubles rather than grows by one. */
  #window = 10
  #threshold = Infinity

  constructor(link, from, to) {
    this.#link = link
    this.#from = from
    this.#to = to
  }

  async run() {
    this.#listen()
    for (let part = await this.#take(); part; part = await this.#take()) {
      const segments = Math.ceil(part.length / segment)
      const lost = this.#link.lose(segments)
      const isFull = segments >= this.#window
      if (lost > 0) {
        this.#threshold = this.#window = Math.max(2, Math.floor(this.#window / 2))
        await this.#link.recover(segments)
      } else if (isFull) {
        this.#window = this.#window < this.#threshold ? this.#window * 2 : this.#window + 1
      }
      this.#after(() => this.#to.write(part))
      if (isFull) await sleep(this.#link.roundTrip) // until the window is acknowledged
    }
    this.#after(() => this.#to.end())
  }

  /** Does `action` when it has travelled; all that follows takes the same time, and so comes later. */
  #after(action) {
    setTimeout(() => this.#to.destroyed || action(), this.#link.roundTrip / 2)
  }

  #listen() {
    this.#from.on('data', data => {
      this.#parts.push(data)
      this.#bytes += data.length
      if (this.#bytes > buffer) this.#from.pause()
      this.#arrived()
    })
    for (const event of ['end', 'close']) {
      this.#from.once(event, () => {
        this.#ended = true
        this.#arrived()
      })
    }
    this.#from.resume()
  }

  /** Waits for data and takes as much as the window allows; nothing at the end. */
  async #take() {
    while (this.#bytes === 0 && !this.#ended) await new Promise(resolve => (this.#arrived = resolve))
    if (this.#bytes === 0) return undefined
    const taken = []
    let wanted = Math.min(this.#bytes, this.#window * segment)
    this.#bytes -= wanted
    while (wanted > 0) {
      const part = this.#parts[0]
      taken.push(part.subarray(0, wanted))
      if (part.length > wanted) this.#parts[0] = part.subarray(wanted)
      else this.#parts.shift()
      wanted -= taken.at(-1).length
    }
    if (this.#bytes <= buffer) this.#from.resume()
    return Buffer.concat(taken)
  }
}
