import type { NativeCache, Warning } from '../index'
import { isVerbose, nxOutput } from './nx'
import { isCi } from './options'
import { afterOthers, beforeExit } from './process-end'
import { closeStderr, writeNow } from './stderr'

/** Where notices go; the tests listen here. */
export interface Outlets {
  /** Nx's own way to warn, while tasks run. */
  warn: (warning: Warning) => void
  /** Straight to stderr and complete on return, since nothing asynchronous survives the 'exit' event. */
  write: (text: string) => void
  /** Keeps anything further off the terminal. */
  close: () => void
  /** Whether Nx draws over what others print just now. */
  screenIsTaken: () => false | 'by the terminal UI' | 'by a live list'
}

/**
 * How the user hears from the cache: at once, or after the run when Nx draws on the terminal itself.
 *
 * The terminal UI of Nx 21 and later drops whatever is printed while it is up, and the older live list of tasks moves
 * the cursor over it, so in both cases notices wait for the 'exit' event, when the terminal is the shell's again.
 */
export class Notices {
  readonly #outlets: Outlets
  readonly #shown = new Set<string>()
  readonly #held: string[] = []
  #runIsOver = false
  #drawnOver = false
  #warned = false

  constructor(outlets: Outlets = processOutlets) {
    this.#outlets = outlets
  }

  /** Whether any warning was given in this run. */
  get warned(): boolean {
    return this.#warned
  }

  /** A warning of our own; one with the same title is shown once a run. */
  warn(warning: Warning): void {
    if (this.#shown.has(warning.title)) return
    this.#shown.add(warning.title)
    this.#show(warning)
  }

  /**
   * An error that Nx is about to print and to end the run with. Its terminal UI goes on drawing over that text, so
   * the text, and whatever else there is to say, appears on a clean screen as the last thing the process does.
   */
  error(message: string): void {
    if (this.#outlets.screenIsTaken() !== 'by the terminal UI' || this.#shown.has(message)) return
    this.#shown.add(message)
    this.#drawnOver = true
    afterOthers(() => {
      const [title = '', ...body] = message.split('\n')
      this.#outlets.write(`${CLEAN_SCREEN}${this.#takeHeld()}${asNx(RED, title, body)}`)
      this.#outlets.close()
    })
  }

  /** Shows what the native side has to say since the last call. It decides itself what is worth repeating. */
  report(native: NativeCache): void {
    for (const line of native.takeLog()) this.line(line)
    for (const event of native.takeEvents()) this.event(event)
    for (const warning of native.takeWarnings()) this.#show(warning)
  }

  /** Something that happened, for verbose runs only. */
  event(text: string): void {
    if (isVerbose()) this.line(text)
  }

  /** One line, in any run. */
  line(text: string): void {
    this.#print(`nx-s3-cache: ${text}\n`)
  }

  /** From now on the terminal is free for good: shows what was held, and whatever follows at once. */
  runIsOver(): void {
    this.#runIsOver = true
    if (this.#drawnOver) return
    const held = this.#takeHeld()
    if (held) this.#outlets.write(held)
  }

  #takeHeld(): string {
    return this.#held.splice(0).join('')
  }

  #show(warning: Warning): void {
    this.#warned = true
    try {
      if (this.#runIsOver || this.#outlets.screenIsTaken()) this.#print(asNx(YELLOW, warning.title, warning.body))
      else this.#outlets.warn(warning)
    } catch {
      // A warning must reach the user, and must not fail the build, even where Nx's modules can't be found.
      this.#outlets.write(asNx(YELLOW, warning.title, warning.body))
    }
  }

  #print(text: string): void {
    if (this.#drawnOver || (!this.#runIsOver && this.#outlets.screenIsTaken())) this.#hold(text)
    else this.#outlets.write(text)
  }

  #hold(text: string): void {
    if (this.#held.length === 0) beforeExit(() => this.runIsOver())
    this.#held.push(text)
  }
}

const processOutlets: Outlets = {
  warn: ({ title, body }) => nxOutput().warn({ title, bodyLines: body }),
  write: writeNow,
  close: closeStderr,
  screenIsTaken: () => (process.env['NX_TUI'] === 'true' ? 'by the terminal UI' : isLiveList() && 'by a live list'),
}

/** The conditions under which Nx repaints a live list of tasks where there is no terminal UI. */
function isLiveList(): boolean {
  return (
    process.stdout.isTTY === true &&
    !isVerbose() &&
    process.env['NX_TASKS_RUNNER_DYNAMIC_OUTPUT'] !== 'false' &&
    process.env['NX_STREAM_OUTPUT'] !== 'true' &&
    !isCi()
  )
}

/** Ends what the terminal UI may have left half-drawn: erases the screen, goes to its top and shows the cursor. */
const CLEAN_SCREEN = '\x1b[0m\x1b[2J\x1b[H\x1b[?25h'

const RED = 31
const YELLOW = 33

/** The look of Nx's own messages, for the moments when its printer can't be used. */
function asNx(color: number, title: string, body: string[]): string {
  const colored = process.stderr.isTTY && !process.env['NO_COLOR']
  const badge = colored ? `\x1b[7m\x1b[1m\x1b[${color}m NX \x1b[39m\x1b[22m\x1b[27m` : ' NX '
  const heading = colored ? `\x1b[${color}m${title}\x1b[39m` : title
  return `\n${badge}  ${heading}\n\n${body.map(line => `${line}\n`).join('')}\n`
}
