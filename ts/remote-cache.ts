import type { NativeCache, RetrievedArtifact } from '../index'
import { FatalError, isFatal } from './errors'
import { see } from './links'
import type { Notices } from './notices'

export type { RetrievedArtifact }

/** The object Nx calls for every cacheable task that its local cache doesn't know. */
export class RemoteCache {
  readonly #native: NativeCache
  readonly #notices: Notices

  constructor(native: NativeCache, notices: Notices) {
    this.#native = native
    this.#notices = notices
  }

  /**
   * Puts the outputs of task `hash` into `<cacheDirectory>/<hash>/` and answers the rest; `null` is a miss.
   * A rejection ends the whole run, so only what the native side calls fatal gets through.
   */
  async retrieve(hash: string, cacheDirectory: string): Promise<RetrievedArtifact | null> {
    try {
      return await this.#native.retrieve(hash, cacheDirectory)
    } catch (error) {
      if (isFatal(error)) {
        this.#notices.error(error.message)
        throw new FatalError(error)
      }
      this.#warnOnce('reading', error)
      return null
    } finally {
      this.#report()
    }
  }

  /**
   * Queues `<cacheDirectory>/<hash>/` for upload; true when it was queued or stored.
   * Never rejects: Nx would repeat its whole local copy six times and then fail the run.
   */
  async store(hash: string, cacheDirectory: string, terminalOutput: string, code: number): Promise<boolean> {
    try {
      return await this.#native.store(hash, cacheDirectory, terminalOutput, code)
    } catch (error) {
      this.#warnOnce('writing', error)
      return false
    } finally {
      this.#report()
    }
  }

  #warnOnce(activity: string, error: unknown): void {
    this.#notices.warn({
      title: `The S3 remote cache had a problem while ${activity}`,
      body: [
        error instanceof Error ? error.message : String(error),
        'The tasks concerned run and are cached locally as usual.',
        see('call-failed'),
      ],
    })
  }

  #report(): void {
    this.#notices.report(this.#native)
  }
}
